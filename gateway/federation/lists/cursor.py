"""Cursors of merged lists: where every stream stands, compressed, encrypted, signed and bound to one list.

A cursor holds the sort values of the last row returned and, per paged stream, the page that its next row is on. On
resuming, rows up to those values are skipped. Counting rows instead would lose tasks as soon as one leaves the list. A
source that failed keeps a position of its own, so that its rows do not count as returned. It also carries what the
first page knew of the number of rows. It is encrypted because a vendor's page cursor may count, or name, tasks that the
reader may not see. Equal positions have equal cursors (AES-SIV, RFC 5297).
"""

import base64
import binascii
import hashlib
import zlib

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from msgspec import Struct

from connectors.sdk.errors import InputError
from gateway.federation.lists.position import ListPosition, SourceCount, StreamId, StreamPosition
from gateway.federation.lists.sort_order import SortValues

VERSION = 5
# Letters of the longest cursor that is decoded at all.
LONGEST = 4096
# Cursors are filled up to a multiple of this many bytes: their length tells nothing of what is in them.
BLOCK = 32


class Envelope(Struct, frozen=True, array_like=True):
    """A cursor on the wire, as JSON."""

    version: int
    fingerprint: str
    last: SortValues
    streams: tuple[tuple[StreamId, StreamPosition], ...]
    backward: bool
    counts: tuple[tuple[str, SourceCount], ...]


class CursorCodec:
    """Encrypts and signs cursors with `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESSIV(hashlib.blake2b(secret, digest_size=64, person=b"taskgate-cursor").digest())

    def encode(self, fingerprint: str, position: ListPosition) -> str:
        """The cursor of a position in the list that `fingerprint` stands for."""
        envelope = Envelope(
            VERSION,
            fingerprint,
            position.last,
            tuple(position.streams.items()),
            position.backward,
            tuple(position.counts.items()),
        )
        packed = zlib.compress(msgspec.json.encode(envelope), 9)
        filled = packed + bytes(-len(packed) % BLOCK)
        return _spelled(self._cipher.encrypt(filled, None))

    def decode(self, fingerprint: str, cursor: str, field: str = "after") -> ListPosition:
        """The position; InputError at `field` for a cursor of another secret, list or version, or a damaged one."""
        try:
            return self._decode(fingerprint, cursor)
        except _RefusedError as error:
            raise InputError(f"the cursor cannot be used: {error}; ask again without it", field=(field,)) from error

    def _decode(self, fingerprint: str, cursor: str) -> ListPosition:
        if len(cursor) > LONGEST:
            raise _RefusedError("it is too long")
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise _RefusedError("it is damaged") from error
        try:
            packed = self._cipher.decrypt(raw, None)
        except (InvalidTag, ValueError) as error:
            raise _RefusedError("it was changed, or made with another secret") from error
        # The padding bits of base64 are unused: reject every spelling but our own.
        if _spelled(raw) != cursor:
            raise _RefusedError("it was changed, or made with another secret")
        envelope = _unpacked(packed)
        if envelope is None or envelope.version != VERSION:
            raise _RefusedError("it is of another version")
        if envelope.fingerprint != fingerprint:
            raise _RefusedError("it belongs to another filter, order, scope or person")
        return ListPosition(envelope.last, dict(envelope.streams), envelope.backward, dict(envelope.counts))


def _unpacked(packed: bytes) -> Envelope | None:
    """None for another version's envelope. What fills it up is left out. It is signed, so its size is bounded by what this gateway compressed."""
    try:
        return msgspec.json.decode(zlib.decompressobj().decompress(packed), type=Envelope)
    except msgspec.ValidationError:
        return None


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class _RefusedError(Exception):
    """Why a cursor cannot be used."""

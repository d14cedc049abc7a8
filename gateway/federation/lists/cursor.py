"""Cursors of merged lists: where every source stands, signed, compressed, bound to one question.

A cursor holds the sort position of the last row given and, per pushed-down stream, the page that its next row is on.
On resuming, rows up to that position are skipped: counting rows instead would lose tasks as soon as one leaves the
list. A source that failed keeps a position of its own, so that its rows are not taken for given.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from connectors.sdk.errors import InputError
from gateway.federation.lists.sort_order import Position

VERSION = 2
LONGEST = 4096
SIGNATURE_BYTES = 16


class StreamPosition(Struct, frozen=True, array_like=True):
    """`page` is the vendor's cursor of the page that holds the next row (null: the first), read with `limit` (0: any).

    `own` is set where the stream's last given row is not the list's: null position means that none was given.
    `total` is what the stream counted so far: on later pages it may read too little to count again.
    """

    page: str | None
    limit: int
    done: bool = False
    behind: bool = False
    own: Position | None = None
    total: int | None = None
    exact: bool = False


class ListPosition(Struct, frozen=True, array_like=True):
    """Streams by name; one that is absent was not opened yet. They can be resumed in the same direction only."""

    last: Position
    streams: Mapping[str, StreamPosition]
    backward: bool = False

    def turned(self) -> "ListPosition":
        """For going the other way: nothing but the row and what was counted is of use."""
        counted = {
            name: StreamPosition(None, 0, total=at.total, exact=at.exact)
            for name, at in self.streams.items()
            if at.total is not None
        }
        return ListPosition(self.last, counted, self.backward)


class Envelope(Struct, frozen=True, array_like=True):
    version: int
    fingerprint: str
    position: ListPosition


class CursorCodec:
    """Signs with `secret`; a cursor of another secret, question or version is InputError."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.blake2b(secret, digest_size=32, person=b"taskgate-cursor").digest()

    def encode(self, fingerprint: str, position: ListPosition) -> str:
        packed = zlib.compress(msgspec.json.encode(Envelope(VERSION, fingerprint, position)), 9)
        return _written(self._sign(packed) + packed)

    def decode(self, fingerprint: str, cursor: str) -> ListPosition:
        if len(cursor) > LONGEST:
            raise _refused("it is too long")
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise _refused("it is damaged") from error
        signature, packed = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        # Of the last letter some bits carry nothing: there is one way to write a cursor.
        if not hmac.compare_digest(signature, self._sign(packed)) or _written(raw) != cursor:
            raise _refused("it was changed, or made before this gateway's secret")
        # Signed by us, hence bounded by what we compressed.
        envelope = msgspec.json.decode(zlib.decompress(packed), type=Envelope)
        if envelope.version != VERSION:
            raise _refused("it is of another version")
        if envelope.fingerprint != fingerprint:
            raise _refused("it belongs to another filter, order, scope or person")
        return envelope.position

    def _sign(self, packed: bytes) -> bytes:
        return hmac.digest(self._secret, packed, "sha256")[:SIGNATURE_BYTES]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _refused(why: str) -> InputError:
    return InputError(f"the cursor cannot be used: {why}; ask again without it", field=("after",))

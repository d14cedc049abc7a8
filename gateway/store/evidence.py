"""What the journal keeps of a vendor write, so that its effect can be recognised later without the arguments."""

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

DIGEST_BYTES = 16


class Evidence(Struct, frozen=True, kw_only=True):
    """No value in clear but native ids, states and outcome codes: what a person typed in is kept as salted hashes.

    `command` is the name of the command's class; `actor` the person's native id in the source, None if not linked.
    `user` and `group` are the wanted owner; `owners`, `state` and `version` the target before sending, `looked_at` when
    it was read. `is_shown_before`: the target showed the wanted state then, so that state proves nothing later.
    `data`: None if none were sent, else the hash of each value by the hash of its key. `is_data_held`: the task is known to
    have held each of these values before, so that they prove nothing later. `text`: of a comment. `fields`:
    the hash of each wanted value by the name of the field. `pinned`: the caller's `expectedVersion` was that version.
    """

    command: str
    salt: bytes
    sent_at: datetime
    actor: str | None = None
    user: str | None = None
    group: str | None = None
    owners: tuple[str, ...] = ()
    state: str | None = None
    version: str | None = None
    looked_at: datetime | None = None
    is_shown_before: bool = False
    pinned: bool = False
    outcome: str | None = None
    data: Mapping[bytes, bytes] | None = None
    is_data_held: bool = False
    text: bytes | None = None
    fields: Mapping[str, bytes] = {}

    def digest(self, value: object) -> bytes:
        """As `digest`, with this salt."""
        return digest(self.salt, value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def digest(salt: bytes, value: object) -> bytes:
    """The salted hash of a value; equal for values that are equal in JSON. TypeError for one that JSON has no form for."""
    return hashlib.blake2b(_ENCODER.encode(_plain(value)), digest_size=DIGEST_BYTES, key=salt).digest()


def _plain(value: object) -> object:
    """Numbers in one form: 5.0 is 5, also as a decimal."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return int(value) if value == int(value) else float(value)
    return value

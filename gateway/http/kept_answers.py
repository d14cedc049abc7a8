"""Whole answers, kept as bytes: given again to the same person for the same request as long as all that they rest on stands.

An answer rests on kept answers of sources (each must still be the one that it was made from, and fresh by the cache's own
rules), on what is known of people, on our own writes that the vendors may not show yet, and on the time. It is kept when the
same request comes for the second time within a while, so that requests that never come again take no memory.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.model import TaskRef
from gateway.federation.cache import Marks, Parts

MOST_BYTES = 8 * 1024 * 1024
LARGEST = MOST_BYTES // 8
MOST_SEEN = 4096
# What an entry takes beside the bytes of answer and request. A mark holds the question that it belongs to.
ENTRY_BYTES = 1024
SHOWN_BYTES = 96
MARK_BYTES = 1024

Key = tuple[str, bytes, bytes]


class Basis(Protocol):
    """What answers rest on, beside the time. `gateway.federation` implements it."""

    def standing(self) -> Hashable:
        """Changes whenever something changed, outside of kept answers of sources, that an answer may rest on."""

    def settles_at(self) -> float:
        """When, in monotonic seconds, the next change of that kind comes by itself."""

    def rests_on(self, marks: Marks) -> bool:
        """Whether these kept answers are still given."""

    def awaits(self, caller: Caller) -> bool:
        """Whether a request of that person has to do more than to answer."""

    def note_shown_again(self, caller: Caller, tasks: Sequence[TaskRef]) -> None: ...


class KeptAnswer(Struct, frozen=True, kw_only=True):
    """`data` is the JSON of the answer's data. `cost` and `name` are the operation's."""

    data: bytes
    caller: Caller
    cost: int
    name: str | None
    marks: Marks
    standing: Hashable
    settles_at: float
    due_at: datetime | None
    shown: tuple[TaskRef, ...]

    @property
    def bytes(self) -> int:
        return len(self.data) + ENTRY_BYTES + SHOWN_BYTES * len(self.shown) + MARK_BYTES * len(self.marks)


class KeptAnswers:
    """`basis` is called for each request. One event loop."""

    def __init__(
        self,
        basis: Callable[[], Basis],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._basis = basis
        self._monotonic = monotonic
        self._now = now
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self.bytes = 0

    def key(self, caller: Caller, token: str | None, request: bytes) -> Key:
        """Of the request as it was sent. The token itself is not kept."""
        return caller.key, b"" if token is None else blake2b(token.encode(), digest_size=16).digest(), request

    def find(self, key: Key, caller: Caller) -> KeptAnswer | None:
        """The kept answer if it would be the answer now."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        basis = self._basis()
        if (
            kept.settles_at <= self._monotonic()
            or (kept.due_at is not None and kept.due_at < self._now())
            or (kept.caller is not caller and kept.caller != caller)
            or kept.standing != basis.standing()
            or not basis.rests_on(kept.marks)
        ):
            self._drop(key)
            return None
        if basis.awaits(caller):
            return None
        self._kept.move_to_end(key)
        basis.note_shown_again(caller, kept.shown)
        return kept

    def begin(self, key: Key) -> "Keeping | None":
        """An answer is about to be made. None if it would not be kept: the request comes for the first time."""
        seen = hash(key)
        if seen in self._seen:
            return Keeping(self._basis())
        self._seen[seen] = None
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return None

    def keep(self, key: Key, keeping: "Keeping", data: bytes, *, caller: Caller, cost: int, name: str | None) -> None:
        """Keeps the answer if all that it rests on stands still and is kept."""
        parts = keeping.parts
        basis = self._basis()
        standing = basis.standing()
        if not parts.is_whole or standing != keeping.standing or not basis.rests_on(parts.marks):
            return
        kept = KeptAnswer(
            data=data,
            caller=caller,
            cost=cost,
            name=name,
            marks=parts.marks,
            standing=standing,
            settles_at=basis.settles_at(),
            due_at=parts.due_at,
            shown=tuple(parts.shown),
        )
        if kept.bytes + len(key[2]) > LARGEST:
            return
        self._drop(key)
        self._kept[key] = kept
        self.bytes += kept.bytes + len(key[2])
        while self.bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.bytes -= kept.bytes + len(key[2])


class Keeping:
    """An answer that is being made."""

    def __init__(self, basis: Basis) -> None:
        self.standing = basis.standing()
        self.parts = Parts()

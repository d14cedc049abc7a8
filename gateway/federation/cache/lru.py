"""The answers kept, bounded in bytes and in entries; the longest unused go first."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cachetools import Cache, TLRUCache
from msgspec import Struct

from gateway.federation.cache.key import Question
from gateway.federation.cache.tags import Tag


class Entry(Struct, frozen=True):
    """An answer. Times are of the monotonic clock; `since` is the version that stood before it was asked for."""

    value: Any
    asked_at: float
    fetched_at: datetime
    fresh_until: float
    kept_until: float
    since: int
    tags: frozenset[Tag]
    bytes: int


class Store:
    def __init__(self, *, most_bytes: int, most_entries: int, monotonic: Callable[[], float]) -> None:
        self._most_entries = most_entries
        # An answer that would push out everything else is worth less than everything else.
        self._heaviest = most_bytes // 4
        self._entries: TLRUCache[Question, Entry] = TLRUCache(
            maxsize=most_bytes,
            ttu=lambda _question, entry, _now: entry.kept_until,
            timer=monotonic,
            getsizeof=lambda entry: entry.bytes,
        )

    def get(self, question: Question) -> Entry | None:
        return self._entries.get(question)

    def put(self, question: Question, entry: Entry) -> None:
        """Kept, unless it is too heavy: then nothing is kept for the question."""
        if entry.bytes > self._heaviest:
            self.drop(question)
            return
        if question not in self._entries:
            while len(self._entries) >= self._most_entries:
                self._entries.popitem()
        self._entries[question] = entry

    def drop(self, question: Question) -> None:
        self._entries.pop(question, None)

    def of(self, source: str) -> Iterator[Entry]:
        """The entries of a source, without counting as use of them."""
        for question in list(self._entries):
            if question.source == source:
                yield Cache.__getitem__(self._entries, question)

    def clear(self) -> None:
        self._entries.clear()

    @property
    def bytes(self) -> int:
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

"""The kept answers, bounded in bytes and in entries; the least recently used go first."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cachetools import Cache, TLRUCache
from msgspec import Struct, field

from connectors.sdk.errors import ConnectorError
from gateway.federation.cache.key import CacheKey
from gateway.federation.cache.tags import Tag


class KeptAnswer(Struct, frozen=True):
    """Times are monotonic seconds. `since` is the number of the last invalidation before it was requested.

    `is_outdated`: it may lack a write that was not over when it arrived. `failure`: of the last try to refresh it.
    `mark` is this answer's own: no other one has it.
    """

    value: Any
    requested_at: float
    fetched_at: datetime
    fresh_until: float
    kept_until: float
    since: int
    tags: frozenset[Tag]
    bytes: int
    is_outdated: bool = False
    failure: ConnectorError | None = None
    mark: object = field(default_factory=object)


class AnswerStore:
    def __init__(self, *, max_bytes: int, max_entries: int, monotonic: Callable[[], float]) -> None:
        self._max_entries = max_entries
        # A larger answer would push out too much else.
        self._max_answer_bytes = max_bytes // 4
        self._monotonic = monotonic
        self._answers = self._empty(max_bytes)

    def resize(self, *, max_bytes: int, max_entries: int) -> None:
        """From now on these bounds hold. What is kept stays as far as it fits; what is used least goes."""
        before, self._max_entries, self._max_answer_bytes = self._answers, max_entries, max_bytes // 4
        self._answers = self._empty(max_bytes)
        for key in list(before):
            self.put(key, Cache.__getitem__(before, key))

    def get(self, key: CacheKey) -> KeptAnswer | None:
        return self._answers.get(key)

    def put(self, key: CacheKey, answer: KeptAnswer) -> None:
        """Keep the answer. If it is too large, nothing is kept for the key."""
        if answer.bytes > self._max_answer_bytes:
            self.drop(key)
            return
        if key not in self._answers:
            while len(self._answers) >= self._max_entries:
                self._answers.popitem()
        self._answers[key] = answer

    def drop(self, key: CacheKey) -> None:
        self._answers.pop(key, None)

    def of(self, source: str) -> Iterator[KeptAnswer]:
        """The answers of a source; looking at them does not count as use."""
        for key in list(self._answers):
            if key.source == source:
                yield Cache.__getitem__(self._answers, key)

    def clear(self) -> None:
        self._answers.clear()

    def _empty(self, max_bytes: int) -> "TLRUCache[CacheKey, KeptAnswer]":
        return TLRUCache(
            maxsize=max_bytes,
            ttu=lambda _key, answer, _now: answer.kept_until,
            timer=self._monotonic,
            getsizeof=lambda answer: answer.bytes,
        )

    @property
    def bytes(self) -> int:
        return int(self._answers.currsize)

    def __len__(self) -> int:
        return len(self._answers)

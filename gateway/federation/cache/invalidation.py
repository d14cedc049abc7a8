"""A write on its way, and what it does to the answers that it touches."""

import math
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import lru_cache

from gateway.federation.cache.tags import Tag
from gateway.shared import InvalidationLog


class PendingWrite:
    """A write on its way. When it ends, however it ends, all answers that it touches are outdated unless `not_sent`."""

    def __init__(self) -> None:
        self.was_sent = True
        self.unsettled_seconds = 0.0

    def not_sent(self) -> None:
        """It certainly never reached the vendor: earlier answers stay valid."""
        self.was_sent = False

    def unsettled_for(self, seconds: float) -> None:
        """It may be applied or readable later: until then each answer is fetched, and kept as a fallback only."""
        self.unsettled_seconds = seconds


class Invalidation:
    """Writes and their effect on answers, over a log that all replicas share. `monotonic` is the clock of the answers."""

    def __init__(self, log: InvalidationLog, *, monotonic: Callable[[], float]) -> None:
        self._log = log
        self._monotonic = monotonic

    @property
    def number(self) -> int:
        """Of the last invalidation; read it before a request is sent."""
        return self._log.number

    def invalidate(self, tags: Iterable[Tag], *, unsettled: float = 0.0) -> None:
        """Answers about `tags` are outdated, and for `unsettled` seconds from now new ones may be, too."""
        self._log.invalidate(tags, unsettled_until=self._monotonic() + unsettled if unsettled > 0 else -math.inf)

    @asynccontextmanager
    async def writing(self, tags: frozenset[Tag]) -> AsyncIterator[PendingWrite]:
        """Around a write. It returns when every replica knows that answers about `tags` are outdated."""
        pending = PendingWrite()
        self._log.begin_write(tags)
        try:
            yield pending
        finally:
            self._log.end_write(tags)
            if pending.was_sent:
                self.invalidate(tags, unsettled=pending.unsettled_seconds)
                await self._log.publish()

    def is_outdated(self, since: int, tags: frozenset[Tag]) -> bool:
        """Whether an answer requested at number `since` may lack a later write."""
        return self._log.is_outdated(since, tags)

    def may_be_kept(self, since: int, requested_at: float, tags: frozenset[Tag]) -> bool:
        """Whether an answer that has just arrived shows all writes to what it is about."""
        return not self._log.is_outdated(since, tags) and not self._log.is_unsettled(requested_at, tags)

    def is_being_written(self, tags: frozenset[Tag]) -> bool:
        return self._log.is_being_written(tags)


# Lists have few tags, and as many answers as there are people.
@lru_cache(maxsize=1024)
def widened(narrow: frozenset[Tag]) -> frozenset[Tag]:
    """The tags and those that contain them: an invalidation of any of these reaches the answer."""
    kinds = {Tag(tag.source, tag.kind) for tag in narrow}
    return narrow | kinds | {Tag(tag.source) for tag in narrow}

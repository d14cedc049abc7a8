"""What a reader gets from the cache, and what an operator sees of it."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.errors import ConnectorError

T = TypeVar("T")


class CachedResult(Struct, Generic[T], frozen=True, kw_only=True):
    """An answer, its age in seconds, and where it comes from.

    `from_cache`: this reader caused no call. `error`: the answer is a fallback for that failure of the source.
    `refreshing`: it is no longer fresh, and is being fetched again in the background.
    """

    value: T
    fetched_at: datetime
    age: float
    from_cache: bool
    refreshing: bool = False
    error: ConnectorError | None = None

    @property
    def stale(self) -> bool:
        return self.error is not None


class CacheView(Struct, frozen=True, kw_only=True):
    """What is kept of one source and may be given without asking the source. `hit_ratio` is None before the first read."""

    entries: int
    hit_ratio: float | None
    oldest_fetched_at: datetime | None

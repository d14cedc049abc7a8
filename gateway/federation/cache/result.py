"""What an asker gets, and what an operator sees."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.errors import ConnectorError

T = TypeVar("T")


class Shared(Struct, Generic[T], frozen=True, kw_only=True):
    """An answer and how it was come by.

    `from_cache`: this asker caused no call. `age` in seconds. `error` is the failure that a stale answer stands in for;
    a stale one without it is being fetched again.
    """

    value: T
    fetched_at: datetime
    age: float
    from_cache: bool
    stale: bool = False
    error: ConnectorError | None = None


class CacheView(Struct, frozen=True, kw_only=True):
    """What is kept of one source and may still be given. `hit_ratio` is None until somebody asked."""

    entries: int
    hit_ratio: float | None
    oldest_fetched_at: datetime | None

"""One call that several readers may wait for."""

import asyncio
import math
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from gateway.federation.cache.tags import Tag

T = TypeVar("T")


class EarlierRecords(Protocol):
    """Records that a call may take from earlier calls of the same operation."""

    def begin(self, now: float, number: int, may_serve: Callable[[float], bool]) -> float:
        """A call begins, `number` is that of the last invalidation. From when on records serve it: `now`, or earlier if
        `may_serve` agrees to that time.
        """


class Terms(Struct, Generic[T], frozen=True, eq=False):
    """How a reader wants the answer to be read and kept."""

    ttl: Callable[[T], float]
    size: Callable[[T], int]
    max_stale: float
    tags: frozenset[Tag]
    earlier: EarlierRecords | None


class Flight(Struct, eq=False):
    """A single flight. `requested_at` is before any record was read that it may take. `since` is the number of the last invalidation before the request.

    While it waits for an older one, it has not been requested yet: then every question and every write come before it.
    """

    task: "asyncio.Task[Any]"
    fetched_at: datetime
    tags: frozenset[Tag]
    in_background: bool
    requested_at: float = math.inf
    since: int = sys.maxsize

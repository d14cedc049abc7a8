"""Configured sources, and what each contributed to a list."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from connectors.sdk.model import CountAccuracy
from schema.ports.actions import ActionCapability
from schema.ports.problem import Problem


class SourceStatus(StrEnum):
    OK = "OK"
    STALE = "STALE"
    PARTIAL = "PARTIAL"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    SKIPPED = "SKIPPED"


class FilterPlacement(StrEnum):
    PUSHED_DOWN = "PUSHED_DOWN"
    GATEWAY = "GATEWAY"
    IGNORED = "IGNORED"


class SourceReport(Struct, frozen=True, kw_only=True):
    """What one source contributed to a list. `note`: what lists of this source always leave out or show late."""

    source: str
    status: SourceStatus
    count: int | None = None
    count_accuracy: CountAccuracy = CountAccuracy.UNKNOWN
    fetched_at: datetime | None = None
    from_cache: bool = False
    upstream_calls: int = 0
    truncated: bool = False
    filter_placement: FilterPlacement = FilterPlacement.PUSHED_DOWN
    sort_placement: FilterPlacement = FilterPlacement.PUSHED_DOWN
    note: str | None = None
    error: Problem | None = None


class CacheInfo(Struct, frozen=True, kw_only=True):
    """Cached answers of a source. `hit_ratio`: share of reads that caused no upstream call, 0 to 1."""

    ttl_seconds: int
    entries: int = 0
    hit_ratio: float | None = None
    oldest_fetched_at: datetime | None = None


class RateLimit(Struct, frozen=True, kw_only=True):
    """A rate limit and how much of it is left. `observed`: the source itself reported the limit."""

    name: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    observed: bool


class SourceInfo(Struct, frozen=True, kw_only=True):
    """One configured source, without address and secrets. `capabilities` has one entry per action.

    `cache` counts when it is called: it looks at every kept answer, and few requests ask for it.
    """

    key: str
    name: str
    vendor: str
    status: SourceStatus
    acts_as: str
    status_reason: str | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    time_zone: str | None = None
    capabilities: tuple[ActionCapability, ...] = ()
    cache: Callable[[], CacheInfo] | None = None
    rate_limits: tuple[RateLimit, ...] = ()

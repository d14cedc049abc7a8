"""Configured sources, and what each contributed to a list."""

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
    """What one source gave to a list, and what it could not. `note`: what its lists may leave out by their nature."""

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
    """What is kept of a source's answers."""

    ttl_seconds: int
    entries: int = 0
    hit_ratio: float | None = None
    oldest_fetched_at: datetime | None = None


class RateLimit(Struct, frozen=True, kw_only=True):
    """How much of a vendor's limit is left. `observed`: by the vendor's own word, not by configuration."""

    name: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    observed: bool


class SourceInfo(Struct, frozen=True, kw_only=True):
    """One configured source as the graph shows it: no address, no secret. One capability for each action."""

    key: str
    name: str
    vendor: str
    status: SourceStatus
    acts_as: str
    status_reason: str | None = None
    last_success_at: datetime | None = None
    time_zone: str | None = None
    capabilities: tuple[ActionCapability, ...] = ()
    cache: CacheInfo | None = None
    rate_limits: tuple[RateLimit, ...] = ()

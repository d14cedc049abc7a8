"""Source, and SourceResult: the report of a source on a list."""

from collections.abc import Mapping
from datetime import datetime

import strawberry

from schema import ports
from schema.core.context import Context
from schema.core.enums import ActsAs, CountAccuracy, FilterPlacement, SourceStatus
from schema.core.errors import UserError
from schema.core.relay import Node, global_id
from schema.core.resolver import resolved
from schema.ports import SourceInfo, SourceReport
from schema.source.capabilities import SourceCapability


@strawberry.type(description="What is kept of a source's answers, shared among those who may see them.")
class CacheInfo:
    ttl_seconds: int = strawberry.field(description="Seconds for which a list counts as fresh. Never null.")
    entries: int = strawberry.field(description="Answers kept. Never null.")
    hit_ratio: float | None = strawberry.field(description="Share of questions that caused no call; null before any.")
    oldest_fetched_at: datetime | None = strawberry.field(description="Age of the oldest kept; null if there is none.")

    @classmethod
    def from_port(cls, info: ports.CacheInfo) -> "CacheInfo":
        return cls(
            ttl_seconds=info.ttl_seconds,
            entries=info.entries,
            hit_ratio=info.hit_ratio,
            oldest_fetched_at=info.oldest_fetched_at,
        )


@strawberry.type(description="How much of a vendor's limit is left for the viewer's calls.")
class RateLimitBucket:
    name: str = strawberry.field(description="What it counts: `reads`, `writes`, or `requests` for both. Never null.")
    limit: int | None = strawberry.field(description="Requests within a window; null where none is known.")
    remaining: int | None = strawberry.field(description="Requests left now; null where no limit is known.")
    reset_at: datetime | None = strawberry.field(description="When the next one is free again; null if all are.")
    observed: bool = strawberry.field(
        description="Whether the source itself told the limit, and not only the configuration. Never null."
    )

    @classmethod
    def from_port(cls, limit: ports.RateLimit) -> "RateLimitBucket":
        return cls(
            name=limit.name,
            limit=limit.limit,
            remaining=limit.remaining,
            reset_at=limit.reset_at,
            observed=limit.observed,
        )


@strawberry.type(description="One configured instance of a vendor.")
class Source(Node):
    key: str = strawberry.field(description="Key of the source in the configuration. Never null.")
    name: str = strawberry.field(description="Name for people. Never null.")
    vendor: str = strawberry.field(description="Product, such as `camunda`; an open set. Never null.")
    status: SourceStatus = strawberry.field(description="How it answered last; OK before anything was asked.")
    status_reason: str | None = strawberry.field(description="What is wrong; null while nothing is.")
    acts_as: ActsAs = strawberry.field(description="Whose authority the source sees. Never null.")
    last_success_at: datetime | None = strawberry.field(
        description="When it last answered; null if it did not since the gateway started."
    )
    time_zone: str | None = strawberry.field(
        description="IANA zone in which its times without a zone are read; null if none is configured."
    )

    info: strawberry.Private[SourceInfo]

    @resolved(description="What is kept of its answers. Never null.")
    def cache(self) -> CacheInfo:
        return CacheInfo.from_port(self.info.cache or ports.CacheInfo(ttl_seconds=0))

    @resolved(description="Its limits of requests, as they count for the viewer; from memory. Never null.")
    def rate_limits(self) -> list[RateLimitBucket]:
        return [RateLimitBucket.from_port(limit) for limit in self.info.rate_limits]

    @resolved(description="What it can do, as it is configured; one entry for each action that the graph knows.")
    def capabilities(self) -> list[SourceCapability]:
        return [SourceCapability.from_capability(one) for one in self.info.capabilities]

    @classmethod
    def of(cls, key: str, context: Context) -> "Source":
        """The source with that key: one object per request."""
        return context.once(all_sources)[key]

    @classmethod
    def from_info(cls, source: SourceInfo) -> "Source":
        return cls(
            id=global_id("Source", source.key),
            key=source.key,
            name=source.name,
            vendor=source.vendor,
            status=source.status,
            status_reason=source.status_reason,
            acts_as=ActsAs.SERVICE if source.acts_as.lower() == "service" else ActsAs.VIEWER,
            last_success_at=source.last_success_at,
            time_zone=source.time_zone,
            info=source,
        )


def all_sources(context: Context) -> Mapping[str, Source]:
    """Sources by key, in configuration order. Call it through `context.once`."""
    return {key: Source.from_info(info) for key, info in context.sources.items()}


@strawberry.type(description="What one source gave to a list, and what it could not.")
class SourceResult:
    source: Source = strawberry.field(description="The source. Never null.")
    status: SourceStatus = strawberry.field(description="How it answered this list. Never null.")
    count: int | None = strawberry.field(description="Rows that match in this source; null if not known or not asked.")
    count_accuracy: CountAccuracy = strawberry.field(description="How far `count` can be relied on. Never null.")
    fetched_at: datetime | None = strawberry.field(description="Age of the oldest row used; null if there is none.")
    from_cache: bool = strawberry.field(description="Whether no call was needed.")
    upstream_calls: int = strawberry.field(description="Calls that this list cost the source; 0 from the cache.")
    truncated: bool = strawberry.field(description="Whether reading stopped before the end of what the source holds.")
    filter_placement: FilterPlacement = strawberry.field(description="Who filtered. Never null.")
    sort_placement: FilterPlacement = strawberry.field(description="Who sorted. Never null.")
    note: str | None = strawberry.field(
        description="What lists of this source may leave out by their nature, as configured; null if nothing."
    )
    error: UserError | None = strawberry.field(description="What went wrong; null if nothing did.")

    @classmethod
    def from_report(cls, report: SourceReport, context: Context) -> "SourceResult":
        return cls(
            source=Source.of(report.source, context),
            status=report.status,
            count=report.count,
            count_accuracy=report.count_accuracy,
            fetched_at=report.fetched_at,
            from_cache=report.from_cache,
            upstream_calls=report.upstream_calls,
            truncated=report.truncated,
            filter_placement=report.filter_placement,
            sort_placement=report.sort_placement,
            note=report.note,
            error=None if report.error is None else UserError.from_problem(report.error),
        )

"""Source, and SourceResult: the report of a source on a list."""

from collections.abc import Mapping
from datetime import datetime

import strawberry
from msgspec import structs

from schema import ports
from schema.core.context import Context
from schema.core.enums import ActsAs, CountAccuracy, FilterPlacement, SourceStatus
from schema.core.errors import UserError
from schema.core.presenters import present
from schema.core.relay import Node, global_id
from schema.core.resolver import resolved
from schema.ports import SourceInfo, SourceReport
from schema.source.capabilities import SourceCapability


@strawberry.type(description="Cached answers of a source.")
class CacheInfo:
    ttl_seconds: int = strawberry.field(description="Seconds for which a list is fresh.")
    entries: int = strawberry.field(description="Number of cached answers. 0 if the viewer is no task admin.")
    hit_ratio: float | None = strawberry.field(
        description="Share of reads that caused no upstream call, 0 to 1. Null before the first read, and if the viewer is "
        "no task admin."
    )
    oldest_fetched_at: datetime | None = strawberry.field(
        description="Time when the oldest cached answer was read. Null if the cache is empty, and if the viewer is no task "
        "admin."
    )

    @classmethod
    def from_port(cls, info: ports.CacheInfo) -> "CacheInfo":
        return cls(
            ttl_seconds=info.ttl_seconds,
            entries=info.entries,
            hit_ratio=info.hit_ratio,
            oldest_fetched_at=info.oldest_fetched_at,
        )


@strawberry.type(description="A rate limit of a source, for the calls that the viewer causes.")
class RateLimitBucket:
    name: str = strawberry.field(description="Requests that count: `reads`, `writes` or `requests` (both).")
    limit: int | None = strawberry.field(description="Requests allowed per window. Null if unknown.")
    remaining: int | None = strawberry.field(
        description="Requests left in the current window. Null if no limit is known. Task admins only, where all people "
        "share the limit."
    )
    reset_at: datetime | None = strawberry.field(
        description="Time when the next used request becomes available again. Null if all are available. Task admins only, "
        "where all people share the limit."
    )
    observed: bool = strawberry.field(
        description="True if the source itself reported the limit, false if it is configured or documented."
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


@strawberry.type(description="A configured instance of a vendor's product.")
class Source(Node):
    key: str = strawberry.field(description="Key in the configuration.")
    name: str = strawberry.field(description="Name for people.")
    vendor: str = strawberry.field(description="Vendor, for example `camunda`. More vendors may be added.")
    status: SourceStatus = strawberry.field(description="How the source answered last. OK before the first call.")
    status_reason: str | None = strawberry.field(description="What is wrong, for people. Null if nothing is.")
    acts_as: ActsAs = strawberry.field(description="Account with which the gateway calls the source.")
    last_success_at: datetime | None = strawberry.field(
        description="Time of the last successful answer. Null if there was none since the gateway started."
    )
    time_zone: str | None = strawberry.field(
        description="IANA time zone of its times without a zone. Null if none is configured."
    )

    info: strawberry.Private[SourceInfo]

    @resolved(description="Its cached answers.")
    def cache(self) -> CacheInfo:
        return CacheInfo.from_port(self.info.cache() if self.info.cache else ports.CacheInfo(ttl_seconds=0))

    @resolved(description="Its rate limits for the viewer. Costs no upstream call.")
    def rate_limits(self) -> list[RateLimitBucket]:
        return [RateLimitBucket.from_port(limit) for limit in self.info.rate_limits]

    @resolved(description="What the source can do as configured, one entry per action.")
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


@present.register
def present_source(source: SourceInfo, context: Context) -> Source:
    return Source.of(source.key, context)


def all_sources(context: Context) -> Mapping[str, Source]:
    """Sources by key, in configuration order. Call it through `context.once`."""
    is_admin = context.caller.is_task_admin
    return {
        key: Source.from_info(info if is_admin else _without_activity(info)) for key, info in context.sources.items()
    }


def _without_activity(source: SourceInfo) -> SourceInfo:
    """Without what tells how often the source was called: for other people, and for tasks that a caller may not see."""
    view, limits = source.cache, source.rate_limits
    if source.acts_as == "service":
        limits = tuple(structs.replace(limit, remaining=None, reset_at=None) for limit in limits)

    def cache() -> ports.CacheInfo:
        return ports.CacheInfo(ttl_seconds=0 if view is None else view().ttl_seconds)

    return structs.replace(source, cache=cache, rate_limits=limits)


@strawberry.type(description="Report of a source on one list.")
class SourceResult:
    source: Source = strawberry.field(description="The source.")
    status: SourceStatus = strawberry.field(description="How the source answered.")
    count: int | None = strawberry.field(
        description="Number of rows that match in this source. Null if unknown or not requested."
    )
    count_accuracy: CountAccuracy = strawberry.field(description="Accuracy of `count`.")
    fetched_at: datetime | None = strawberry.field(
        description="Time when the oldest row was read from the source. Null if there is no row."
    )
    from_cache: bool = strawberry.field(
        description="True if this list needed no upstream call: an earlier answer had its rows, or one that came at the same time."
    )
    upstream_calls: int = strawberry.field(
        description="Number of upstream calls that this list made, without those for tasks that the viewer may not see."
    )
    truncated: bool = strawberry.field(
        description="True if reading stopped before the end of the source's list, so that rows may be missing."
    )
    filter_placement: FilterPlacement = strawberry.field(description="Where the filter was applied.")
    sort_placement: FilterPlacement = strawberry.field(description="Where the order was applied.")
    note: str | None = strawberry.field(
        description="What lists of this source always leave out or show late, for people. Null if nothing."
    )
    error: UserError | None = strawberry.field(description="Failure of the source. Null if there is none.")

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

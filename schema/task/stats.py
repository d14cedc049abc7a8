"""`taskStats`: counts of tasks in buckets."""

from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk import model
from connectors.sdk.errors import ValidationFailedError
from schema import ports
from schema.core.arguments import FreshnessArgument, given
from schema.core.context import Context
from schema.core.enums import CountAccuracy, Freshness, TaskDimension
from schema.core.resolver import resolved
from schema.people import Group, User
from schema.ports import StatsRequest
from schema.source import Source, SourceResult
from schema.task.filters import TaskFilter

MOST_DIMENSIONS = 4


@strawberry.type(description="One value of one dimension.")
class TaskBucketKey:
    dimension: TaskDimension = strawberry.field(description="The dimension. Never null.")
    value: str | None = strawberry.field(
        description="For programs: an enum value, a source's key, a user's id; null for tasks that have none."
    )
    label: str | None = strawberry.field(description="Text for people; null where there is none beside the value.")
    user: User | None = strawberry.field(description="The person; null for other dimensions, and for nobody.")
    group: Group | None = strawberry.field(description="The group; null for other dimensions, and for none.")
    source: Source | None = strawberry.field(description="The source; null for other dimensions.")

    @classmethod
    def from_port(cls, key: ports.BucketKey, context: Context) -> "TaskBucketKey":
        user = None
        if key.user is not None and key.user.key is not None:
            person = context.federation.person(key.user.key)
            user = None if person is None else User.from_caller(person)
        elif key.user is not None and key.user.ref is not None:
            row = model.UserRef(native_id=key.user.ref.native_id, name=key.label)
            user = User.from_row(row, key.user.ref.source, context)
        group = None
        if key.group is not None:
            group = Group.from_row(
                model.GroupRef(native_id=key.group.native_id, name=key.label), key.group.source, context
            )
        return cls(
            dimension=key.dimension,
            value=key.value if user is None else user.id,
            label=key.label,
            user=user,
            group=group,
            source=None if key.source is None else Source.of(key.source, context),
        )


@strawberry.type(description="Tasks that have the same values.")
class TaskBucket:
    keys: list[TaskBucketKey] = strawberry.field(description="Their values, one for each of `groupBy`. Never null.")
    count: int = strawberry.field(description="How many there are. Never null.")
    overdue: int = strawberry.field(description="How many of them are overdue. Never null.")
    oldest_created_at: datetime | None = strawberry.field(description="Creation of the oldest; null if not known.")
    next_due_at: datetime | None = strawberry.field(description="What is due next, from now on; null if nothing is.")
    accuracy: CountAccuracy = strawberry.field(description="How far `count` can be relied on. Never null.")

    @classmethod
    def from_port(cls, bucket: ports.TaskBucket, context: Context) -> "TaskBucket":
        return cls(
            keys=[TaskBucketKey.from_port(key, context) for key in bucket.keys],
            count=bucket.count,
            overdue=bucket.overdue,
            oldest_created_at=bucket.oldest_created_at,
            next_due_at=bucket.next_due_at,
            accuracy=bucket.accuracy,
        )


@strawberry.type(description="Counts of tasks. Each task stands in one bucket, so buckets sum to the total.")
class TaskStats:
    total: int = strawberry.field(description="Tasks in all. Never null.")
    accuracy: CountAccuracy = strawberry.field(description="How far the counts can be relied on. Never null.")
    overdue: int = strawberry.field(description="Overdue tasks in all. Never null.")
    buckets: list[TaskBucket] = strawberry.field(description="The largest first; none without tasks. Never null.")
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")

    @classmethod
    def from_port(cls, stats: ports.TaskStats, context: Context) -> "TaskStats":
        return cls(
            total=stats.total,
            accuracy=stats.accuracy,
            overdue=stats.overdue,
            buckets=[TaskBucket.from_port(bucket, context) for bucket in stats.buckets],
            sources=[SourceResult.from_report(report, context) for report in stats.sources],
        )


@strawberry.type
class TaskStatsQueries:
    @resolved(
        description=(
            "Counts of all tasks that the viewer may see, over all sources. Reads up to `scan_limit` tasks of each, "
            "shared for a while: polling costs the sources nothing. A failing source does not fail it: see `sources`."
        )
    )
    async def task_stats(
        self,
        info: strawberry.Info[Context, None],
        group_by: Annotated[
            list[TaskDimension],
            strawberry.argument(description="What to count by, at most 4; empty for the total only."),
        ],
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="Which tasks; null means all.")
        ] = strawberry.UNSET,
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> TaskStats:
        context = info.context
        if len(group_by) > MOST_DIMENSIONS:
            raise ValidationFailedError(f"groupBy takes at most {MOST_DIMENSIONS} dimensions", field=("groupBy",))
        request = StatsRequest(
            filter=(given(filter) or TaskFilter()).to_port(context),
            group_by=tuple(dict.fromkeys(group_by)),
            fresh=freshness is Freshness.FRESH,
            now=context.now,
        )
        return TaskStats.from_port(await context.federation.task_stats(context.caller, request), context)

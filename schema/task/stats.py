"""`taskStats`: counts of tasks in buckets."""

from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk import model
from connectors.sdk.errors import InputError
from schema import ports
from schema.core.arguments import FreshnessArgument, given
from schema.core.context import Context
from schema.core.enums import CountAccuracy, Freshness, InboxScope, TaskDimension
from schema.core.resolver import resolved
from schema.core.tasks import only_open
from schema.people import Group, User
from schema.ports import StatsRequest
from schema.source import Source, SourceResult
from schema.task.filters import TaskFilter

MOST_DIMENSIONS = 4


@strawberry.type(description="The value of one dimension in a bucket.")
class TaskBucketKey:
    dimension: TaskDimension = strawberry.field(description="The dimension.")
    value: str | None = strawberry.field(
        description="Value for programs: an enum value, a source key, a user's id, a name. Null for tasks without a value."
    )
    label: str | None = strawberry.field(description="Text for people. Null if there is none beside the value.")
    user: User | None = strawberry.field(
        description="The user. Null for other dimensions, and for tasks without a user."
    )
    group: Group | None = strawberry.field(
        description="The group. Null for other dimensions, and for tasks without a group."
    )
    source: Source | None = strawberry.field(description="The source. Null for other dimensions.")

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


@strawberry.type(description="Tasks with the same values in all dimensions.")
class TaskBucket:
    keys: list[TaskBucketKey] = strawberry.field(description="Values, one per dimension of `groupBy`.")
    count: int = strawberry.field(description="Number of tasks.")
    overdue: int = strawberry.field(description="Number of overdue tasks.")
    oldest_created_at: datetime | None = strawberry.field(
        description="Creation time of the oldest task. Null if unknown."
    )
    next_due_at: datetime | None = strawberry.field(
        description="Earliest due time that has not passed. Null if there is none."
    )
    accuracy: CountAccuracy = strawberry.field(description="Accuracy of `count`.")

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


@strawberry.type(description="Counts of tasks. Each task is in one bucket, so the buckets add up to the total.")
class TaskStats:
    total: int = strawberry.field(description="Number of tasks.")
    accuracy: CountAccuracy = strawberry.field(description="Accuracy of the counts.")
    overdue: int = strawberry.field(description="Number of overdue tasks.")
    buckets: list[TaskBucket] = strawberry.field(description="Buckets, the largest first. Empty if there are no tasks.")
    sources: list[SourceResult] = strawberry.field(description="Report of each configured source on these counts.")

    @classmethod
    def from_port(cls, stats: ports.TaskStats, context: Context) -> "TaskStats":
        return cls(
            total=stats.total,
            accuracy=stats.accuracy,
            overdue=stats.overdue,
            buckets=[TaskBucket.from_port(bucket, context) for bucket in stats.buckets],
            sources=[SourceResult.from_report(report, context) for report in stats.sources],
        )


GroupBy = Annotated[
    list[TaskDimension],
    strawberry.argument(description="Dimensions to count by, at most 4. Empty means the total only."),
]
ScopeOfStats = Annotated[
    InboxScope | None,
    strawberry.argument(description="Which tasks, as for `viewer.inbox`. Null means ALL_VISIBLE."),
]
FilterOfStats = Annotated[
    TaskFilter | None, strawberry.argument(description="Condition on the tasks. Null means all open ones.")
]


@strawberry.type
class TaskStatsQueries:
    @resolved(
        description=(
            "Counts of the tasks that `viewer.inbox` lists with the same scope and filter, over all sources: open tasks only, unless the filter has a condition on the state. Reads up to `scan_limit` tasks per source and shares them between requests, so polling causes few upstream calls. `sources` tells how each source answered."
        )
    )
    async def task_stats(
        self,
        info: strawberry.Info[Context, None],
        group_by: GroupBy,
        scope: ScopeOfStats = InboxScope.ALL_VISIBLE,
        filter: FilterOfStats = strawberry.UNSET,
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> TaskStats:
        return await stats_of(info.context, group_by, scope, filter, freshness)


async def stats_of(
    context: Context,
    group_by: list[TaskDimension],
    scope: InboxScope | None,
    filter: TaskFilter | None,
    freshness: Freshness | None,
) -> TaskStats:
    """The counts. Raises InputError for wrong arguments."""
    if len(group_by) > MOST_DIMENSIONS:
        raise InputError(f"groupBy takes at most {MOST_DIMENSIONS} dimensions", field=("groupBy",))
    asked = given(filter) or TaskFilter()
    wanted = asked.to_port(context)
    request = StatsRequest(
        scope=scope or InboxScope.ALL_VISIBLE,
        filter=wanted if asked.names_state() else only_open(wanted),
        group_by=tuple(dict.fromkeys(group_by)),
        fresh=freshness is Freshness.FRESH,
        now=context.now,
    )
    return TaskStats.from_port(await context.federation.task_stats(context.caller, request), context)

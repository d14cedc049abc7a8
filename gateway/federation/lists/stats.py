"""Counts of tasks by what they have in common. They are made from the same cached answers as the lists."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.model import CountAccuracy, GroupRef, NativeRef, Task, UserRef
from connectors.sdk.query import overdue
from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.source_report import is_complete
from gateway.federation.lists.task_list import TaskLists
from gateway.federation.sources import Source
from gateway.people import People
from schema.ports import (
    BucketKey,
    PersonId,
    StatsRequest,
    TaskBucket,
    TaskDimension,
    TaskListRequest,
    TaskStats,
)


class Stats:
    """The accounts of one person in several sources are one bucket."""

    def __init__(
        self,
        lists: TaskLists,
        sources: Mapping[str, Source],
        *,
        people: People,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._lists = lists
        self._sources = sources
        self._people = people
        self._now = now

    async def of(self, caller: Caller, request: StatsRequest) -> TaskStats:
        """Counts of the tasks that the caller may see within the scope. Each task is in exactly one bucket, so buckets sum to the total.

        Raises nothing for a failing source: its report has the failure, and counts are lower bounds.
        """
        now = request.now or self._now()
        tasks, reports = await self._lists.all_tasks(
            caller,
            TaskListRequest(
                scope=request.scope,
                filter=request.filter,
                fresh=request.fresh,
                count=True,
                now=now,
                without_candidates=TaskDimension.CANDIDATE_GROUP not in request.group_by,
            ),
        )
        incomplete = {report.source for report in reports if not is_complete(report)}
        grouped: dict[tuple[BucketKey, ...], list[Task]] = {}
        keys_of = await RowWork().each(
            tasks, lambda task: tuple(self._key(dimension, task, now) for dimension in request.group_by)
        )
        for task, keys in zip(tasks, keys_of, strict=True):
            grouped.setdefault(keys, []).append(task)
        buckets = [
            TaskBucket(
                keys=keys,
                count=len(rows),
                overdue=_late(rows, now),
                oldest_created_at=min((row.created_at for row in rows if row.created_at is not None), default=None),
                next_due_at=min((row.due_at for row in rows if _is_to_come(row, now) and row.due_at), default=None),
                accuracy=_accuracy(keys, rows, incomplete),
            )
            for keys, rows in grouped.items()
        ]
        return TaskStats(
            total=len(tasks),
            accuracy=CountAccuracy.LOWER_BOUND if incomplete else CountAccuracy.EXACT,
            overdue=_late(tasks, now),
            buckets=sorted(buckets, key=lambda bucket: (-bucket.count, [_sortable(key) for key in bucket.keys])),
            sources=reports,
        )

    def _key(self, dimension: TaskDimension, task: Task, now: datetime) -> BucketKey:
        match dimension:
            case TaskDimension.SOURCE:
                name = self._sources[task.source].connector.settings.name
                return BucketKey(dimension, task.source, name, source=task.source)
            case TaskDimension.VENDOR:
                settings = self._sources[task.source].connector.settings
                return BucketKey(dimension, settings.vendor, self._sources[task.source].connector.info.title)
            case TaskDimension.STATE:
                return BucketKey(dimension, task.state.value)
            case TaskDimension.ASSIGNEE:
                return self._owner(task.source, task.assignee)
            case TaskDimension.CANDIDATE_GROUP:
                return _group(task.source, next(iter(task.candidate_groups or ()), None))
            case TaskDimension.PRIORITY:
                return BucketKey(dimension, None if task.priority is None else task.priority.value)
            case TaskDimension.OVERDUE:
                late = overdue(task, now)
                return BucketKey(dimension, None if late is None else str(late).lower())
            case TaskDimension.DUE_DAY:
                due = task.due_at
                return BucketKey(dimension, None if due is None else due.astimezone(UTC).date().isoformat())
            case TaskDimension.DEFINITION:
                made_by = task.definition
                return BucketKey(dimension) if made_by is None else BucketKey(dimension, made_by.key, made_by.name)
            case TaskDimension.KIND:
                return BucketKey(dimension, task.kind.value)
            case TaskDimension.TAG:
                tag = next(iter(task.tags or ()), None)
                return BucketKey(dimension) if tag is None else BucketKey(dimension, tag.name, tag.label)

    def _owner(self, source: str, owner: UserRef | None) -> BucketKey:
        if owner is None:
            return BucketKey(TaskDimension.ASSIGNEE)
        ref = NativeRef(source, owner.native_id)
        person = self._people.by_native_ref(ref)
        if person is not None:
            return BucketKey(TaskDimension.ASSIGNEE, person.key, person.name, user=PersonId(key=person.key))
        return BucketKey(TaskDimension.ASSIGNEE, owner.native_id, owner.name, user=PersonId(ref=ref))


def _group(source: str, group: GroupRef | None) -> BucketKey:
    if group is None:
        return BucketKey(TaskDimension.CANDIDATE_GROUP)
    return BucketKey(
        TaskDimension.CANDIDATE_GROUP, group.native_id, group.name, group=NativeRef(source, group.native_id)
    )


def _late(tasks: Sequence[Task], now: datetime) -> int:
    return sum(overdue(task, now) is True for task in tasks)


def _is_to_come(task: Task, now: datetime) -> bool:
    return task.is_open and task.due_at is not None and task.due_at >= now


def _accuracy(keys: tuple[BucketKey, ...], rows: Sequence[Task], incomplete: set[str]) -> CountAccuracy:
    """A bucket of one source is exact if that source is complete, any other if all sources are."""
    is_of_one_source = any(key.source is not None or key.group is not None for key in keys)
    is_affected = rows[0].source in incomplete if is_of_one_source else bool(incomplete)
    return CountAccuracy.LOWER_BOUND if is_affected else CountAccuracy.EXACT


def _sortable(key: BucketKey) -> tuple[bool, str]:
    return (key.value is None, key.value or "")

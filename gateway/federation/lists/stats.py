"""Counts of tasks by what they have in common. They are made from the same cached answers as the lists."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.model import CountAccuracy, GroupRef, NativeRef, Task, UserRef
from connectors.sdk.query import overdue
from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.source_report import is_complete
from gateway.federation.lists.tally import Tally, values_of
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

STRETCH = 256
"""Tasks between two looks at the event loop."""


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
        work = RowWork()
        buckets = []
        for keys, rows in (await self._grouped(work, tasks, request.group_by, now)).items():
            await work.rest()
            tally = Tally(rows, now)
            buckets.append(
                TaskBucket(
                    keys=keys,
                    count=len(rows),
                    overdue=tally.overdue,
                    oldest_created_at=tally.oldest_created_at,
                    next_due_at=tally.next_due_at,
                    accuracy=_accuracy(keys, rows, incomplete),
                )
            )
        return TaskStats(
            total=len(tasks),
            accuracy=CountAccuracy.LOWER_BOUND if incomplete else CountAccuracy.EXACT,
            overdue=sum(bucket.overdue for bucket in buckets),
            buckets=sorted(buckets, key=lambda bucket: (-bucket.count, [_sortable(key) for key in bucket.keys])),
            sources=reports,
        )

    async def _grouped(
        self, work: RowWork, tasks: Sequence[Task], dimensions: Sequence[TaskDimension], now: datetime
    ) -> dict[tuple[BucketKey, ...], list[Task]]:
        """The tasks by their keys. A key is made once for all tasks with the same values."""
        alike: dict[Hashable, list[Task]] = {}
        values = values_of(dimensions, now)
        for start in range(0, len(tasks), STRETCH):
            await work.rest()
            stretch = tasks[start : start + STRETCH]
            for value, task in zip(values(stretch), stretch, strict=True):
                known = alike.get(value)
                if known is None:
                    alike[value] = [task]
                else:
                    known.append(task)
        grouped: dict[tuple[BucketKey, ...], list[Task]] = {}
        for rows in alike.values():
            keys = tuple(self._key(dimension, rows[0], now) for dimension in dimensions)
            grouped.setdefault(keys, []).extend(rows)
        return grouped

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


def _accuracy(keys: tuple[BucketKey, ...], rows: Sequence[Task], incomplete: set[str]) -> CountAccuracy:
    """A bucket of one source is exact if that source is complete, any other if all sources are."""
    is_of_one_source = any(key.source is not None or key.group is not None for key in keys)
    is_affected = rows[0].source in incomplete if is_of_one_source else bool(incomplete)
    return CountAccuracy.LOWER_BOUND if is_affected else CountAccuracy.EXACT


def _sortable(key: BucketKey) -> tuple[bool, str]:
    return (key.value is None, key.value or "")

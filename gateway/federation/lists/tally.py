"""What tasks have in common, and what is counted of them, in one look at each task."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import repeat

from connectors.sdk.model import GroupRef, Task, UserRef
from connectors.sdk.query import overdue
from schema.ports import TaskDimension


class Tally:
    """`overdue` of the tasks are late at `now`. `next_due_at` is of the open ones that are not."""

    __slots__ = ("next_due_at", "oldest_created_at", "overdue")

    def __init__(self, tasks: Iterable[Task], now: datetime) -> None:
        self.overdue = 0
        self.oldest_created_at: datetime | None = None
        self.next_due_at: datetime | None = None
        for task in tasks:
            created, due = task.created_at, task.due_at
            if created is not None and (self.oldest_created_at is None or created < self.oldest_created_at):
                self.oldest_created_at = created
            if overdue(task, now):
                self.overdue += 1
            elif (
                due is not None and (self.next_due_at is None or due < self.next_due_at) and due >= now and task.is_open
            ):
                self.next_due_at = due


def values_of(
    dimensions: Sequence[TaskDimension], now: datetime
) -> Callable[[Sequence[Task]], Iterable[tuple[Hashable, ...]]]:
    """What the keys of tasks are made from: tasks with equal values have the same key."""
    each = [_value_of(dimension, now) for dimension in dimensions]
    return lambda tasks: (
        zip(*(map(value_of, tasks) for value_of in each), strict=True) if each else repeat((), len(tasks))
    )


def _value_of(dimension: TaskDimension, now: datetime) -> Callable[[Task], Hashable]:
    match dimension:
        case TaskDimension.SOURCE | TaskDimension.VENDOR:
            return lambda task: task.source
        case TaskDimension.STATE:
            return lambda task: task.state
        case TaskDimension.ASSIGNEE:
            return lambda task: _named(task.source, task.assignee)
        case TaskDimension.CANDIDATE_GROUP:
            return lambda task: _named(task.source, next(iter(task.candidate_groups or ()), None))
        case TaskDimension.PRIORITY:
            return lambda task: task.priority
        case TaskDimension.OVERDUE:
            return lambda task: overdue(task, now)
        case TaskDimension.DUE_DAY:
            return lambda task: None if task.due_at is None else task.due_at.astimezone(UTC).date()
        case TaskDimension.DEFINITION:
            return lambda task: None if task.definition is None else (task.definition.key, task.definition.name)
        case TaskDimension.KIND:
            return lambda task: task.kind
        case TaskDimension.TAG:
            return lambda task: next(((tag.name, tag.label) for tag in task.tags or ()), None)


def _named(source: str, one: UserRef | GroupRef | None) -> Hashable:
    return None if one is None else (source, one.native_id, one.name)

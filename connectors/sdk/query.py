"""What the gateway asks of a list, and the page that comes back."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.model import CountAccuracy, Task, TaskState


class TaskOrderField(StrEnum):
    DUE_AT = "DUE_AT"
    FOLLOW_UP_AT = "FOLLOW_UP_AT"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    COMPLETED_AT = "COMPLETED_AT"
    PRIORITY = "PRIORITY"
    TITLE = "TITLE"
    STATE = "STATE"
    SOURCE = "SOURCE"


class SortDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class SortKey(Struct, frozen=True):
    """Rows without a value come last in either direction."""

    field: TaskOrderField
    direction: SortDirection = SortDirection.ASC


class TaskQuery(Struct, frozen=True, kw_only=True):
    """One conjunction: every member that is not None must hold. Ids are the vendor's own.

    An empty set matches nothing. `present` and `absent` name order fields that must, or must not, have a value: the
    gateway splits a list there, so that a vendor's own idea of where nulls sort does not matter.
    """

    states: frozenset[TaskState] | None = None
    assignees: frozenset[str] | None = None
    has_assignee: bool | None = None
    candidate_users: frozenset[str] | None = None
    candidate_groups: frozenset[str] | None = None
    has_candidates: bool | None = None
    flows: frozenset[str] | None = None
    present: frozenset[TaskOrderField] = frozenset()
    absent: frozenset[TaskOrderField] = frozenset()
    order: tuple[SortKey, ...] = ()

    def matches(self, task: Task) -> bool:
        """Whether a row satisfies every member (not the order)."""
        return (
            (self.states is None or task.state in self.states)
            and (self.assignees is None or any(user.native_id in self.assignees for user in task.assignees))
            and (self.has_assignee is None or bool(task.assignees) == self.has_assignee)
            and (
                self.candidate_users is None
                or any(user.native_id in self.candidate_users for user in task.candidate_users or ())
            )
            and (
                self.candidate_groups is None
                or any(
                    group.native_id in self.candidate_groups
                    or (group.name is not None and group.name.casefold() in self._folded_groups())
                    for group in task.candidate_groups or ()
                )
            )
            and (
                self.has_candidates is None
                or bool(task.candidate_users or task.candidate_groups) == self.has_candidates
            )
            and (self.flows is None or task.flow_id in self.flows)
            and all(order_value(task, field) is not None for field in self.present)
            and all(order_value(task, field) is None for field in self.absent)
        )

    def _folded_groups(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in self.candidate_groups or ())


def order_value(task: Task, field: TaskOrderField) -> datetime | int | str | None:
    """The value a row sorts by. A row without priority sorts as MEDIUM (50)."""
    match field:
        case TaskOrderField.DUE_AT:
            return task.due_at
        case TaskOrderField.FOLLOW_UP_AT:
            return task.follow_up_at
        case TaskOrderField.CREATED_AT:
            return task.created_at
        case TaskOrderField.UPDATED_AT:
            return task.updated_at
        case TaskOrderField.COMPLETED_AT:
            return task.completed_at
        case TaskOrderField.PRIORITY:
            return 50 if task.priority_score is None else task.priority_score
        case TaskOrderField.TITLE:
            return task.title.casefold()
        case TaskOrderField.STATE:
            return list(TaskState).index(task.state)
        case TaskOrderField.SOURCE:
            return task.source


T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """`next_cursor` is opaque to everyone but the connector that made it; None at the end.

    `total` counts what the vendor holds for the query as it was sent; None where it does not say.
    """

    items: Sequence[T]
    next_cursor: str | None = None
    total: int | None = None
    total_accuracy: CountAccuracy = CountAccuracy.UNKNOWN

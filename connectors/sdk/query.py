"""The query of a list in native values, and a page of its answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct, structs

from connectors.sdk.model import CountAccuracy, Flow, FlowState, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.names import name_key
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.row_test import (
    FoldedOnce,
    TextMatch,
    all_hold,
    always,
    folded,
    one_holds,
    part_of,
    shown_texts,
)


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
    """One field of an order. Rows without a value come last in both directions."""

    field: TaskOrderField
    direction: SortDirection = SortDirection.ASC


class Interval(Struct, frozen=True, kw_only=True):
    """Times between bounds; None is no bound. A missing value is in no interval."""

    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None

    def holds(self, value: datetime | None) -> bool:
        return value is not None and (
            (self.gt is None or value > self.gt)
            and (self.gte is None or value >= self.gte)
            and (self.lt is None or value < self.lt)
            and (self.lte is None or value <= self.lte)
        )


class TaskQuery(Struct, frozen=True, kw_only=True):
    """A conjunction: every member that is not None must hold. Ids are native.

    An empty set matches nothing. `times` are bounds of order fields that are times. `overdue_at`: open and due before
    that moment, or overdue according to the vendor. `text` is searched in each text of a row (`shown_texts`), both
    `folded`. `present` and `absent` name order fields that must, or must not, have a value: the gateway splits an
    ordered list into these two parts, so it does not matter where the vendor sorts nulls.
    `any_of`: at least one of these queries must match, too; only connectors with `ConnectorInfo.takes_unions` get it.

    `order`, `without_candidates` and `with_data` are no conditions. `without_candidates`: rows may come without their
    candidates (`ConnectorInfo.costly_candidates`), which then count as matching. `with_data`: rows are to bring the data
    of their tasks (`ConnectorInfo.lists_data`).
    """

    ids: frozenset[str] | None = None
    states: frozenset[TaskState] | None = None
    kinds: frozenset[TaskKind] | None = None
    priorities: frozenset[TaskPriority] | None = None
    assignees: frozenset[str] | None = None
    has_assignee: bool | None = None
    candidate_users: frozenset[str] | None = None
    candidate_groups: frozenset[str] | None = None
    has_candidates: bool | None = None
    access_keys: frozenset[str] | None = None
    flows: frozenset[str] | None = None
    definition_keys: frozenset[str] | None = None
    business_keys: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    subject_types: frozenset[str] | None = None
    subject_ids: frozenset[str] | None = None
    times: tuple[tuple[TaskOrderField, Interval], ...] = ()
    overdue_at: datetime | None = None
    is_escalated: bool | None = None
    text: str | None = None
    present: frozenset[TaskOrderField] = frozenset()
    absent: frozenset[TaskOrderField] = frozenset()
    any_of: "tuple[TaskQuery, ...] | None" = None
    order: tuple[SortKey, ...] = ()
    without_candidates: bool = False
    with_data: bool = False

    def test(self, shown: Callable[[Task], str | None] | None = None) -> Callable[[Task], bool]:
        """Whether a row satisfies every member; the order does not count. Made once for many rows.

        `shown` gives the folded text of a row, if several tests of one row share it.
        """
        tests = [*self._record_tests(), *self._people_tests(), *self._business_tests()]
        if self.text is not None:
            shown = shown or FoldedOnce(shown_texts)
            tests.append(part_of(folded(self.text), shown))
        if self.any_of is not None:
            alternatives = [each.bare() for each in self.any_of] if self.without_candidates else self.any_of
            tests.append(one_holds([each.test(shown) for each in alternatives]))
        return all_hold(tests)

    def matches(self, task: Task) -> bool:
        """`test` of one row. For many rows make the test once."""
        return self.test()(task)

    def _record_tests(self) -> Iterator[Callable[[Task], bool]]:
        if (ids := self.ids) is not None:
            yield lambda task: task.native_id in ids
        if (states := self.states) is not None:
            yield lambda task: task.state in states
        if (kinds := self.kinds) is not None:
            yield lambda task: task.kind in kinds
        if (priorities := self.priorities) is not None:
            yield lambda task: task.priority in priorities
        if (moment := self.overdue_at) is not None:
            yield lambda task: overdue(task, moment) is True
        if (is_escalated := self.is_escalated) is not None:
            yield lambda task: task.is_escalated is is_escalated
        for field, interval in self.times:
            yield _within(interval, field)
        for present in self.present:
            yield _has_value(present)
        for absent in self.absent:
            yield _has_no_value(absent)

    def bare(self) -> "TaskQuery":
        """The query for rows without candidates, as `without_candidates`; its alternatives too."""
        alternatives = None if self.any_of is None else tuple(each.bare() for each in self.any_of)
        return structs.replace(self, without_candidates=True, any_of=alternatives)

    def _people_tests(self) -> Iterator[Callable[[Task], bool]]:
        if (owners := self.assignees) is not None:
            yield lambda task: any(user.native_id in owners for user in task.assignees)
        if (has_assignee := self.has_assignee) is not None:
            yield lambda task: bool(task.assignees) == has_assignee
        candidates = all_hold(list(self._candidate_tests()))
        if self.without_candidates and candidates is not always:
            yield lambda task: (task.candidate_users is None and task.candidate_groups is None) or candidates(task)
        elif candidates is not always:
            yield candidates

    def _candidate_tests(self) -> Iterator[Callable[[Task], bool]]:
        if (users := self.candidate_users) is not None:
            yield lambda task: any(user.native_id in users for user in task.candidate_users or ())
        if (groups := self.candidate_groups) is not None:
            names = frozenset(map(name_key, groups))
            yield lambda task: any(
                group.native_id in groups or (group.name is not None and name_key(group.name) in names)
                for group in task.candidate_groups or ()
            )
        if (access_keys := self.access_keys) is not None:
            yield lambda task: task.access_key in access_keys
        if (has_candidates := self.has_candidates) is not None:
            yield lambda task: bool(task.candidate_users or task.candidate_groups) == has_candidates

    def _business_tests(self) -> Iterator[Callable[[Task], bool]]:
        if (flows := self.flows) is not None:
            yield lambda task: task.flow_id in flows
        if (keys := self.definition_keys) is not None:
            yield lambda task: task.definition is not None and task.definition.key in keys
        if (business_keys := self.business_keys) is not None:
            yield lambda task: task.business_key in business_keys
        if (tags := self.tags) is not None:
            yield lambda task: any(tag.name in tags for tag in task.tags or ())
        types, ids = self.subject_types, self.subject_ids
        if types is not None or ids is not None:
            yield lambda task: any(
                (types is None or subject.type in types) and (ids is None or subject.native_id in ids)
                for subject in task.subjects or ()
            )


class FlowQuery(Struct, frozen=True, kw_only=True):
    """A conjunction, as TaskQuery. `definition` is matched with the definition's key."""

    ids: frozenset[str] | None = None
    states: frozenset[FlowState] | None = None
    definition_keys: frozenset[str] | None = None
    definition: TextMatch | None = None
    subject_types: frozenset[str] | None = None
    subject_ids: frozenset[str] | None = None
    subject_label: str | None = None
    has_start: bool | None = None
    started_at: Interval | None = None

    def test(self) -> Callable[[Flow], bool]:
        """Whether a row satisfies every member. Made once for many rows."""
        return all_hold([*self._tests(), *self._subject_tests()])

    def matches(self, flow: Flow) -> bool:
        """`test` of one row. For many rows make the test once."""
        return self.test()(flow)

    def _tests(self) -> Iterator[Callable[[Flow], bool]]:
        if (ids := self.ids) is not None:
            yield lambda flow: flow.native_id in ids
        if (states := self.states) is not None:
            yield lambda flow: flow.state in states
        if (keys := self.definition_keys) is not None:
            yield lambda flow: _definition_key(flow) in keys
        if self.definition is not None:
            holds = self.definition.test()
            yield lambda flow: holds(_definition_key(flow))
        if (has_start := self.has_start) is not None:
            yield lambda flow: (flow.started_at is not None) == has_start
        if (started_at := self.started_at) is not None:
            yield lambda flow: started_at.holds(flow.started_at)

    def _subject_tests(self) -> Iterator[Callable[[Flow], bool]]:
        types, ids = self.subject_types, self.subject_ids
        if types is None and ids is None and self.subject_label is None:
            return
        has_label = TextMatch(contains=self.subject_label).test()
        any_label = self.subject_label is None
        yield lambda flow: any(
            (types is None or subject.type in types)
            and (ids is None or subject.native_id in ids)
            and (any_label or has_label(subject.label))
            for subject in flow.subjects or ()
        )


def _definition_key(flow: Flow) -> str | None:
    return None if flow.definition is None else flow.definition.key


def _within(interval: Interval, field: TaskOrderField) -> Callable[[Task], bool]:
    return lambda task: interval.holds(time_of(task, field))


def _has_value(field: TaskOrderField) -> Callable[[Task], bool]:
    return lambda task: order_value(task, field) is not None


def _has_no_value(field: TaskOrderField) -> Callable[[Task], bool]:
    return lambda task: order_value(task, field) is None


def overdue(task: Task, moment: datetime) -> bool | None:
    """Whether a task is open and was due before that moment. None if unknown: the due time has no zone."""
    if not task.is_open:
        return False
    if task.due_at is not None:
        return task.due_at < moment
    if task.is_overdue is None and task.sla is not None and task.sla.ends_on is not None:
        return None
    return bool(task.is_overdue)


def time_of(task: Task, field: TaskOrderField) -> datetime | None:
    """The value of an order field that is a time; None for other fields."""
    value = order_value(task, field)
    return value if isinstance(value, datetime) else None


_STATES = {state: number for number, state in enumerate(TaskState)}

ORDER_VALUES: Mapping[TaskOrderField, Callable[[Task], datetime | int | str | None]] = {
    TaskOrderField.DUE_AT: lambda task: task.due_at,
    TaskOrderField.FOLLOW_UP_AT: lambda task: task.follow_up_at,
    TaskOrderField.CREATED_AT: lambda task: task.created_at,
    TaskOrderField.UPDATED_AT: lambda task: task.updated_at,
    TaskOrderField.COMPLETED_AT: lambda task: task.completed_at,
    TaskOrderField.PRIORITY: lambda task: 50 if task.priority_score is None else task.priority_score,
    TaskOrderField.TITLE: lambda task: task.title.casefold(),
    TaskOrderField.STATE: lambda task: _STATES[task.state],
    TaskOrderField.SOURCE: lambda task: task.source,
}
"""What a row sorts by. A row without priority sorts as MEDIUM (50)."""


def order_value(task: Task, field: TaskOrderField) -> datetime | int | str | None:
    """The value a row sorts by; see `ORDER_VALUES`."""
    return ORDER_VALUES[field](task)


T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True, dict=True):
    """`next_cursor` is read only by the connector that made it; None at the end.

    `truncated`: the vendor announced rows up to here that it does not give, whether or not there is a next page.
    `total` is the vendor's count for the query as it was sent; None if it does not tell. `odd` are the rows that were
    left out because they do not fit the vendor's documentation.
    """

    items: Sequence[T]
    next_cursor: str | None = None
    truncated: bool = False
    total: int | None = None
    total_accuracy: CountAccuracy = CountAccuracy.UNKNOWN
    odd: Sequence[OddRow] = ()

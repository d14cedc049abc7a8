"""The query of a list in native values, and a page of its answer."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct, structs

from connectors.sdk.model import CountAccuracy, Flow, FlowState, SubjectRef, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.odd_rows import OddRow


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


class TextMatch(Struct, frozen=True, kw_only=True):
    """Every member that is not None must hold. `contains` and `starts_with` compare folded texts, `not_in` exact ones.

    A missing text matches `is_null` and `not_in` only.
    """

    contains: str | None = None
    starts_with: str | None = None
    not_in: frozenset[str] | None = None
    is_null: bool | None = None

    def holds(self, text: str | None) -> bool:
        if text is None:
            return self.contains is None and self.starts_with is None and self.is_null is not False
        plain = folded(text)
        return (
            (self.contains is None or folded(self.contains) in plain)
            and (self.starts_with is None or plain.startswith(folded(self.starts_with)))
            and (self.not_in is None or text not in self.not_in)
            and self.is_null is not True
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

    def matches(self, task: Task) -> bool:
        """Whether a row satisfies every condition."""
        return (
            (self.ids is None or task.native_id in self.ids)
            and (self.states is None or task.state in self.states)
            and (self.kinds is None or task.kind in self.kinds)
            and (self.priorities is None or task.priority in self.priorities)
            and self._matches_people(task)
            and self._matches_business(task)
            and (not self.times or all(interval.holds(time_of(task, field)) for field, interval in self.times))
            and (self.overdue_at is None or overdue(task, self.overdue_at) is True)
            and (self.is_escalated is None or task.is_escalated is self.is_escalated)
            and (self.text is None or self._has_text(task))
            and (not self.present or all(order_value(task, field) is not None for field in self.present))
            and (not self.absent or all(order_value(task, field) is None for field in self.absent))
            and (self.any_of is None or any(each.matches(task) for each in self._alternatives()))
        )

    def bare(self) -> "TaskQuery":
        """The query for rows without candidates, as `without_candidates`; its alternatives too."""
        alternatives = None if self.any_of is None else tuple(each.bare() for each in self.any_of)
        return structs.replace(self, without_candidates=True, any_of=alternatives)

    def _alternatives(self) -> "Sequence[TaskQuery]":
        return [each.bare() for each in self.any_of or ()] if self.without_candidates else self.any_of or ()

    def _matches_people(self, task: Task) -> bool:
        return (
            (self.assignees is None or any(user.native_id in self.assignees for user in task.assignees))
            and (self.has_assignee is None or bool(task.assignees) == self.has_assignee)
            and self._matches_candidates(task)
        )

    def _matches_candidates(self, task: Task) -> bool:
        if self.without_candidates and task.candidate_users is None and task.candidate_groups is None:
            return True
        return (
            (
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
        )

    def _matches_business(self, task: Task) -> bool:
        return (
            (self.flows is None or task.flow_id in self.flows)
            and (
                self.definition_keys is None
                or (task.definition is not None and task.definition.key in self.definition_keys)
            )
            and (self.business_keys is None or task.business_key in self.business_keys)
            and (self.tags is None or any(tag.name in self.tags for tag in task.tags or ()))
            and (
                (self.subject_types is None and self.subject_ids is None)
                or any(
                    (self.subject_types is None or subject.type in self.subject_types)
                    and (self.subject_ids is None or subject.native_id in self.subject_ids)
                    for subject in task.subjects or ()
                )
            )
        )

    def _has_text(self, task: Task) -> bool:
        wanted = folded(self.text or "")
        return any(wanted in folded(text) for text in shown_texts(task))

    def _folded_groups(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in self.candidate_groups or ())


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

    def matches(self, flow: Flow) -> bool:
        key = None if flow.definition is None else flow.definition.key
        return (
            (self.ids is None or flow.native_id in self.ids)
            and (self.states is None or flow.state in self.states)
            and (self.definition_keys is None or key in self.definition_keys)
            and (self.definition is None or self.definition.holds(key))
            and self._matches_subject(flow.subjects or ())
            and (self.has_start is None or (flow.started_at is not None) == self.has_start)
            and (self.started_at is None or self.started_at.holds(flow.started_at))
        )

    def _matches_subject(self, subjects: Sequence[SubjectRef]) -> bool:
        if self.subject_types is None and self.subject_ids is None and self.subject_label is None:
            return True
        label = TextMatch(contains=self.subject_label)
        return any(
            (self.subject_types is None or subject.type in self.subject_types)
            and (self.subject_ids is None or subject.native_id in self.subject_ids)
            and (self.subject_label is None or label.holds(subject.label))
            for subject in subjects
        )


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


def shown_texts(task: Task) -> Sequence[str]:
    """The texts of a row that people read: title, description, definition, business key, subjects."""
    subjects = [subject.label for subject in task.subjects or ()]
    definition = None if task.definition is None else task.definition.name or task.definition.key
    return [text for text in (task.title, task.description, definition, task.business_key, *subjects) if text]


def folded(text: str) -> str:
    """The text as texts are compared: without case, accents and invisible letters; each run of white space is a space.

    White space at both ends is dropped. Compatible forms are one form: a ligature is its letters, a full-width letter
    is the plain one.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    # Decomposing can bring capitals, and folding can bring composed letters: each is done again.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    kept = (
        letter for letter in decomposed if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def has_words(search: str, texts: Sequence[str]) -> bool:
    """Whether each word of `search` is a part of one of the texts, in any order; all are `folded`."""
    plain = [folded(text) for text in texts]
    return all(any(word in text for text in plain) for word in folded(search).split())


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

"""Filters of task lists."""

from msgspec import Struct

from connectors.sdk.model import FlowRef, NativeRef, TaskKind, TaskPriority, TaskRef, TaskState
from connectors.sdk.query import Interval, TaskOrderField
from connectors.sdk.row_test import TextMatch
from schema.ports.people import PersonId


class SubjectMatch(Struct, frozen=True, kw_only=True):
    """One subject must match all members that are not None. `label` matches a part of the name."""

    type: str | None = None
    native_id: str | None = None
    label: str | None = None


class TaskFilter(Struct, frozen=True, kw_only=True):
    """Every member that is not None must hold; an empty set matches nothing. `sources` and `source` are about keys.

    Text members come in pairs: a set of exact values (`titles`) and a match (`title`). `present` and `absent` are times
    that must or must not have a value. All of `all_of`, at least one of `any_of` and not `none_of` must hold too.
    """

    ids: frozenset[TaskRef] | None = None
    sources: frozenset[str] | None = None
    source: TextMatch | None = None
    vendors: frozenset[str] | None = None
    vendor: TextMatch | None = None
    states: frozenset[TaskState] | None = None
    kinds: frozenset[TaskKind] | None = None
    priorities: frozenset[TaskPriority] | None = None
    is_overdue: bool | None = None
    is_escalated: bool | None = None
    text: str | None = None
    titles: frozenset[str] | None = None
    title: TextMatch | None = None
    business_keys: frozenset[str] | None = None
    business_key: TextMatch | None = None
    tags: frozenset[str] | None = None
    tag: TextMatch | None = None
    definition_keys: frozenset[str] | None = None
    definition: TextMatch | None = None
    assignees: frozenset[PersonId] | None = None
    has_assignee: bool | None = None
    candidate_users: frozenset[PersonId] | None = None
    has_candidate_users: bool | None = None
    candidate_groups: frozenset[NativeRef] | None = None
    has_candidate_groups: bool | None = None
    flows: frozenset[FlowRef] | None = None
    has_flow: bool | None = None
    subject: SubjectMatch | None = None
    times: tuple[tuple[TaskOrderField, Interval], ...] = ()
    present: frozenset[TaskOrderField] = frozenset()
    absent: frozenset[TaskOrderField] = frozenset()
    all_of: tuple["TaskFilter", ...] = ()
    any_of: tuple["TaskFilter", ...] | None = None
    none_of: "TaskFilter | None" = None

"""Filter inputs of tasks, and their conversion to the port's filter."""

from collections.abc import Sequence
from typing import Any, Optional, TypeVar

import strawberry
from msgspec import structs

from connectors.sdk.model import OPEN_STATES, FlowRef, NativeRef, TaskRef
from connectors.sdk.query import Interval
from connectors.sdk.row_test import TextMatch
from schema import ports
from schema.core.arguments import argument, given, person
from schema.core.context import Context
from schema.core.enums import TaskKind, TaskOrderField, TaskPriority, TaskState
from schema.core.filters import COMPARED, DateTimeFilter, IdFilter, StringFilter, SubjectFilter, both
from schema.ports import PersonId


@strawberry.input(
    description="Condition on a task's state. Members combine by AND. A member that is null or absent is no condition."
)
class TaskStateFilter:
    eq: TaskState | None = strawberry.field(default=strawberry.UNSET, description="Equal to this state.")
    in_: list[TaskState] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="One of these states. An empty list matches nothing.",
    )
    not_in: list[TaskState] | None = strawberry.field(
        default=strawberry.UNSET,
        description="None of these states. An empty list is no condition.",
    )

    def states(self) -> frozenset[TaskState] | None:
        found: frozenset[TaskState] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        if (others := given(self.not_in)) is not None:
            found = both(found, frozenset(TaskState).difference(others))
        return found


@strawberry.input(
    description="Condition on users. Members combine by AND. A member that is null or absent is no condition."
)
class UserFilter:
    eq: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Global id of a user.")
    in_: list[strawberry.ID] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="Global ids of users: one of them. An empty list matches nothing.",
    )
    not_in: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Global ids of users: none of them; tasks without a user match. An empty list is no condition.",
    )
    me: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True: the viewer. False: any other user; tasks without a user match too.",
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: there is no user. False: there is a user."
    )

    def people(self, field: Sequence[str], context: Context) -> frozenset[PersonId] | None:
        found: frozenset[PersonId] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {person(one, (*field, "eq"), context)})
        if (several := given(self.in_)) is not None:
            found = both(found, {person(text, (*field, "in"), context) for text in several})
        if given(self.me):
            found = both(found, {PersonId(key=context.caller.key)})
        return found

    def others(self, field: Sequence[str], context: Context) -> frozenset[PersonId]:
        """The people in `notIn`, and the viewer if `me` is false: those whose tasks do not match."""
        found = {person(text, (*field, "notIn"), context) for text in given(self.not_in) or ()}
        if given(self.me) is False:
            found.add(PersonId(key=context.caller.key))
        return frozenset(found)


@strawberry.input(
    description="Condition on a task's kind. Members combine by AND. A member that is null or absent is no condition."
)
class TaskKindFilter:
    in_: list[TaskKind] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="One of these kinds. An empty list matches nothing.",
    )
    not_in: list[TaskKind] | None = strawberry.field(
        default=strawberry.UNSET,
        description="None of these kinds. An empty list is no condition.",
    )

    def kinds(self) -> frozenset[TaskKind] | None:
        found: frozenset[TaskKind] | None = None
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        if (others := given(self.not_in)) is not None:
            found = both(found, frozenset(TaskKind).difference(others))
        return found


@strawberry.input(
    description="Condition on a task's priority. Members combine by AND. A member that is null or absent is no condition. A task without a priority matches no condition."
)
class PriorityFilter:
    eq: TaskPriority | None = strawberry.field(default=strawberry.UNSET, description="Equal to this priority.")
    in_: list[TaskPriority] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="One of these priorities. An empty list matches nothing.",
    )
    gte: TaskPriority | None = strawberry.field(default=strawberry.UNSET, description="This priority or a higher one.")

    def priorities(self) -> frozenset[TaskPriority] | None:
        found: frozenset[TaskPriority] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        if (least := given(self.gte)) is not None:
            ordered = list(TaskPriority)
            found = both(found, ordered[ordered.index(least) :])
        return found


@strawberry.input(
    description="Condition on tasks. Members combine by AND. A member that is null, absent or empty is no condition."
)
class TaskFilter:
    and_: list["TaskFilter"] | None = strawberry.field(
        name="and", default=strawberry.UNSET, description="All of these filters must match."
    )
    or_: list["TaskFilter"] | None = strawberry.field(
        name="or",
        default=strawberry.UNSET,
        description="At least one of these filters must match. Empty filters are ignored; a list without other filters is no condition.",
    )
    not_: Optional["TaskFilter"] = strawberry.field(
        name="not", default=strawberry.UNSET, description="This filter must not match. An empty filter is no condition."
    )
    id: IdFilter | None = strawberry.field(default=strawberry.UNSET, description="Global id of the task.")
    source: IdFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Source, by global id. An unknown id is an error."
    )
    source_key: StringFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="Key of the source, for example from the address of a page. A key of no source matches nothing.",
    )
    vendor: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Vendor, for example `camunda`."
    )
    state: TaskStateFilter | None = strawberry.field(default=strawberry.UNSET, description="Unified state.")
    kind: TaskKindFilter | None = strawberry.field(default=strawberry.UNSET, description="Kind of work.")
    is_open: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True: READY, RESERVED, IN_PROGRESS, SUSPENDED or UNKNOWN. False: any other state.",
    )
    is_overdue: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether the task is open and its due time has passed. A task for which this is unknown matches neither value.",
    )
    is_escalated: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether the task is escalated. A task of a source without escalation matches neither value.",
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Text contained in the title, the description (if the list has it), the definition's name, a subject's name or the business key. "
            + COMPARED
        ),
    )
    title: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="Title.")
    business_key: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="Business key.")
    tag: StringFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="Tag name. At least one tag of the task must match. With `notIn`, no tag of the task may be in the list.",
    )
    priority: PriorityFilter | None = strawberry.field(default=strawberry.UNSET, description="Priority.")
    assignee: UserFilter | None = strawberry.field(default=strawberry.UNSET, description="Actual owner.")
    candidate_user: UserFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Users among the candidates."
    )
    candidate_group: IdFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Groups among the candidates, by global id."
    )
    due_at: DateTimeFilter | None = strawberry.field(default=strawberry.UNSET, description="Due time.")
    follow_up_at: DateTimeFilter | None = strawberry.field(default=strawberry.UNSET, description="Follow-up time.")
    created_at: DateTimeFilter | None = strawberry.field(default=strawberry.UNSET, description="Creation time.")
    updated_at: DateTimeFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Time of the last change."
    )
    completed_at: DateTimeFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Time when the task was closed."
    )
    definition_key: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Key of the task definition."
    )
    flow: IdFilter | None = strawberry.field(default=strawberry.UNSET, description="Flow of the task, by global id.")
    subject: SubjectFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Business objects that the task is about."
    )

    def names_state(self) -> bool:
        """Whether the filter restricts the state, at any depth."""
        state, inner = given(self.state), given(self.not_)
        branches = [*(given(self.and_) or ()), *(given(self.or_) or ()), *([] if inner is None else [inner])]
        return (
            given(self.is_open) is not None
            or (state is not None and state.states() is not None)
            or any(branch.names_state() for branch in branches)
        )

    def to_port(self, context: Context, field: tuple[str, ...] = ("filter",)) -> ports.TaskFilter:
        """The port's filter. Raises InputError for a wrong id; `field` is the path of this filter."""
        state, kind, priority = given(self.state), given(self.kind), given(self.priority)
        states = None if state is None else state.states()
        is_open = given(self.is_open)
        if is_open is not None:
            states = both(states, OPEN_STATES if is_open else frozenset(TaskState) - OPEN_STATES)
        source, key, ids = given(self.source), given(self.source_key), given(self.id)
        text = given(self.text)
        subject = given(self.subject)
        return ports.TaskFilter(
            ids=None if ids is None else _refs(ids, "Task", TaskRef, (*field, "id")),
            sources=_both(
                None if source is None else source.source_keys((*field, "source"), context),
                None if key is None else key.values(),
            ),
            source=None if key is None else key.match(),
            states=states,
            kinds=None if kind is None else kind.kinds(),
            priorities=None if priority is None else priority.priorities(),
            is_overdue=given(self.is_overdue),
            is_escalated=given(self.is_escalated),
            text=text or None,
            subject=None if subject is None else subject.match(),
            **self._texts(),
            **self._people(context, field),
            **self._references(field),
            **self._moments(),
            **self._branches(context, field, self._excluded(context, field)),
        )

    def _texts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for values, match, asked in (
            ("vendors", "vendor", given(self.vendor)),
            ("titles", "title", given(self.title)),
            ("business_keys", "business_key", given(self.business_key)),
            ("tags", "tag", given(self.tag)),
            ("definition_keys", "definition", given(self.definition_key)),
        ):
            if asked is not None:
                found |= {values: asked.values(), match: asked.match()}
        if (tag := found.get("tag")) is not None and tag.not_in is not None:
            # One tag must match, but no tag may be excluded: `_excluded` has these.
            kept = structs.replace(tag, not_in=None)
            found["tag"] = None if kept == TextMatch() else kept
        return found

    def _excluded(self, context: Context, field: tuple[str, ...]) -> list[ports.TaskFilter]:
        """What the negative members about ids, people and tags exclude, one filter each."""
        ids, group, flow, tag = given(self.id), given(self.candidate_group), given(self.flow), given(self.tag)
        owner, candidate = given(self.assignee), given(self.candidate_user)
        # Every task has an id: `isNull: false` excludes none, and is a condition all the same within `not` and `or`.
        has_id = ids is not None and given(ids.is_null) is False
        found = [
            *([ports.TaskFilter(ids=frozenset())] if has_id else []),
            ports.TaskFilter(ids=_excluded_refs(ids, "Task", TaskRef, (*field, "id"))),
            ports.TaskFilter(candidate_groups=_excluded_refs(group, "Group", NativeRef, (*field, "candidateGroup"))),
            ports.TaskFilter(flows=_excluded_refs(flow, "Flow", FlowRef, (*field, "flow"))),
            ports.TaskFilter(tags=frozenset((tag and given(tag.not_in)) or ()) or None),
            ports.TaskFilter(assignees=(owner and owner.others((*field, "assignee"), context)) or None),
            ports.TaskFilter(
                candidate_users=(candidate and candidate.others((*field, "candidateUser"), context)) or None
            ),
        ]
        return [each for each in found if each != ports.TaskFilter()]

    def _people(self, context: Context, field: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for people, some, name, asked in (
            ("assignees", "has_assignee", "assignee", given(self.assignee)),
            ("candidate_users", "has_candidate_users", "candidateUser", given(self.candidate_user)),
        ):
            if asked is not None:
                is_null = given(asked.is_null)
                found |= {people: asked.people((*field, name), context), some: None if is_null is None else not is_null}
        return found

    def _references(self, field: tuple[str, ...]) -> dict[str, Any]:
        group, flow = given(self.candidate_group), given(self.flow)
        found: dict[str, Any] = {}
        if group is not None:
            is_null = given(group.is_null)
            found["candidate_groups"] = _refs(group, "Group", NativeRef, (*field, "candidateGroup"), is_list=True)
            found["has_candidate_groups"] = None if is_null is None else not is_null
        if flow is not None:
            is_null = given(flow.is_null)
            found["flows"] = _refs(flow, "Flow", FlowRef, (*field, "flow"), is_list=True)
            found["has_flow"] = None if is_null is None else not is_null
        return found

    def _moments(self) -> dict[str, Any]:
        times: list[tuple[TaskOrderField, Interval]] = []
        present: set[TaskOrderField] = set()
        absent: set[TaskOrderField] = set()
        for name, asked in (
            (TaskOrderField.DUE_AT, given(self.due_at)),
            (TaskOrderField.FOLLOW_UP_AT, given(self.follow_up_at)),
            (TaskOrderField.CREATED_AT, given(self.created_at)),
            (TaskOrderField.UPDATED_AT, given(self.updated_at)),
            (TaskOrderField.COMPLETED_AT, given(self.completed_at)),
        ):
            if asked is None:
                continue
            interval, is_null = asked.interval(), given(asked.is_null)
            if interval is not None:
                times.append((name, interval))
            if is_null is not None:
                (absent if is_null else present).add(name)
        return {"times": tuple(times), "present": frozenset(present), "absent": frozenset(absent)}

    def _branches(
        self, context: Context, field: tuple[str, ...], excluded: Sequence[ports.TaskFilter]
    ) -> dict[str, Any]:
        """`and`, `or`, `not`, and what is excluded. Empty branches are dropped, and an `or` without branches too."""
        empty = ports.TaskFilter()
        all_of = [each.to_port(context, (*field, "and")) for each in given(self.and_) or ()]
        any_of = [each.to_port(context, (*field, "or")) for each in given(self.or_) or ()]
        inner = given(self.not_)
        none_of = None if inner is None else inner.to_port(context, (*field, "not"))
        kept = tuple(each for each in any_of if each != empty)
        return {
            "all_of": (
                *(each for each in all_of if each != empty),
                *(ports.TaskFilter(none_of=each) for each in excluded),
            ),
            "any_of": kept or None,
            "none_of": None if none_of == empty else none_of,
        }


Ref = TypeVar("Ref", bound=NativeRef)


def _refs(
    asked: IdFilter, type_name: str, kind: type[Ref], field: tuple[str, ...], *, is_list: bool = False
) -> frozenset[Ref] | None:
    """The ids as refs. `is_list`: a task may lack the value. Otherwise `isNull: true` matches nothing."""
    if not is_list and given(asked.is_null):
        return frozenset()
    texts = asked.texts()
    return None if texts is None else frozenset(kind(*argument(text, type_name, field).parts) for text in texts)


def _excluded_refs(
    asked: IdFilter | None, type_name: str, kind: type[Ref], field: tuple[str, ...]
) -> frozenset[Ref] | None:
    """The ids in `notIn` as refs, None without any."""
    texts = (None if asked is None else given(asked.not_in)) or ()
    return frozenset(kind(*argument(text, type_name, (*field, "notIn")).parts) for text in texts) or None


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return one if other is None else both(one, other)

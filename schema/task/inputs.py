"""Filters and orders of task lists, and how they become the port's."""

from collections.abc import Sequence

import strawberry

import schema.task.enums  # noqa: F401 describes the enums used below
from connectors.sdk.model import OPEN_STATES, TaskState
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from schema import port
from schema.arguments import given, person
from schema.context import Context
from schema.filters import NOT_CONSIDERED, IdFilter, both
from schema.port import PersonId


@strawberry.input(description="A key to sort by.")
class TaskOrder:
    field: TaskOrderField = strawberry.field(description="What to sort by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


DEFAULT_ORDER = [TaskOrder(field=TaskOrderField.DUE_AT)]


@strawberry.input(description="Which states; members combine by AND.")
class TaskStateFilter:
    eq: TaskState | None = strawberry.field(default=strawberry.UNSET, description=f"This state. {NOT_CONSIDERED}")
    in_: list[TaskState] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description=f"One of these; an empty list matches nothing. {NOT_CONSIDERED}",
    )
    not_in: list[TaskState] | None = strawberry.field(
        default=strawberry.UNSET, description=f"None of these. {NOT_CONSIDERED}"
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


@strawberry.input(description="Which people; members combine by AND.")
class UserFilter:
    eq: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description=f"This person, a User's id. {NOT_CONSIDERED}"
    )
    in_: list[strawberry.ID] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description=f"One of these, Users' ids; an empty list matches nothing. {NOT_CONSIDERED}",
    )
    me: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: the viewer. False, null or absent: not considered."
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"True: nobody. False: somebody. {NOT_CONSIDERED}"
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


@strawberry.input(description="Which tasks; members combine by AND, null and empty ones are not considered.")
class TaskFilter:
    source: IdFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Sources, by their ids. An unknown one is an error. {NOT_CONSIDERED}"
    )
    state: TaskStateFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Unified states. {NOT_CONSIDERED}"
    )
    is_open: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"READY, RESERVED, IN_PROGRESS, SUSPENDED or UNKNOWN; false: any other state. {NOT_CONSIDERED}",
    )
    assignee: UserFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Actual owners. {NOT_CONSIDERED}"
    )

    def names_state(self) -> bool:
        """Whether it says itself which states it wants."""
        state = given(self.state)
        return given(self.is_open) is not None or (state is not None and state.states() is not None)

    def to_port(self, context: Context) -> port.TaskFilter:
        state, source, assignee = given(self.state), given(self.source), given(self.assignee)
        states = None if state is None else state.states()
        is_open = given(self.is_open)
        if is_open is not None:
            states = both(states, OPEN_STATES if is_open else frozenset(TaskState) - OPEN_STATES)
        is_null = None if assignee is None else given(assignee.is_null)
        return port.TaskFilter(
            states=states,
            sources=None if source is None else source.source_keys(("filter", "source"), context),
            assignees=None if assignee is None else assignee.people(("filter", "assignee"), context),
            has_assignee=None if is_null is None else not is_null,
        )


def sort_keys(order: list[TaskOrder] | None) -> tuple[SortKey, ...]:
    return tuple(SortKey(key.field, key.direction) for key in (DEFAULT_ORDER if order is None else order))

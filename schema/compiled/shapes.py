"""How each field of a row is read from its record: the text of a Python expression for each.

In an expression `{r}` is the record, `c` the request's context, `S` the sources by key. A field that is not in its shape is
answered by graphql-core. A test compares every field here with what the GraphQL type gives.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from connectors.sdk import model
from connectors.sdk.query import overdue
from schema.core.relay import global_id, person_id
from schema.core.subject import subjects_from_model
from schema.task import Tag, TaskDefinition, TaskSla


class Leaf(Struct, frozen=True):
    """A scalar or an enum."""

    read: str


class Object(Struct, frozen=True):
    """An object, or None. Its fields are read as `shape` says; without one, they are plain attributes of the GraphQL object."""

    read: str
    shape: str | None = None


class Items(Struct, frozen=True):
    """A list of objects, or None."""

    read: str
    shape: str | None = None


class People(Struct, frozen=True):
    """Users named by a row: a tuple of `UserRef`, or None. `is_one`: the field is the first of them, or null."""

    read: str
    is_one: bool = False


class Groups(Struct, frozen=True):
    """Groups named by a row: a tuple of `GroupRef`, or None."""

    read: str


class Verdicts(Struct, frozen=True):
    """Whether the viewer may do the action that the field's argument names."""

    argument: str = "action"


Getters = Leaf | Object | Items | People | Groups | Verdicts
Shape = Mapping[str, Getters]

_TASK: Shape = {
    **{
        name: Leaf("{r}." + attribute)
        for name, attribute in {
            "kind": "kind",
            "title": "title",
            "state": "state",
            "stateReason": "state_reason",
            "pendingTransition": "pending_transition",
            "isOpen": "is_open",
            "priority": "priority",
            "priorityScore": "priority_score",
            "createdAt": "created_at",
            "updatedAt": "updated_at",
            "assignedAt": "assigned_at",
            "startedAt": "started_at",
            "dueAt": "due_at",
            "followUpAt": "follow_up_at",
            "completedAt": "completed_at",
            "isEscalated": "is_escalated",
            "businessKey": "business_key",
            "outcome": "outcome",
            "url": "url",
            "fetchedAt": "fetched_at",
            "version": "version",
            # Of a row of a list: it never loads its description.
            "description": "description",
        }.items()
    },
    "id": Leaf("GID('Task', {r}.source, {r}.native_id)"),
    "isActionable": Leaf("({r}.is_open and {r}.state is not UNKNOWN and {r}.pending_transition is None)"),
    "isOverdue": Leaf("OVERDUE({r}, c.now)"),
    "source": Object("S[{r}.source]"),
    "sla": Object("(None if {r}.sla is None else SLA({r}.sla))"),
    "definition": Object("(None if {r}.definition is None else DEFINITION({r}.definition, {r}.source))"),
    "subjects": Items("SUBJECTS({r}.subjects)"),
    "tags": Items("(None if {r}.tags is None else [TAG(t) for t in {r}.tags])"),
    "native": Object("{r}", "native"),
    "flow": Object("(None if {r}.flow_id is None else {r})", "flow"),
    "assignee": People("{r}.assignees", is_one=True),
    "assignees": People("{r}.assignees"),
    "candidateUsers": People("{r}.candidate_users"),
    # Of a row of a list: it does not look into the history.
    "completedBy": People("(None if {r}.completed_by is None else ({r}.completed_by,))", is_one=True),
    "candidateGroups": Groups("{r}.candidate_groups"),
    "permittedActions": Items("c.federation.verdicts(c.caller, {r})"),
    "permits": Verdicts(),
}
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "task": _TASK,
        "task edge": {"cursor": Leaf("{r}.cursor()"), "node": Object("{r}.task", "task")},
        "native": {
            "nativeId": Leaf("{r}.native_id"),
            "type": Leaf("{r}.native_type"),
            "state": Leaf("{r}.native_state"),
            "rule": Leaf("{r}.rule"),
            "payload": Leaf("({r}.payload if c.caller.is_task_admin else None)"),
        },
        # What a task knows of its flow; everything else loads the flow.
        "flow": {
            "id": Leaf("GID('Flow', {r}.source, {r}.flow_id)"),
            "name": Leaf("{r}.flow_name"),
            "source": Object("S[{r}.source]"),
            "fetchedAt": Leaf("{r}.fetched_at"),
        },
        # `f` is the account's ref, `{r}` what the row says, `p` the linked person, `d` what the directory says.
        "user": {
            "id": Leaf("(GID('User', f.source, f.native_id) if p is None else PID(p.key))"),
            "displayName": Leaf(
                "(p.name if p is not None else {r}.name if {r}.name is not None"
                " else (None if d is None else d.name or d.username) if {r}.username is None"
                " else (None if d is None else d.name or d.username) or {r}.username)"
            ),
            "email": Leaf(
                "(p.email if p is not None else {r}.email if {r}.email is not None else None if d is None else d.email)"
            ),
            "isActive": Leaf("(None if p is not None or d is None else d.is_active)"),
            "source": Object("(None if p is not None else S[f.source])"),
        },
        "group": {
            "id": Leaf("GID('Group', f.source, f.native_id)"),
            "source": Object("S[f.source]"),
            "name": Leaf("({r}.name if {r}.name is not None else f.native_id if d is None else d.name)"),
            "memberCount": Leaf("(None if d is None else d.member_count)"),
        },
    }
)
FROM_DIRECTORY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "user": {"displayName": "{r}.name is None", "email": "{r}.email is None", "isActive": "True"},
        "group": {"name": "{r}.name is None", "memberCount": "True"},
    }
)
"""Fields that need the directory's entry, and for which rows."""

HELPERS: Mapping[str, Any] = {
    "GID": global_id,
    "PID": person_id,
    "OVERDUE": overdue,
    "UNKNOWN": model.TaskState.UNKNOWN,
    "SLA": TaskSla.from_model,
    "DEFINITION": TaskDefinition.from_model,
    "SUBJECTS": subjects_from_model,
    "TAG": Tag.from_model,
}
"""What the expressions need."""

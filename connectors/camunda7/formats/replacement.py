"""An update as the full replacement that the engine has for it: what is read is sent back with the changes."""

from collections.abc import Mapping

from connectors.camunda7 import wire
from connectors.camunda7.mapping import to_wire, utc
from connectors.sdk import PriorityThresholds, Update, UpdateField, ValidationFailedError, whole_milliseconds

LINKS = frozenset({UpdateField.CANDIDATE_USERS, UpdateField.CANDIDATE_GROUPS})

_MEMBERS = {
    UpdateField.TITLE: "name",
    UpdateField.DESCRIPTION: "description",
    UpdateField.DUE_AT: "due",
    UpdateField.FOLLOW_UP_AT: "followUp",
    UpdateField.PRIORITY: "priority",
}
_TIMES = frozenset({"due", "followUp"})


def changes_of(command: Update, thresholds: PriorityThresholds) -> dict[str, object]:
    """The members of a task that change, without candidates. ValidationFailedError for what is not possible."""
    if not command.fields:
        raise ValidationFailedError("names nothing to change")
    if UpdateField.PRIORITY in command.clear:
        raise ValidationFailedError("a task of Camunda 7 always has a priority", field=("clear",))
    given: dict[UpdateField, object] = {
        UpdateField.TITLE: command.title,
        UpdateField.DESCRIPTION: command.description,
        UpdateField.DUE_AT: command.due_at and to_wire(command.due_at),
        UpdateField.FOLLOW_UP_AT: command.follow_up_at and to_wire(command.follow_up_at),
        UpdateField.PRIORITY: None if command.priority is None else thresholds.score_of(command.priority),
    }
    changes: dict[str, object] = {}
    for field, member in _MEMBERS.items():
        value = given[field]
        if field in command.clear and value is not None:
            raise ValidationFailedError("is given a value and cleared", field=(field.value,))
        if field in command.clear or value is not None:
            changes[member] = value
    return changes


def body_of(task: wire.Task, changes: Mapping[str, object]) -> dict[str, object]:
    """Every member that a replacement can set. One that is left out would lose its value."""
    return {
        "name": task.name,
        "description": task.description,
        "priority": task.priority,
        "assignee": task.assignee,
        "owner": task.owner,
        "delegationState": task.delegation_state,
        "due": task.due,
        "followUp": task.follow_up,
        "parentTaskId": task.parent_task_id,
        "caseInstanceId": task.case_instance_id,
        "tenantId": task.tenant_id,
        **changes,
    }


def shown_of(task: wire.Task, changes: Mapping[str, object]) -> frozenset[str]:
    """The members that have the values that were sent. An empty text is none: a database may store it as null."""
    seen: dict[str, object] = {
        "name": task.name or None,
        "description": task.description or None,
        "priority": task.priority,
        "due": _moment(task.due),
        "followUp": _moment(task.follow_up),
    }
    sent = {
        member: _moment(value) if member in _TIMES else (None if value == "" else value)
        for member, value in changes.items()
    }
    return frozenset(member for member, value in sent.items() if value == seen[member])


def _moment(value: object) -> object:
    """A time in the engine's form as a time; anything else as it is."""
    found = utc(value) if isinstance(value, str) else None
    return value if found is None else whole_milliseconds(found)

"""Camunda's records as the gateway's, and back; pure functions."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from connectors.camunda import wire
from connectors.camunda.settings import CamundaSettings, PriorityThresholds
from connectors.sdk import (
    Definition,
    GroupRef,
    PendingTransition,
    Requirement,
    Tag,
    Task,
    TaskKind,
    TaskOutcome,
    TaskPriority,
    TaskState,
    UserRef,
    ValidationFailedError,
)


class StateRule(Struct, frozen=True):
    """`assigned` None: whether there is an assignee does not matter."""

    native: str
    assigned: bool | None
    state: TaskState
    pending: PendingTransition | None
    rule: str


def _by_assignee(native: str, pending: PendingTransition | None) -> tuple[StateRule, StateRule]:
    name = f"c8.{native.lower()}"
    return (
        StateRule(native, False, TaskState.READY, pending, f"{name}.unassigned"),  # noqa: FBT003 a column
        StateRule(native, True, TaskState.RESERVED, pending, f"{name}.assigned"),  # noqa: FBT003 a column
    )


# The states "...ING" last while task listeners run, which may deny: the fields still hold the old values.
STATE_RULES = (
    StateRule("CREATING", None, TaskState.CREATED, PendingTransition.CREATE, "c8.creating"),
    *_by_assignee("CREATED", None),
    *_by_assignee("ASSIGNING", PendingTransition.ASSIGN),
    *_by_assignee("UPDATING", PendingTransition.UPDATE),
    *_by_assignee("COMPLETING", PendingTransition.COMPLETE),
    *_by_assignee("CANCELING", PendingTransition.CANCEL),
    StateRule("COMPLETED", None, TaskState.COMPLETED, None, "c8.completed"),
    StateRule("CANCELED", None, TaskState.CANCELED, None, "c8.canceled"),
    StateRule("FAILED", None, TaskState.FAILED, None, "c8.failed"),
)

NATIVE_STATES: Mapping[TaskState, frozenset[str]] = {
    state: frozenset(rule.native for rule in STATE_RULES if rule.state is state)
    for state in {rule.state for rule in STATE_RULES}
}

HIGHEST_PRIORITY = 100

# How a row is worked on: by a form of the cluster, or of another application.
KINDS = frozenset({TaskKind.FORM, TaskKind.EXTERNAL})

_RULES = {
    (rule.native, assigned): rule
    for rule in STATE_RULES
    for assigned in ((True, False) if rule.assigned is None else (rule.assigned,))
}
_JSON = msgspec.json.Decoder(float_hook=Decimal)


def state_rule(native: str | None, *, assigned: bool) -> StateRule:
    """The row of the table; a value outside it is UNKNOWN."""
    found = _RULES.get((native or "", assigned))
    return found or StateRule(native or "", assigned, TaskState.UNKNOWN, None, "c8.unknown")


def read_task(raw: bytes | msgspec.Raw) -> wire.UserTask:
    return wire.read_row(raw, wire.UserTask, "a user task")


def task_of(raw: bytes | msgspec.Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Task:
    """One user task. `definition` is the element within its process: one process version for `native_id`, any for `key`."""
    row = read_task(raw)
    rule = state_rule(row.state, assigned=bool(row.assignee))
    return Task(
        source=settings.key,
        native_id=row.user_task_key,
        title=row.name or row.element_id or row.user_task_key,
        state=rule.state,
        rule=rule.rule,
        pending_transition=rule.pending,
        fetched_at=fetched_at,
        kind=TaskKind.EXTERNAL if row.external_form_reference else TaskKind.FORM,
        priority=priority_of(row.priority, settings.options.priority),
        priority_score=row.priority,
        created_at=utc(row.creation_date),
        due_at=utc(row.due_date),
        follow_up_at=utc(row.follow_up_date),
        completed_at=utc(row.completion_date),
        assignees=(UserRef(native_id=row.assignee),) if row.assignee else (),
        candidate_users=tuple(UserRef(native_id=name) for name in dict.fromkeys(row.candidate_users or ())),
        candidate_groups=tuple(GroupRef(native_id=name) for name in dict.fromkeys(row.candidate_groups or ())),
        definition=_task_definition(row),
        flow_id=row.process_instance_key,
        flow_name=row.process_name or row.process_definition_id,
        business_key=row.business_id,
        tags=None if row.tags is None else tuple(Tag(name=name) for name in dict.fromkeys(row.tags)),
        url=url_of(settings.options.url_template, row.user_task_key),
        native_state=row.state,
        payload=msgspec.Raw(raw),
    )


def tasks_of(rows: Iterable[msgspec.Raw], settings: CamundaSettings, *, fetched_at: datetime) -> list[Task]:
    """The tasks of one page; of rows with the same key the first."""
    found: dict[str, Task] = {}
    for raw in rows:
        task = task_of(raw, settings, fetched_at=fetched_at)
        found.setdefault(task.native_id, task)
    return list(found.values())


def priority_of(score: int | None, thresholds: PriorityThresholds) -> TaskPriority | None:
    if score is None:
        return None
    if score <= thresholds.low:
        return TaskPriority.LOW
    if score <= thresholds.medium:
        return TaskPriority.MEDIUM
    return TaskPriority.HIGH if score <= thresholds.high else TaskPriority.CRITICAL


def outcomes_of(settings: CamundaSettings) -> tuple[TaskOutcome, ...]:
    """The configured outcomes: Camunda itself knows none, and completing takes no comment."""
    return tuple(
        TaskOutcome(
            code=outcome.code,
            label=outcome.label,
            nature=outcome.nature,
            data=Requirement.OPTIONAL,
            comment=Requirement.UNSUPPORTED,
        )
        for outcome in settings.options.outcomes
    )


def score_of(priority: TaskPriority, thresholds: PriorityThresholds) -> int:
    """The number that is written for a label, and read as it: the last one of it."""
    written = {
        TaskPriority.LOW: thresholds.low,
        TaskPriority.MEDIUM: thresholds.medium,
        TaskPriority.HIGH: thresholds.high,
        TaskPriority.CRITICAL: HIGHEST_PRIORITY,
    }
    return written[priority]


def data_of(variables: Iterable[wire.Variable]) -> dict[str, object]:
    """Values by name, out of the JSON in their strings; decimals and long integers keep every digit."""
    return {variable.name: _value(variable.value) for variable in variables}


def innermost(variables: Iterable[wire.Variable]) -> list[wire.Variable]:
    """Of variables with one name the one that the task sees.

    A scope is made after the one around it, and one partition counts its keys upwards: the innermost has the highest.
    """
    found: dict[str, wire.Variable] = {}
    for variable in variables:
        known = found.get(variable.name)
        if known is None or _depth(variable) > _depth(known):
            found[variable.name] = variable
    return list(found.values())


def variables_of(data: Mapping[str, object]) -> dict[str, object]:
    """Form data as variables: "customer.name" becomes a member of `customer`, as form-js submits it."""
    variables: dict[str, object] = {}
    for key, value in data.items():
        *path, last = key.split(".")
        node = variables
        for part in path:
            inner = node.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ValidationFailedError("is also given as a plain value", field=("data", key))
            node = inner
        if last in node:
            raise ValidationFailedError("is given twice", field=("data", key))
        node[last] = _sent(value, key)
    return variables


def _depth(variable: wire.Variable) -> int:
    key = variable.scope_key or ""
    return int(key) if key.isdecimal() else -1


def _value(text: str | None) -> object:
    if text is None:
        return None
    try:
        return _JSON.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _sent(value: object, key: str) -> object:
    """Decimals as JSON numbers; a number that JSON has not is refused."""
    if isinstance(value, dict):
        return {name: _sent(each, key) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sent(each, key) for each in value]
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValidationFailedError("is not a finite number", field=("data", key))
    return msgspec.Raw(str(value).encode()) if isinstance(value, Decimal) else value


def _task_definition(row: wire.UserTask) -> Definition | None:
    if row.element_id is None or row.process_definition_id is None or row.process_definition_key is None:
        return None
    return Definition(
        native_id=f"{row.process_definition_key}/{row.element_id}",
        key=f"{row.process_definition_id}/{row.element_id}",
        name=row.name,
        version=version_of(row.process_definition_version),
    )


def version_of(number: int | None) -> str | None:
    return None if number is None else str(number)


def utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def url_of(template: str | None, key: str) -> str | None:
    return None if template is None else template.replace("{key}", quote(key, safe=""))

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
from connectors.sdk.errors import MalformedResponseError, ValidationFailedError
from connectors.sdk.model import (
    Definition,
    Flow,
    FlowState,
    Group,
    GroupRef,
    PendingTransition,
    Requirement,
    Task,
    TaskKind,
    TaskOutcome,
    TaskPriority,
    TaskState,
    User,
    UserRef,
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

FLOW_STATES = {
    "ACTIVE": FlowState.ACTIVE,
    "SUSPENDED": FlowState.SUSPENDED,
    "COMPLETED": FlowState.COMPLETED,
    "TERMINATED": FlowState.CANCELED,
}

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


def read_row(raw: bytes | msgspec.Raw) -> wire.UserTask:
    """A row of the search; MalformedResponseError names the member that does not fit."""
    try:
        return msgspec.json.decode(raw, type=wire.UserTask)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError) else "not readable as JSON"
        raise MalformedResponseError(f"a user task does not fit the vendor's documentation ({where})") from error


def task_of(raw: bytes | msgspec.Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Task:
    """One user task. `definition` is the element within its process: one process version for `native_id`, any for `key`."""
    row = read_row(raw)
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
        created_at=_utc(row.creation_date),
        due_at=_utc(row.due_date),
        follow_up_at=_utc(row.follow_up_date),
        completed_at=_utc(row.completion_date),
        assignees=(UserRef(native_id=row.assignee),) if row.assignee else (),
        candidate_users=tuple(UserRef(native_id=name) for name in dict.fromkeys(row.candidate_users or ())),
        candidate_groups=tuple(GroupRef(native_id=name) for name in dict.fromkeys(row.candidate_groups or ())),
        definition=_task_definition(row),
        flow_id=row.process_instance_key,
        flow_name=row.process_name or row.process_definition_id,
        business_key=row.business_id,
        url=_url(settings.options.url_template, row.user_task_key),
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


def flow_of(row: wire.ProcessInstance, source: str, *, fetched_at: datetime) -> Flow:
    state = FLOW_STATES.get(row.state or "", FlowState.UNKNOWN)
    definition = None
    if row.process_definition_key is not None:
        definition = Definition(
            native_id=row.process_definition_key,
            key=row.process_definition_id or row.process_definition_key,
            name=row.process_definition_name,
            version=_version(row.process_definition_version),
        )
    return Flow(
        source=source,
        native_id=row.process_instance_key,
        state=state,
        rule="c8.flow.unknown" if state is FlowState.UNKNOWN else f"c8.flow.{(row.state or '').lower()}",
        fetched_at=fetched_at,
        name=row.process_definition_name or row.process_definition_id,
        definition=definition,
        has_incident=row.has_incident,
        started_at=_utc(row.start_date),
        ended_at=_utc(row.end_date),
        business_key=row.business_id,
        parent_id=row.parent_process_instance_key,
        root_id=row.root_process_instance_key,
        native_state=row.state,
    )


def user_of(row: wire.User) -> User:
    return User(native_id=row.username, username=row.username, name=row.name, email=row.email)


def group_of(row: wire.Group) -> Group:
    """Tasks may name a group by its name although they should by its id: the name is an alias."""
    return Group(native_id=row.group_id, name=row.name or row.group_id, aliases=(row.name,) if row.name else ())


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


def data_of(variables: Iterable[wire.Variable]) -> dict[str, object]:
    """Values by name, out of the JSON in their strings; decimals and long integers keep every digit."""
    return {variable.name: _value(variable.value) for variable in variables}


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
    if row.element_id is None or row.process_definition_key is None:
        return None
    return Definition(
        native_id=f"{row.process_definition_key}/{row.element_id}",
        key=f"{row.process_definition_id or row.process_definition_key}/{row.element_id}",
        name=row.name,
        version=_version(row.process_definition_version),
    )


def _version(number: int | None) -> str | None:
    return None if number is None else str(number)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _url(template: str | None, key: str) -> str | None:
    return None if template is None else template.replace("{key}", quote(key, safe=""))


def task_within_flow(task: Task, flow: Flow) -> Task:
    """From 8.10 a process instance can be suspended: nobody can work on its open tasks then."""
    if not task.is_open or flow.state is not FlowState.SUSPENDED:
        return task
    return msgspec.structs.replace(
        task, state=TaskState.SUSPENDED, state_reason="FLOW_SUSPENDED", rule="c8.flow.suspended"
    )

"""User tasks as tasks, and changes of a task as the vendor's JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from msgspec import Raw, Struct

from connectors.camunda import wire
from connectors.camunda.ids import definition_id
from connectors.camunda.settings import CamundaSettings
from connectors.sdk import (
    Decoded,
    Definition,
    GroupRef,
    OddRow,
    PendingTransition,
    PriorityThresholds,
    Tag,
    Task,
    TaskKind,
    TaskState,
    Update,
    UpdateField,
    UserRef,
    ValidationFailedError,
    decode_record,
    decode_rows,
    distinct,
    link_of,
    time_from_wire,
    whole_milliseconds,
)


class StateRule(Struct, frozen=True):
    """One row of the table of states. `assigned` None: the rule holds with and without an assignee."""

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


# A task is in a state "...ING" while task listeners run. A listener may refuse: the record still has the old values.
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

# A priority outside of this range is shown as the nearer end: the graph's integers have 32 bits.
LOWEST_SCORE, HIGHEST_SCORE = -(1 << 31), (1 << 31) - 1

# The members of a row that name its owner and candidates.
PEOPLE = frozenset({"assignee", "candidateUsers", "candidateGroups"})

# The kinds that a task can have: with a form of the cluster (or none), or with a form of another application.
KINDS = frozenset({TaskKind.FORM, TaskKind.EXTERNAL})

_RULES = {
    (rule.native, assigned): rule
    for rule in STATE_RULES
    for assigned in ((True, False) if rule.assigned is None else (rule.assigned,))
}


def state_rule(native: str | None, *, assigned: bool) -> StateRule:
    """The row of the table. A native state that the table does not have is UNKNOWN."""
    found = _RULES.get((native or "", assigned))
    return found or StateRule(native or "", assigned, TaskState.UNKNOWN, None, "c8.unknown")


def read_task(raw: bytes | Raw) -> Decoded[wire.UserTask]:
    return decode_record(raw, wire.UserTask)


def task_of(row: wire.UserTask, raw: bytes | Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Task:
    """`raw` are the bytes of the row."""
    score = None if row.priority is None else min(max(row.priority, LOWEST_SCORE), HIGHEST_SCORE)
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
        priority=settings.options.priority.priority_of(row.priority),
        priority_score=score,
        created_at=utc(row.creation_date),
        due_at=utc(row.due_date),
        follow_up_at=utc(row.follow_up_date),
        completed_at=utc(row.completion_date),
        assignees=(UserRef(native_id=row.assignee),) if row.assignee else (),
        candidate_users=users_of(row.candidate_users or ()),
        candidate_groups=groups_of(row.candidate_groups or ()),
        definition=_definition_of(row),
        flow_id=row.process_instance_key,
        flow_name=row.process_name or row.process_definition_id,
        business_key=row.business_id,
        tags=None if row.tags is None else tuple(Tag(name=name) for name in dict.fromkeys(row.tags)),
        url=link_of(settings.task_link, row.user_task_key),
        native_state=row.state,
        payload=Raw(raw),
    )


def tasks_of(
    rows: Iterable[Raw], settings: CamundaSettings, *, fetched_at: datetime
) -> tuple[list[Task], tuple[OddRow, ...]]:
    """The tasks of one page, each once, and the rows that do not fit."""

    def made(row: wire.UserTask, raw: Raw) -> Task:
        return task_of(row, raw, settings, fetched_at=fetched_at)

    found = decode_rows(rows, read_task, as_task=made, people=PEOPLE)
    return distinct((made(row, raw) for row, raw in found.rows), attrgetter("native_id")), found.odd


def task_definition(
    *, process_key: str, process_id: str, element_id: str, name: str | None, version: int | None
) -> Definition:
    """An element of a process. `native_id` is about one version of the process, `key` about all versions."""
    return Definition(
        native_id=definition_id(process_key, element_id),
        key=definition_id(process_id, element_id),
        name=name,
        version=version_of(version),
    )


def changeset_of(command: Update, thresholds: PriorityThresholds) -> dict[str, object]:
    """The changes that an update sends, none for options alone. ValidationFailedError if one is not possible."""
    if UpdateField.PRIORITY in command.clear:
        raise ValidationFailedError("a task of Camunda 8 always has a priority", field=("clear",))
    given: dict[UpdateField, tuple[str, object, object]] = {
        UpdateField.DUE_AT: ("dueDate", command.due_at and whole_milliseconds(command.due_at), ""),
        UpdateField.FOLLOW_UP_AT: (
            "followUpDate",
            command.follow_up_at and whole_milliseconds(command.follow_up_at),
            "",
        ),
        UpdateField.PRIORITY: ("priority", command.priority and thresholds.score_of(command.priority), None),
        UpdateField.CANDIDATE_USERS: ("candidateUsers", _each_once(command.candidate_users), ()),
        UpdateField.CANDIDATE_GROUPS: ("candidateGroups", _each_once(command.candidate_groups), ()),
    }
    changeset: dict[str, object] = {}
    for field, (member, value, cleared) in given.items():
        if field in command.clear:
            if value is not None:
                raise ValidationFailedError("is given a value and cleared", field=(field.value,))
            changeset[member] = cleared
        elif value is not None:
            changeset[member] = value
    return changeset


def users_of(names: Sequence[str]) -> tuple[UserRef, ...]:
    """A reference for each distinct name."""
    return tuple(UserRef(native_id=name) for name in dict.fromkeys(names))


def groups_of(ids: Sequence[str]) -> tuple[GroupRef, ...]:
    """A reference for each distinct id."""
    return tuple(GroupRef(native_id=each) for each in dict.fromkeys(ids))


def version_of(number: int | None) -> str | None:
    return None if number is None else str(number)


def utc(text: str | None) -> datetime | None:
    """None for a text that is no time with a zone, and for a time before year 1 or after year 9999."""
    return time_from_wire(text, None)


def _definition_of(row: wire.UserTask) -> Definition | None:
    if row.element_id is None or row.process_definition_id is None or row.process_definition_key is None:
        return None
    return task_definition(
        process_key=row.process_definition_key,
        process_id=row.process_definition_id,
        element_id=row.element_id,
        name=row.name,
        version=row.process_definition_version,
    )


def _each_once(ids: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(dict.fromkeys(ids))

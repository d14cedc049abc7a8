"""Tasks of the engine, and of its history, as tasks."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Raw, Struct

from connectors.camunda7 import wire
from connectors.camunda7.ids import definition_id, process_key, process_version
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    Definition,
    GroupRef,
    Task,
    TaskKind,
    TaskState,
    UserRef,
    link_of,
    time_from_wire,
    whole_milliseconds,
)

# What the history says of how a task ended. The last text is the engine's own, with its mistake.
COMPLETED, SKIPPED = "completed", "Cancellation due to process instance modifcation"

# The members of a row that name its owner. Candidates are not part of it.
PEOPLE = frozenset({"assignee"})

KINDS = frozenset({TaskKind.FORM, TaskKind.EXTERNAL})


class Candidates(Struct, frozen=True):
    """The candidates of one task, sorted."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class OfFlow(Struct, frozen=True):
    """What a task gets from its process instance."""

    business_key: str | None = None
    name: str | None = None


NO_FLOW = OfFlow()


class Rule(Struct, frozen=True):
    state: TaskState
    rule: str
    reason: str | None = None


def rule_of(task: wire.Task) -> Rule:
    """The state of an open task."""
    if task.suspended:
        return Rule(TaskState.SUSPENDED, "c7.suspended", "FLOW_SUSPENDED")
    if task.assignee:
        return Rule(TaskState.RESERVED, "c7.assigned")
    return Rule(TaskState.READY, "c7.unassigned")


def rule_of_closed(task: wire.HistoricTask) -> Rule:
    match task.delete_reason:
        case None:
            return Rule(TaskState.UNKNOWN, "c7.unknown")
        case "completed":
            return Rule(TaskState.COMPLETED, "c7.completed")
        case reason if reason == SKIPPED:
            return Rule(TaskState.SKIPPED, "c7.modified")
        case _:
            return Rule(TaskState.CANCELED, "c7.deleted")


def task_of(
    row: wire.Task,
    raw: bytes | Raw,
    settings: Camunda7Settings,
    *,
    fetched_at: datetime,
    candidates: Candidates | None = None,
    of_flow: OfFlow = NO_FLOW,
) -> Task:
    """`raw` are the bytes of the row. Without `candidates` they are not known."""
    rule = rule_of(row)
    return Task(
        source=settings.key,
        native_id=row.id,
        title=row.name or row.task_definition_key or row.id,
        state=rule.state,
        rule=rule.rule,
        state_reason=rule.reason,
        fetched_at=fetched_at,
        kind=kind_of(row.form_key),
        description=row.description or None,
        priority=settings.options.priority.priority_of(row.priority),
        priority_score=row.priority,
        created_at=utc(row.created),
        updated_at=utc(row.last_updated),
        due_at=utc(row.due),
        follow_up_at=utc(row.follow_up),
        assignees=users_of([row.assignee]) if row.assignee else (),
        candidate_users=None if candidates is None else users_of(candidates.users),
        candidate_groups=None if candidates is None else groups_of(candidates.groups),
        definition=_definition_of(row, None),
        flow_id=row.process_instance_id,
        flow_name=of_flow.name or _key_of(row, None),
        business_key=of_flow.business_key,
        url=link_of(settings.options.url_template, row.id),
        native_state="open",
        payload=Raw(raw),
    )


def closed_task_of(
    row: wire.HistoricTask,
    raw: bytes | Raw,
    settings: Camunda7Settings,
    *,
    fetched_at: datetime,
    of_flow: OfFlow = NO_FLOW,
) -> Task:
    """A closed task has no candidates any more."""
    rule = rule_of_closed(row)
    return Task(
        source=settings.key,
        native_id=row.id,
        title=row.name or row.task_definition_key or row.id,
        state=rule.state,
        rule=rule.rule,
        fetched_at=fetched_at,
        kind=TaskKind.FORM,
        description=row.description or None,
        priority=settings.options.priority.priority_of(row.priority),
        priority_score=row.priority,
        created_at=utc(row.start_time),
        due_at=utc(row.due),
        follow_up_at=utc(row.follow_up),
        completed_at=utc(row.end_time),
        assignees=users_of([row.assignee]) if row.assignee else (),
        definition=_definition_of(row, row.process_definition_key),
        flow_id=row.process_instance_id,
        flow_name=of_flow.name or _key_of(row, row.process_definition_key),
        business_key=of_flow.business_key,
        url=link_of(settings.options.url_template, row.id),
        native_state=row.delete_reason,
        payload=Raw(raw),
    )


def candidates_of(links: Sequence[wire.IdentityLink]) -> Candidates:
    wanted = [link for link in links if link.type == "candidate"]
    return Candidates(
        tuple(sorted({link.user_id for link in wanted if link.user_id})),
        tuple(sorted({link.group_id for link in wanted if link.group_id})),
    )


def kind_of(form_key: str | None) -> TaskKind:
    """EXTERNAL for a form that only an application of its own can show."""
    return TaskKind.EXTERNAL if form_key and not form_key.startswith("camunda-forms:") else TaskKind.FORM


def users_of(names: Sequence[str]) -> tuple[UserRef, ...]:
    return tuple(UserRef(native_id=name) for name in dict.fromkeys(names))


def groups_of(ids: Sequence[str]) -> tuple[GroupRef, ...]:
    return tuple(GroupRef(native_id=each) for each in dict.fromkeys(ids))


def utc(text: str | None) -> datetime | None:
    return time_from_wire(text, None)


def to_wire(moment: datetime) -> str:
    """The only form that the engine reads: milliseconds, and an offset without a colon."""
    plain = whole_milliseconds(moment).astimezone(UTC).replace(tzinfo=None)
    return f"{plain.isoformat(timespec='milliseconds')}+0000"


def _key_of(row: wire.Task | wire.HistoricTask, key: str | None) -> str | None:
    return key or (process_key(row.process_definition_id) if row.process_definition_id else None)


def _definition_of(row: wire.Task | wire.HistoricTask, key: str | None) -> Definition | None:
    process = row.process_definition_id
    if process is None or row.task_definition_key is None:
        return None
    return Definition(
        native_id=definition_id(process, row.task_definition_key),
        key=definition_id(key or process_key(process), row.task_definition_key),
        name=row.name,
        version=process_version(process),
    )

"""UiPath's records as the gateway's; pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.sdk import (
    Definition,
    Flow,
    FlowState,
    Group,
    GroupRef,
    MalformedResponseError,
    Sla,
    Tag,
    Task,
    TaskKind,
    TaskPriority,
    TaskState,
    User,
    UserRef,
    time_from_wire,
)
from connectors.uipath import wire
from connectors.uipath.native_id import FlowId, TaskId, guid
from connectors.uipath.settings import UiPathSettings

V = TypeVar("V")

# In the order of the vendor's numbers (Orchestrator's description).
STATUSES = ("Unassigned", "Pending", "Completed")
TYPES: Mapping[str, TaskKind] = {
    "FormTask": TaskKind.FORM,
    "ExternalTask": TaskKind.EXTERNAL,
    "DocumentValidationTask": TaskKind.DOCUMENT,
    "DocumentClassificationTask": TaskKind.DOCUMENT,
    "DataLabelingTask": TaskKind.DOCUMENT,
    "AppTask": TaskKind.APP,
}
PRIORITIES: Mapping[str, TaskPriority] = {
    "Low": TaskPriority.LOW,
    "Medium": TaskPriority.MEDIUM,
    "High": TaskPriority.HIGH,
    "Critical": TaskPriority.CRITICAL,
}
SCORES = {TaskPriority.LOW: 25, TaskPriority.MEDIUM: 50, TaskPriority.HIGH: 75, TaskPriority.CRITICAL: 100}
NAMES_OF_PRIORITIES = {priority: name for name, priority in PRIORITIES.items()}

# Newer clients create type 6, which no older description has.
TYPE_NAMES = (*TYPES, "QuickFormTask")
SLA_STATUSES = ("OverdueLater", "OverdueSoon", "Overdue", "CompletedInTime")
SLA_CRITERIA = ("TaskCreated", "TaskAssigned", "TaskCompleted")
USER_TYPES = ("User", "Robot", "DirectoryUser", "DirectoryGroup", "DirectoryRobot", "DirectoryExternalApplication")
PEOPLE = frozenset({None, "User", "DirectoryUser"})

FLOW_STATES: Mapping[str, FlowState] = {
    "Pending": FlowState.ACTIVE,
    "Running": FlowState.ACTIVE,
    "Pausing": FlowState.ACTIVE,
    "Paused": FlowState.SUSPENDED,
    "Resuming": FlowState.ACTIVE,
    "Retrying": FlowState.ACTIVE,
    "Upgrading": FlowState.ACTIVE,
    "Canceling": FlowState.ACTIVE,
    "Cancelled": FlowState.CANCELED,
    "Completed": FlowState.COMPLETED,
    "Faulted": FlowState.FAILED,
}


def name_of(code: wire.Code, names: Sequence[str]) -> str | None:
    """An enum's text; of a number its text where it is known, else the number as text."""
    if isinstance(code, int):
        return names[code] if 0 <= code < len(names) else str(code)
    return code


def state_of(status: str | None, *, owned: bool, deleted: bool) -> tuple[TaskState, str]:
    """The state and the rule that decided.

    A task that is given to a group, or to all of several people, is Pending for the vendor although nobody owns it.
    """
    if deleted:
        return TaskState.CANCELED, "uipath.deleted"
    match status:
        case "Unassigned":
            return TaskState.READY, "uipath.unassigned"
        case "Pending" if owned:
            return TaskState.RESERVED, "uipath.pending.assigned"
        case "Pending":
            return TaskState.READY, "uipath.pending.shared"
        case "Completed":
            return TaskState.COMPLETED, "uipath.completed"
        case _:
            return TaskState.UNKNOWN, "uipath.unknown"


def task_from_wire(
    row: wire.Task,
    settings: UiPathSettings,
    *,
    fetched_at: datetime,
    payload: Raw | None = None,
    folder: int | None = None,
) -> Task:
    """`folder` is where the task was asked for, for records that do not say it; without any there is no id."""
    unit = row.organization_unit_id or folder
    if unit is None:
        raise MalformedResponseError("names no folder of a task")
    status = name_of(row.status, STATUSES)
    owner = _owner(row)
    deleted = row.is_deleted is True
    state, rule = state_of(status, owned=owner is not None, deleted=deleted)
    priority = name_of(row.priority, tuple(PRIORITIES))
    level = PRIORITIES.get(priority or "")
    native_type = name_of(row.type, TYPE_NAMES)
    job = guid(row.creator_job_key)
    sla = _sla(row)
    users, groups = _candidates(row) if owner is None else ((), ())
    completed = state is TaskState.COMPLETED
    return Task(
        source=settings.key,
        native_id=str(TaskId(unit, row.id)),
        title=row.title or str(row.id),
        state=state,
        rule=rule,
        fetched_at=fetched_at,
        kind=TYPES.get(native_type or "", TaskKind.UNKNOWN),
        state_reason="DELETED" if deleted else None,
        priority=level,
        priority_score=None if level is None else SCORES[level],
        created_at=time_from_wire(row.creation_time, UTC),
        updated_at=time_from_wire(row.last_modification_time, UTC),
        assigned_at=time_from_wire(row.last_assigned_time, UTC),
        due_at=None if sla is None else sla.expires_at,
        completed_at=time_from_wire(row.completion_time, UTC),
        is_overdue=True if sla is not None and sla.status == "Overdue" and not (completed or deleted) else None,
        sla=sla,
        assignees=() if owner is None else (owner,),
        candidate_users=users,
        candidate_groups=groups,
        completed_by=None if row.completed_by_user is None else user_ref(row.completed_by_user),
        definition=_definition(row.task_catalog_name),
        flow_id=None if job is None else str(FlowId(unit, job)),
        business_key=row.external_tag or None,
        outcome=row.action or None if completed else None,
        tags=None if row.tags is None else tuple(_tag(tag) for tag in row.tags),
        url=settings.task_url(unit, row.id),
        native_type=native_type,
        native_state=status,
        payload=payload,
    )


def flow_from_wire(
    row: wire.Instance, settings: UiPathSettings, *, folder: int | str, fetched_at: datetime, payload: Raw | None = None
) -> Flow:
    native = row.latest_run_status
    state = FLOW_STATES.get(native, FlowState.UNKNOWN)
    package = row.package_id or row.process_key
    version = row.package_version
    return Flow(
        source=settings.key,
        native_id=str(FlowId(folder, row.instance_id.lower())),
        state=state,
        rule=f"uipath.instance.{native.lower()}" if native in FLOW_STATES else "uipath.instance.unknown",
        fetched_at=fetched_at,
        name=row.instance_display_name or row.package_id,
        definition=None
        if not package
        else Definition(
            native_id=package if not version else f"{package}:{version}",
            key=package,
            name=row.package_id,
            version=version,
        ),
        has_incident=True if state is FlowState.FAILED else None,
        started_at=time_from_wire(row.started_time_utc, UTC),
        ended_at=time_from_wire(row.completed_time_utc, UTC),
        started_by=_starter(row),
        native_state=native,
        payload=payload,
    )


def assigned(task: Task, owner: UserRef, *, fetched_at: datetime) -> Task:
    state, rule = state_of("Pending", owned=True, deleted=False)
    return replace(
        task,
        state=state,
        rule=rule,
        native_state="Pending",
        assignees=(owner,),
        candidate_users=(),
        candidate_groups=(),
        assigned_at=fetched_at,
        fetched_at=fetched_at,
        payload=None,
    )


def shared(task: Task, group: GroupRef, *, fetched_at: datetime) -> Task:
    """The task once it was given to all members of a group."""
    state, rule = state_of("Pending", owned=False, deleted=False)
    return replace(
        task,
        state=state,
        rule=rule,
        native_state="Pending",
        assignees=(),
        candidate_users=(),
        candidate_groups=(group,),
        fetched_at=fetched_at,
        payload=None,
    )


def unassigned(task: Task, *, fetched_at: datetime) -> Task:
    state, rule = state_of("Unassigned", owned=False, deleted=False)
    return replace(
        task,
        state=state,
        rule=rule,
        native_state="Unassigned",
        assignees=(),
        candidate_users=(),
        candidate_groups=(),
        fetched_at=fetched_at,
        payload=None,
    )


def completed(task: Task, outcome: str | None, *, fetched_at: datetime) -> Task:
    state, rule = state_of("Completed", owned=False, deleted=False)
    return replace(
        task,
        state=state,
        rule=rule,
        native_state="Completed",
        outcome=outcome,
        completed_at=fetched_at,
        fetched_at=fetched_at,
        payload=None,
    )


def deleted(task: Task, reason: str, rule: str, *, fetched_at: datetime) -> Task:
    return replace(task, state=TaskState.CANCELED, rule=rule, state_reason=reason, fetched_at=fetched_at, payload=None)


def user_ref(login: wire.UserLogin) -> UserRef | None:
    if login.id is None:
        return None
    return UserRef(native_id=str(login.id), name=_display_name(login), email=login.email_address or None)


def user_of(login: wire.UserLogin) -> User | None:
    """None for groups, robots and applications, and for what has no id."""
    if login.id is None or is_group(login) or name_of(login.type, USER_TYPES) not in PEOPLE:
        return None
    return User(
        native_id=str(login.id),
        name=_display_name(login),
        username=login.user_name or None,
        email=login.email_address or None,
    )


def group_of(login: wire.UserLogin) -> Group | None:
    if login.id is None or not is_group(login):
        return None
    name = _display_name(login) or str(login.id)
    aliases = (login.user_name,) if login.user_name and login.user_name != name else ()
    return Group(native_id=str(login.id), name=name, aliases=aliases)


def is_group(login: wire.UserLogin) -> bool:
    """By its type; older versions name none: then by what only people have, a surname or a mail address."""
    kind = name_of(login.type, USER_TYPES)
    if kind is not None:
        return kind == "DirectoryGroup"
    return not login.surname and not login.email_address and bool(login.name or login.display_name)


def self_from_wire(user: wire.CurrentUser) -> User:
    name = user.full_name or " ".join(filter(None, (user.name, user.surname)))
    return User(
        native_id=str(user.id),
        name=name or None,
        username=user.user_name or None,
        email=user.email_address or None,
        is_active=user.is_active,
    )


def tag_to_wire(tag: Tag) -> dict[str, str]:
    """Both display members are given: the newer client sends them with every tag."""
    value = {} if tag.value is None else {"Value": tag.value, "DisplayValue": tag.value}
    return {"Name": tag.name, "DisplayName": tag.label or tag.name, **value}


def distinct(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Of records with the same id the first."""
    found: dict[str, Task] = {}
    for task in tasks:
        found.setdefault(task.native_id, task)
    return tuple(found.values())


def _owner(row: wire.Task) -> UserRef | None:
    """The one person; the id beside the expanded record is enough."""
    login = row.assigned_to_user
    if login is not None and login.id is not None and row.assigned_to_user_id in {None, login.id}:
        return user_ref(login)
    return None if row.assigned_to_user_id is None else UserRef(native_id=str(row.assigned_to_user_id))


def _candidates(row: wire.Task) -> tuple[tuple[UserRef, ...], tuple[GroupRef, ...]]:
    """Those to whom a task is given that nobody owns; whoever is named twice counts once.

    Where the assignments are not expanded, the name beside them is all that tells the group.
    """
    logins = [each.assignee for each in row.task_assignments or () if each.assignee is not None]
    distinct_logins = {login.id: login for login in (*logins, *(row.task_assignees or ())) if login.id is not None}
    users = [ref for login in distinct_logins.values() if not is_group(login) and (ref := user_ref(login)) is not None]
    groups = [
        GroupRef(native_id=str(login.id), name=_display_name(login))
        for login in distinct_logins.values()
        if is_group(login)
    ]
    if not users and not groups and row.task_assignee_name:
        groups = [GroupRef(native_id=row.task_assignee_name, name=row.task_assignee_name)]
    return tuple(users), tuple(groups)


def _display_name(login: wire.UserLogin) -> str | None:
    return login.display_name or " ".join(filter(None, (login.name, login.surname))) or login.user_name or None


def _definition(catalog: str | None) -> Definition | None:
    return Definition(native_id=catalog, key=catalog, name=catalog) if catalog else None


def _sla(row: wire.Task) -> Sla | None:
    """The one that ends first, where there are several."""
    details = [row.task_sla_detail] if row.task_sla_detail is not None else list(row.task_sla_details or ())
    dated = [(time_from_wire(each.expiry_time, UTC), each) for each in details]
    if not dated:
        return None
    end, detail = min(dated, key=lambda pair: (pair[0] is None, pair[0] or datetime.max.replace(tzinfo=UTC)))
    return Sla(
        status=name_of(detail.status, SLA_STATUSES),
        starts_on=name_of(detail.start_criteria, SLA_CRITERIA),
        ends_on=detail.expiry_time,
        expires_at=end,
    )


def _tag(tag: wire.Tag) -> Tag:
    label = tag.display_name if tag.display_name and tag.display_name != tag.name else None
    return Tag(name=tag.name, value=tag.value or None, label=label)


def _starter(row: wire.Instance) -> UserRef | None:
    if row.user_id is None or row.user_id <= 0:
        return None
    return UserRef(native_id=str(row.user_id), name=row.started_by_user or None)

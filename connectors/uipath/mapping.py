"""Task and user records of UiPath as records of the model, and tags and assignees as the vendor takes them; pure functions."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Raw
from msgspec.structs import asdict

from connectors.sdk import (
    Decoded,
    Definition,
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
from connectors.uipath.formats import decode_readable
from connectors.uipath.ids import FlowId, TaskId, guid, number
from connectors.uipath.settings import UiPathSettings
from connectors.uipath.wire import name_of

# Enums in the order of the vendor's numbers, from Orchestrator's API description.
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

# Newer clients create type 6, which is not in the API description.
TYPE_NAMES = (*TYPES, "QuickFormTask")
SLA_STATUSES = ("OverdueLater", "OverdueSoon", "Overdue", "CompletedInTime")
SLA_CRITERIA = ("TaskCreated", "TaskAssigned", "TaskCompleted")
USER_TYPES = ("User", "Robot", "DirectoryUser", "DirectoryGroup", "DirectoryRobot", "DirectoryExternalApplication")
PEOPLE = frozenset({None, "User", "DirectoryUser"})
# The members without which it is not known whose a task is.
OWNERS = frozenset(
    {
        "organizationUnitId",
        "assignedToUser",
        "assignedToUserId",
        "taskAssignments",
        "taskAssignees",
        "taskAssigneeName",
    }
)


def state_of(status: str | None, *, owned: bool, deleted: bool) -> tuple[TaskState, str]:
    """The state, and the name of the rule that decided it.

    A task that is given to a group, or to several people at once, is Pending for the vendor but has no owner.
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


def row_of(found: Decoded[wire.Task]) -> wire.Task:
    """A row of a list: an `OddTask` if it does not fit."""
    odd = found.odd
    if found.record is None:
        return wire.OddTask(id=0, odd=odd)
    return wire.OddTask(**asdict(found.record), odd=odd) if odd else found.record


def read_task(raw: Raw) -> Decoded[wire.Task]:
    """The record of a task that exists. It has to name a folder: without one the task has no id."""
    found = decode_readable(raw, wire.Task)
    unit = None if found.record is None else found.record.organization_unit_id
    if found.record is None or (unit is not None and unit > 0):
        return found
    return Decoded(found.record, tuple(dict.fromkeys((*found.odd, "organizationUnitId"))))


def task_from_wire(
    row: wire.Task,
    settings: UiPathSettings,
    *,
    fetched_at: datetime,
    payload: Raw | None = None,
    folder: int | None = None,
) -> Task:
    """`folder` is the id for records that do not name a folder. Without any folder MalformedResponseError: there is no id."""
    unit = row.organization_unit_id or folder
    if unit is None:
        raise MalformedResponseError("returned a task without a folder")
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
        access_key=str(unit),
        payload=payload,
    )


def user_ref(login: wire.UserLogin) -> UserRef | None:
    """None without an id."""
    if login.id is None:
        return None
    return UserRef(native_id=str(login.id), name=_display_name(login), email=login.email_address or None)


def user_of(login: wire.UserLogin) -> User | None:
    """None for groups, robots and applications, and without an id."""
    if login.id is None or is_group(login) or name_of(login.type, USER_TYPES) not in PEOPLE:
        return None
    return User(
        native_id=str(login.id),
        name=_display_name(login),
        username=login.user_name or None,
        email=login.email_address or None,
    )


def group_of(login: wire.UserLogin) -> Group | None:
    """None for everything but groups, and without an id."""
    if login.id is None or not is_group(login):
        return None
    name = _display_name(login) or str(login.id)
    aliases = (login.user_name,) if login.user_name and login.user_name != name else ()
    return Group(native_id=str(login.id), name=name, aliases=aliases)


def is_group(login: wire.UserLogin) -> bool:
    """By its type. Older versions name none: then a login with a name but neither surname nor mail address is a group."""
    kind = name_of(login.type, USER_TYPES)
    if kind is not None:
        return kind == "DirectoryGroup"
    return not login.surname and not login.email_address and bool(login.name or login.display_name)


def tag_to_wire(tag: Tag) -> dict[str, str]:
    """With both display members, because the newer client sends them with every tag."""
    value = {} if tag.value is None else {"Value": tag.value, "DisplayValue": tag.value}
    return {"Name": tag.name, "DisplayName": tag.label or tag.name, **value}


def user_to_wire(native_id: str) -> wire.Assignee:
    """The user that gets a task. `native_id` is an id; the vendor looks any other text up as user name or mail address."""
    user = number(native_id)
    return wire.Assignee(user_name_or_email=native_id) if user is None else wire.Assignee(user_id=user)


def group_to_wire(native_id: str, criteria: str) -> wire.Assignee:
    """The group that gets a task, by id or name. `criteria` says how the vendor chooses among its members."""
    group = number(native_id)
    if group is None:
        return wire.Assignee(user_name_or_email=native_id, assignment_criteria=criteria)
    return wire.Assignee(user_id=group, assignment_criteria=criteria)


def _owner(row: wire.Task) -> UserRef | None:
    """The owner. If the id differs from the expanded record, or there is no such record, the id alone counts."""
    login = row.assigned_to_user
    if login is not None and login.id is not None and row.assigned_to_user_id in {None, login.id}:
        return user_ref(login)
    return None if row.assigned_to_user_id is None else UserRef(native_id=str(row.assigned_to_user_id))


def _candidates(row: wire.Task) -> tuple[tuple[UserRef, ...], tuple[GroupRef, ...]]:
    """The users and groups that a task without an owner is given to. A login that is named twice counts once.

    If the assignments are not expanded, only the name beside them tells the group.
    """
    assigned = [each.assignee for each in row.task_assignments or () if each.assignee is not None]
    logins = {login.id: login for login in (*assigned, *(row.task_assignees or ())) if login.id is not None}
    users = [ref for login in logins.values() if not is_group(login) and (ref := user_ref(login)) is not None]
    groups = [
        GroupRef(native_id=str(login.id), name=_display_name(login)) for login in logins.values() if is_group(login)
    ]
    if not users and not groups and row.task_assignee_name:
        groups = [GroupRef(native_id=row.task_assignee_name, name=row.task_assignee_name)]
    return tuple(users), tuple(groups)


def _display_name(login: wire.UserLogin) -> str | None:
    return login.display_name or " ".join(filter(None, (login.name, login.surname))) or login.user_name or None


def _definition(catalog: str | None) -> Definition | None:
    return Definition(native_id=catalog, key=catalog, name=catalog) if catalog else None


def _sla(row: wire.Task) -> Sla | None:
    """If there are several, the one that expires first."""
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

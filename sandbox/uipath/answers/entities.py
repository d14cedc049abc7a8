"""The OData entity types: their properties and where each value comes from."""

from datetime import datetime
from typing import Any

from sandbox.uipath import records
from sandbox.uipath.directory import TENANT_ID, USERS, Folder, User
from sandbox.uipath.formats import EntityType, Kind, Property, Read
from sandbox.uipath.records import Activity, Assignment, Note, Sla, Tag, Task


def user_of(id: int | None) -> User | None:
    return None if id is None else USERS.get(id)


def assignee_name(task: Task) -> str | None:
    names = [USERS[each.assignee].display_name for each in task.assignments if each.assignee in USERS]
    return ", ".join(names) or None


def _of(name: str, kind: Kind, attribute: str, *, values: tuple[str, ...] = ()) -> Property:
    return Property(name, kind, lambda record, now: getattr(record, attribute), values)


def _user(name: str, attribute: str) -> Property:
    def read(record: Any, now: datetime) -> User | None:
        return user_of(getattr(record, attribute))

    return Property(name, "entity", read, target=USER)


USER = EntityType(
    "UserLoginInfoDto",
    (
        _of("Name", "string", "name"),
        _of("Surname", "string", "surname"),
        _of("UserName", "string", "user_name"),
        _of("EmailAddress", "string", "email"),
        _of("DisplayName", "string", "display_name"),
        _of("Type", "enum", "type", values=records.USER_TYPES),
        _of("Id", "int", "id"),
    ),
)


def _sla_status(pair: tuple[Task, Sla], now: datetime) -> str | None:
    return pair[0].sla_status(now)


SLA = EntityType(
    "TaskSlaDetailDto",
    (
        Property("ExpiryTime", "date", lambda pair, now: pair[1].expires),
        Property("StartCriteria", "enum", lambda pair, now: pair[1].start, records.SLA_CRITERIA),
        Property("EndCriteria", "enum", lambda pair, now: pair[1].end, records.SLA_CRITERIA),
        Property("Status", "enum", _sla_status, records.SLA_STATUSES),
    ),
)

TAG = EntityType(
    Tag.__name__,
    (
        _of("Name", "string", "name"),
        _of("DisplayName", "string", "display_name"),
        _of("Value", "string", "value"),
        _of("DisplayValue", "string", "display_value"),
    ),
)

ASSIGNMENT = EntityType(
    Assignment.__name__,
    (_user("Assignee", "assignee"), _of("AssigneeId", "int", "assignee"), _of("Id", "int", "id")),
)


def _of_task(name: str, kind: Kind, attribute: str) -> Property:
    read: Read = lambda record, now: getattr(record.task, attribute)  # noqa: E731 mypy infers no type for a lambda within a call
    return Property(name, kind, read)


NOTE = EntityType(
    Note.__name__,
    (
        _user("CreatorUser", "creator"),
        Property("TenantId", "int", lambda record, now: TENANT_ID),
        _of_task("OrganizationUnitId", "int", "folder"),
        _of_task("TaskId", "int", "id"),
        _of("Text", "string", "text"),
        _of("CreatorUserId", "int", "creator"),
        _of("CreationTime", "date", "created"),
        _of("Id", "int", "id"),
    ),
)

ACTIVITY = EntityType(
    Activity.__name__,
    (
        _user("CreatorUser", "creator"),
        _user("TargetUser", "target"),
        Property("TaskNote", "entity", lambda record, now: record.note, target=NOTE),
        Property("TenantId", "int", lambda record, now: TENANT_ID),
        _of_task("OrganizationUnitId", "int", "folder"),
        _of_task("TaskId", "int", "id"),
        _of_task("TaskKey", "guid", "key"),
        _of("ActivityType", "enum", "type", values=records.ACTIVITY_TYPES),
        _of("CreatorUserId", "int", "creator"),
        _of("TargetUserId", "int", "target"),
        Property("TaskNoteId", "int", lambda record, now: None if record.note is None else record.note.id),
        _of("CreationTime", "date", "created"),
        _of("Id", "int", "id"),
    ),
)


def _sla_of(task: Task, now: datetime) -> tuple[Task, Sla] | None:
    return None if task.sla is None else (task, task.sla)


def layout_id(task: Task, now: datetime) -> int | None:
    return None if task.layout is None else 41_000 + len(task.layout["components"])


TASK = EntityType(
    "TaskDto",
    (
        _of("Status", "enum", "status", values=records.TASK_STATUSES),
        _user("AssignedToUser", "assignee"),
        _of("TaskAssignmentCriteria", "enum", "criteria", values=records.ASSIGNMENT_CRITERIA),
        _user("CreatorUser", "creator"),
        _user("LastModifierUser", "modifier"),
        _of("TaskCatalogName", "string", "catalog"),
        Property("IsCompleted", "bool", lambda task, now: task.status == "Completed"),
        Property("BulkFormLayoutId", "int", lambda task, now: None),
        Property("FormLayoutId", "int", layout_id),
        Property("Encrypted", "bool", lambda task, now: False),
        Property("Tags", "complexes", lambda task, now: task.tags, target=TAG),
        _of("Action", "string", "action"),
        Property("Activities", "entities", lambda task, now: task.activities, target=ACTIVITY),
        Property("TaskSlaDetail", "complex", _sla_of, target=SLA),
        Property("TaskAssignments", "entities", lambda task, now: task.assignments, target=ASSIGNMENT),
        Property("TaskAssigneeName", "string", lambda task, now: assignee_name(task)),
        _of("Title", "string", "title"),
        _of("Type", "enum", "type", values=records.TASK_TYPES),
        _of("Priority", "enum", "priority", values=records.PRIORITIES),
        _of("AssignedToUserId", "int", "assignee"),
        _of("OrganizationUnitId", "int", "folder"),
        _of("ExternalTag", "string", "external_tag"),
        _of("CreatorJobKey", "guid", "job"),
        Property("WaitJobKey", "guid", lambda task, now: task.job if task.is_open else None),
        _of("LastAssignedTime", "date", "assigned_at"),
        _of("CompletionTime", "date", "completed"),
        Property("ParentOperationId", "string", lambda task, now: None),
        _of("Key", "guid", "key"),
        Property("IsDeleted", "bool", lambda task, now: task.deleted is not None),
        _of("DeleterUserId", "int", "deleter"),
        _of("DeletionTime", "date", "deleted"),
        _of("LastModificationTime", "date", "modified"),
        _of("LastModifierUserId", "int", "modifier"),
        _of("CreationTime", "date", "created"),
        _of("CreatorUserId", "int", "creator"),
        _of("Id", "int", "id"),
    ),
)

FOLDER = EntityType(
    Folder.__name__,
    (
        _of("Key", "guid", "key"),
        _of("DisplayName", "string", "name"),
        _of("FullyQualifiedName", "string", "path"),
        Property("Description", "string", lambda record, now: None),
        Property("FolderType", "enum", lambda record, now: "Standard", records.FOLDER_TYPES),
        Property("IsPersonal", "bool", lambda record, now: False),
        Property("ParentId", "int", lambda record, now: 800),
        _of("Id", "int", "id"),
    ),
)

CURRENT_USER = EntityType(
    "UserDto",
    (
        _of("Name", "string", "name"),
        _of("Surname", "string", "surname"),
        _of("UserName", "string", "user_name"),
        _of("FullName", "string", "display_name"),
        _of("EmailAddress", "string", "email"),
        Property("IsActive", "bool", lambda record, now: True),
        Property("TenantId", "int", lambda record, now: TENANT_ID),
        _of("Type", "enum", "type", values=records.USER_TYPES),
        _of("Key", "guid", "key"),
        _of("Id", "int", "id"),
    ),
)

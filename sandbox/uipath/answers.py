"""Bodies of the answers: OData lists and entities, the REST paths' task data, and Maestro's instances."""

from datetime import datetime
from typing import Any

from sandbox.uipath import entities, records
from sandbox.uipath.directory import FOLDERS, USERS, User, key_of, people_of, process_key
from sandbox.uipath.identity import Caller
from sandbox.uipath.odata_query import Query, Shape, row
from sandbox.uipath.odata_types import AnswerStyle, EntityType, camel, moment
from sandbox.uipath.records import Instance, Task

Json = dict[str, Any]

_TASK_DATA = (
    "Title", "Type", "Priority", "AssignedToUserId", "OrganizationUnitId", "ExternalTag", "CreatorJobKey", "WaitJobKey",
    "LastAssignedTime", "CompletionTime", "ParentOperationId", "Key", "IsDeleted", "DeleterUserId", "DeletionTime",
    "LastModificationTime", "LastModifierUserId", "CreationTime", "CreatorUserId", "Id", "Status", "Action", "Tags",
    "TaskAssignmentCriteria",
)  # fmt: skip
_TASK_DATA_SHAPE = Shape(select=frozenset(_TASK_DATA))


def odata_list(
    found: list[Any], total: int | None, entity: EntityType, query: Query, style: AnswerStyle, now: datetime
) -> Json:
    head: Json = {"@odata.context": f"../orchestrator_/odata/$metadata#{entity.name}"}
    if total is not None:
        head["@odata.count"] = total
    return head | {"value": [row(each, entity, query.shape, style, now) for each in found]}


def odata_entity(record: Any, entity: EntityType, shape: Shape, style: AnswerStyle, now: datetime) -> Json:
    head = {"@odata.context": f"../orchestrator_/odata/$metadata#{entity.name}/$entity"}
    return head | row(record, entity, shape, style, now)


def task_data(task: Task, caller: Caller, style: AnswerStyle, now: datetime) -> Json:
    """TaskDataDto: camelCase, numbers for enums only where the style says so; names within `data` as they were sent."""
    rest = AnswerStyle(camel_case=True, numeric_enums=style.numeric_enums)
    source = rest.enum(records.SOURCES, task.source)
    row_ = row(task, entities.TASK, _TASK_DATA_SHAPE, rest, now)
    assigned = task.assigned_at
    return row_ | {
        "data": task.data,
        "waitJobState": "Suspended" if task.job is not None and task.is_open else None,
        "organizationUnitFullyQualifiedName": FOLDERS[task.folder].path,
        "assignedToUser": _user(task.assignee, rest, now),
        "taskSlaDetails": [] if task.sla is None else [row((task, task.sla), entities.SLA, Shape(), rest, now)],
        "completedByUser": _user(task.completed_by, rest, now),
        "taskAssignees": [_user(each.assignee, rest, now) for each in task.assignments],
        "isCurrentUserInAllUserAssignedGroup": task.criteria == "AllUsers"
        and any(caller.user_id in people_of(each.assignee) for each in task.assignments),
        "taskSource": {"sourceName": source, "sourceId": task.job, "taskSourceMetadata": {}},
        "processingTime": None if assigned is None else int(((task.completed or now) - assigned).total_seconds()),
    }


def form_data(task: Task, caller: Caller, style: AnswerStyle, now: datetime, *, layout: bool) -> Json:
    """TaskFormDto; the layout itself only when it was asked for."""
    return task_data(task, caller, style, now) | {
        "formLayout": task.layout if layout else None,
        "formLayoutId": entities.layout_id(task, now),
        "bulkFormLayoutId": None,
        "actionLabel": None,
    }


def app_data(task: Task, caller: Caller, style: AnswerStyle, now: datetime) -> Json:
    return task_data(task, caller, style, now) | {
        "taskDefinitionPropertiesId": 9_300,
        "appTasksMetadata": task.app,
        "actionLabel": None,
    }


def instance_row(instance: Instance) -> Json:
    run = key_of(f"run of {instance.id}")
    return {
        "instanceId": instance.id,
        "packageKey": f"{instance.package}:{instance.version}",
        "packageId": instance.package,
        "packageVersion": instance.version,
        "latestRunId": run,
        "latestRunStatus": instance.status,
        "processKey": process_key(instance.package),
        "folderKey": FOLDERS[instance.folder].key,
        "userId": 1,
        "instanceDisplayName": instance.name,
        "startedByUser": instance.started_by,
        "source": "Orchestrator",
        "creatorUserKey": None,
        "startedTimeUtc": moment(instance.started),
        "completedTimeUtc": moment(instance.ended),
        "instanceRuns": [
            {
                "runId": run,
                "status": instance.status,
                "startedTime": moment(instance.started),
                "completedTime": moment(instance.ended),
            }
        ],
    }


def _user(id: int | None, style: AnswerStyle, now: datetime) -> Json | None:
    user: User | None = None if id is None else USERS.get(id)
    return None if user is None else row(user, entities.USER, Shape(), style, now)


def in_style(entry: Json, style: AnswerStyle) -> Json:
    return {camel(name): value for name, value in entry.items()} if style.camel_case else entry

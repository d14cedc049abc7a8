"""Bodies of answers: OData lists and entities, task data of the REST paths, Maestro's instances."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.uipath import records
from sandbox.uipath.answers import entities
from sandbox.uipath.auth import Caller
from sandbox.uipath.directory import FOLDERS, USERS, User, key_of, people_of, process_key
from sandbox.uipath.formats import EntityType, Query, Selection, entity_json, moment
from sandbox.uipath.records import Instance, Task
from sandbox.uipath.variants import AnswerStyle

Json = dict[str, Any]

_TASK_DATA = (
    "Title", "Type", "Priority", "AssignedToUserId", "OrganizationUnitId", "ExternalTag", "CreatorJobKey", "WaitJobKey",
    "LastAssignedTime", "CompletionTime", "ParentOperationId", "Key", "IsDeleted", "DeleterUserId", "DeletionTime",
    "LastModificationTime", "LastModifierUserId", "CreationTime", "CreatorUserId", "Id", "Status", "Action", "Tags",
    "TaskAssignmentCriteria",
)  # fmt: skip
_TASK_DATA_SELECTION = Selection(select=frozenset(_TASK_DATA))


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json", headers=headers)


def odata_list(
    found: list[Any], total: int | None, entity: EntityType, query: Query, style: AnswerStyle, now: datetime
) -> Json:
    head: Json = {"@odata.context": f"../orchestrator_/odata/$metadata#{entity.name}"}
    if total is not None:
        head["@odata.count"] = total
    return head | {"value": [entity_json(each, entity, query.selection, style, now) for each in found]}


def odata_entity(record: Any, entity: EntityType, selection: Selection, style: AnswerStyle, now: datetime) -> Json:
    head = {"@odata.context": f"../orchestrator_/odata/$metadata#{entity.name}/$entity"}
    return head | entity_json(record, entity, selection, style, now)


def task_data(task: Task, caller: Caller, style: AnswerStyle, now: datetime) -> Json:
    """Return a TaskDataDto. Names are camelCase, names within `data` stay as they were sent."""
    rest = AnswerStyle(camel_case=True, numeric_enums=style.numeric_enums)
    source = rest.enum(records.SOURCES, task.source)
    row_ = entity_json(task, entities.TASK, _TASK_DATA_SELECTION, rest, now)
    assigned = task.assigned_at
    return row_ | {
        "data": task.data,
        "waitJobState": "Suspended" if task.job is not None and task.is_open else None,
        "organizationUnitFullyQualifiedName": FOLDERS[task.folder].path,
        "assignedToUser": _user(task.assignee, rest, now),
        "taskSlaDetails": []
        if task.sla is None
        else [entity_json((task, task.sla), entities.SLA, Selection(), rest, now)],
        "completedByUser": _user(task.completed_by, rest, now),
        "taskAssignees": [_user(each.assignee, rest, now) for each in task.assignments],
        "isCurrentUserInAllUserAssignedGroup": task.criteria == "AllUsers"
        and any(caller.user_id in people_of(each.assignee) for each in task.assignments),
        "taskSource": {"sourceName": source, "sourceId": task.job, "taskSourceMetadata": {}},
        "processingTime": None if assigned is None else int(((task.completed or now) - assigned).total_seconds()),
    }


def form_data(task: Task, caller: Caller, style: AnswerStyle, now: datetime, *, layout: bool) -> Json:
    """Return a TaskFormDto. It contains the form layout only if `layout` is true."""
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
    return None if user is None else entity_json(user, entities.USER, Selection(), style, now)


def in_style(entry: Json, style: AnswerStyle) -> Json:
    return {style.name(name): value for name, value in entry.items()}

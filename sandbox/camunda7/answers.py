"""Records as the engine's JSON: members in its order, absent values as null."""

from datetime import UTC, datetime
from typing import Any

from sandbox.camunda7.definitions import BY_KEY, Step
from sandbox.camunda7.records import Comment, Instance, Operation, Task, Typed

Json = dict[str, Any]


def moment(time: datetime | None) -> str | None:
    if time is None:
        return None
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "+0000"


def step_of(task: Task) -> Step | None:
    process = None if task.instance is None else BY_KEY.get(task.instance.key)
    if process is None or task.step is None:
        return None
    return next((each for each in process.steps if each.id == task.step), None)


def task(task: Task, *, form_ref: str) -> Json:
    """`form_ref` is the name of the member that Operaton and Camunda 7 have different ones for."""
    step, instance = step_of(task), task.instance
    reference = None if step is None or step.form_ref is None else step.form_ref
    return {
        "id": task.id,
        "name": task.name,
        "assignee": task.assignee,
        "created": moment(task.created),
        "due": moment(task.due),
        "followUp": moment(task.follow_up),
        "lastUpdated": moment(task.updated),
        "delegationState": task.delegation,
        "description": task.description,
        "executionId": None if instance is None else instance.id,
        "owner": task.owner,
        "parentTaskId": task.parent,
        "priority": task.priority,
        "processDefinitionId": None if instance is None else instance.definition_id,
        "processInstanceId": None if instance is None else instance.id,
        "taskDefinitionKey": task.step,
        "caseExecutionId": None,
        "caseInstanceId": None,
        "caseDefinitionId": None,
        "suspended": task.is_suspended,
        "formKey": None if step is None else step.form_key,
        form_ref: None if reference is None else {"key": reference, "binding": "latest", "version": None},
        "tenantId": task.tenant,
        "taskState": "Updated" if task.updated else "Created",
    }


def historic_task(task: Task) -> Json:
    instance = task.instance
    state = {None: "Updated" if task.updated else "Created", "completed": "Completed"}.get(task.reason, "Deleted")
    return {
        "id": task.id,
        "processDefinitionKey": None if instance is None else instance.key,
        "processDefinitionId": None if instance is None else instance.definition_id,
        "processInstanceId": None if instance is None else instance.id,
        "executionId": None if instance is None else instance.id,
        "caseDefinitionKey": None,
        "caseDefinitionId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "activityInstanceId": task.activity,
        "name": task.name,
        "description": task.description,
        "deleteReason": task.reason,
        "owner": task.owner,
        "assignee": task.assignee,
        "startTime": moment(task.created),
        "endTime": moment(task.ended),
        "duration": None if task.ended is None else int((task.ended - task.created).total_seconds() * 1000),
        "taskDefinitionKey": task.step,
        "priority": task.priority,
        "due": moment(task.due),
        "parentTaskId": task.parent,
        "followUp": moment(task.follow_up),
        "tenantId": task.tenant,
        "removalTime": None,
        "rootProcessInstanceId": None if instance is None else instance.id,
        "taskState": state,
    }


def historic_instance(each: Instance, *, removal: datetime | None) -> Json:
    return {
        "id": each.id,
        "businessKey": each.business_key,
        "processDefinitionId": each.definition_id,
        "processDefinitionKey": each.key,
        "processDefinitionName": each.name,
        "processDefinitionVersion": each.version,
        "startTime": moment(each.started),
        "endTime": moment(each.ended),
        "removalTime": moment(removal),
        "durationInMillis": None if each.ended is None else int((each.ended - each.started).total_seconds() * 1000),
        "startUserId": each.start_user,
        "startActivityId": "start",
        "deleteReason": each.reason,
        "rootProcessInstanceId": each.id,
        "superProcessInstanceId": None,
        "superCaseInstanceId": None,
        "caseInstanceId": None,
        "tenantId": None,
        "state": each.state,
        "restartedProcessInstanceId": None,
    }


def instance(each: Instance, links: list[Json]) -> Json:
    return {
        "links": links,
        "id": each.id,
        "definitionId": each.definition_id,
        "businessKey": each.business_key,
        "caseInstanceId": None,
        "ended": each.ended is not None,
        "suspended": each.state == "SUSPENDED",
        "tenantId": None,
        "definitionKey": each.key,
    }


def variables(found: dict[str, Typed]) -> Json:
    return {name: {"type": each["type"], "value": each["value"], "valueInfo": {}} for name, each in found.items()}


def historic_variable(id: str, name: str, each: Typed, of: Instance) -> Json:
    return {
        "type": each["type"],
        "value": each["value"],
        "valueInfo": {},
        "id": id,
        "name": name,
        "processDefinitionKey": of.key,
        "processDefinitionId": of.definition_id,
        "processInstanceId": of.id,
        "executionId": of.id,
        "activityInstanceId": of.id,
        "caseDefinitionKey": None,
        "caseDefinitionId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "taskId": None,
        "errorMessage": None,
        "tenantId": None,
        "state": "CREATED",
        "createTime": moment(of.started),
        "removalTime": None,
        "rootProcessInstanceId": of.id,
    }


def comment(each: Comment, links: list[Json]) -> Json:
    return {
        "links": links,
        "id": each.id,
        "userId": each.user,
        "time": moment(each.time),
        "taskId": each.task,
        "message": each.message,
        "removalTime": None,
        "rootProcessInstanceId": each.root,
        "processInstanceId": None,
    }


def operation(each: Operation, deployment: str) -> Json:
    of = each.task.instance
    return {
        "id": each.id,
        "deploymentId": deployment,
        "processDefinitionId": None if of is None else of.definition_id,
        "processDefinitionKey": None if of is None else of.key,
        "processInstanceId": None if of is None else of.id,
        "executionId": None if of is None else of.id,
        "caseDefinitionId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "taskId": each.task.id,
        "jobId": None,
        "jobDefinitionId": None,
        "batchId": None,
        "userId": each.user,
        "timestamp": moment(each.time),
        "operationId": each.operation,
        "externalTaskId": None,
        "operationType": each.kind,
        "entityType": "Variable" if each.kind == "SetVariable" else "Task",
        "property": each.property,
        "orgValue": each.before,
        "newValue": each.after,
        "removalTime": None,
        "rootProcessInstanceId": None if of is None else of.id,
        "category": "TaskWorker",
        "annotation": None,
    }

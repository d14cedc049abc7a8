"""Process instances, and the list of definitions."""

from datetime import datetime, timedelta

from sandbox.camunda7 import answers, errors, search
from sandbox.camunda7.definitions import BY_KEY, PROCESSES, Process
from sandbox.camunda7.operations.call import Call, Json, Result
from sandbox.camunda7.operations.tasks import page_of, wanted_of
from sandbox.camunda7.records import MODIFIED, Instance

KEPT = timedelta(days=30)


def list_historic(call: Call) -> Result:
    found = [] if call.is_restricted else search.instances(call.store.instances.values(), wanted_of(call))
    rows = page_of(call, search.ordered(found, wanted_of(call), search.INSTANCE_SORTS))
    return [_historic(each) for each in rows]


def count_historic(call: Call) -> Result:
    found = [] if call.is_restricted else search.instances(call.store.instances.values(), wanted_of(call))
    return {"count": len(found)}


def get_historic(call: Call, id: str) -> Result:
    found = call.store.instances.get(id)
    if found is None:
        raise errors.RefusalError(
            404, "InvalidRequestException", f"Historic process instance with id {id} does not exist", None
        )
    return _historic(found)


def list_running(call: Call) -> Result:
    found = search.instances((each for each in call.store.instances.values() if each.ended is None), wanted_of(call))
    return [answers.instance(each, []) for each in page_of(call, found)]


def count_running(call: Call) -> Result:
    running = (each for each in call.store.instances.values() if each.ended is None)
    return {"count": len(search.instances(running, wanted_of(call)))}


def historic_variables(call: Call) -> Result:
    found = call.store.instances.get(str(call.query.get("processInstanceId")))
    wanted = call.query.get("variableName")
    return [
        answers.historic_variable(call.store.new_id(), name, each, found)
        for name, each in ({} if found is None else found.variables).items()
        if found is not None and wanted in {None, name}
    ]


def activity_tree(call: Call, id: str) -> Result:
    found = call.store.running(id)
    if found is None:
        raise errors.engine_fault(f"Process instance with id {id} does not exist")
    children = [_activity(task.activity or "", task.step or "", found.id, []) for task in call.store.tasks_in(found)]
    return _activity(found.id, found.definition_id, None, children)


def delete(call: Call, id: str) -> Result:
    found = call.store.running(id)
    if found is None:
        raise errors.RefusalError(
            404, "InvalidRequestException", f"No process instance found for id '{id}': processInstance is null"
        )
    _require(call, found, "DELETE", "DELETE_INSTANCE")
    call.engine.cancel(found, None)
    call.effect("cancel_flow", id)
    return None


def delete_later(call: Call) -> Result:
    """A batch of the job executor, here done at once; also for ids that do not exist."""
    reason = call.body.get("deleteReason")
    for id in call.body.get("processInstanceIds") or ():
        found = call.store.running(id)
        if found is not None:
            call.engine.cancel(found, reason)
            call.effect("cancel_flow", id)
    new = call.store.new_id
    return {
        "id": new(),
        "type": "instance-deletion",
        "totalJobs": 1,
        "jobsCreated": 0,
        "batchJobsPerSeed": 100,
        "invocationsPerBatchJob": 1,
        "seedJobDefinitionId": new(),
        "monitorJobDefinitionId": new(),
        "batchJobDefinitionId": new(),
        "suspended": False,
        "tenantId": None,
        "createUserId": call.user,
        "startTime": answers.moment(call.store.now()),
        "executionStartTime": None,
    }


def suspend(call: Call, id: str) -> Result:
    """Says yes to an id that does not exist."""
    found = call.store.running(id)
    if found is not None:
        _require(call, found, "UPDATE", "UPDATE_INSTANCE")
        suspends = bool(call.body.get("suspended"))
        found.state = "SUSPENDED" if suspends else "ACTIVE"
        call.effect("suspend_flow" if suspends else "resume_flow", id)
    return None


def modify(call: Call, id: str) -> Result:
    """Cancel a step, and start what comes after it."""
    found = call.store.running(id)
    if found is None:
        raise errors.engine_fault(
            f"ENGINE-13036 Process instance '{id}' cannot be modified. The process instance does not exist"
        )
    _require(call, found, "UPDATE", "UPDATE_INSTANCE")
    process = BY_KEY[found.key]
    for each in call.body.get("instructions") or ():
        if each.get("type") == "cancel":
            _cancel(call, found, each)
        elif each.get("type") == "startAfterActivity":
            call.engine.begin(found, process.after(each["activityId"]))
    return None


def list_definitions(call: Call) -> Result:
    key, version = call.query.get("key"), call.query.get("version")
    found = [
        each
        for each in sorted(PROCESSES, key=lambda each: each.key)
        if key in {None, each.key} and version in {None, str(each.version)}
    ]
    return [_definition(call, each) for each in page_of(call, found)]


def count_definitions(call: Call) -> Result:
    return {"count": len(PROCESSES)}


def version(call: Call) -> Result:
    return {"version": "1.0.3"}


def engines(call: Call) -> Result:
    return [{"name": "default"}]


def _cancel(call: Call, found: Instance, instruction: Json) -> None:
    """By element the history tells of the modification, by the id of an activity it says "deleted"."""
    by_id = instruction.get("activityInstanceId")
    hit = [
        task
        for task in call.store.tasks_in(found)
        if (task.activity == by_id if by_id else task.step == instruction.get("activityId"))
    ]
    if by_id and not hit:
        raise errors.RefusalError(
            400,
            "NotValidException",
            f"Cannot perform instruction: Cancel activity instance '{by_id}'; Activity instance '{by_id}' does not exist: activityInstance is null",
        )
    for task in hit:
        call.engine.end(task, "deleted" if by_id else MODIFIED)
        call.effect("skip", task.id)


def _require(call: Call, found: Instance, permission: str, of_definition: str) -> None:
    if call.is_restricted:
        raise errors.forbidden(
            call.user or "",
            [(permission, "ProcessInstance", found.id), (of_definition, "ProcessDefinition", found.key)],
        )


def _historic(each: Instance) -> Json:
    ended: datetime | None = each.ended
    return answers.historic_instance(each, removal=None if ended is None else ended + KEPT)


def _activity(id: str, activity: str, parent: str | None, children: list[Json]) -> Json:
    return {
        "id": id,
        "parentActivityInstanceId": parent,
        "activityId": activity,
        "activityType": "userTask" if parent else "processDefinition",
        "childActivityInstances": children,
        "childTransitionInstances": [],
    }


def _definition(call: Call, each: Process) -> Json:
    return {
        "id": call.store.definitions[each.key],
        "key": each.key,
        "category": "http://example.com/processes",
        "description": None,
        "name": each.name,
        "version": each.version,
        "resource": f"{each.key}.bpmn",
        "deploymentId": call.store.deployment,
        "diagram": None,
        "suspended": False,
        "tenantId": None,
        "versionTag": None,
        "historyTimeToLive": 30,
        "startableInTasklist": True,
    }

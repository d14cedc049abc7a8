"""Orchestrator's operations that read tasks."""

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.errors import no_task
from sandbox.uipath.formats import matching, parse_query
from sandbox.uipath.operations.lists import listed
from sandbox.uipath.records import Task
from sandbox.uipath.requests import Call, folder_of, guid_of, id_of


def _tasks(call: Call, folders: frozenset[int]) -> Response:
    call.require_reading()
    query = parse_query(call.query_string, answers.TASK)
    folder = folder_of(call.request, call.caller)
    seen = folders if folder is None else folders & {folder.id}
    found = [task for task in call.store.candidates(query.filter) if task.folder in seen]
    if query.others.get("event", "").lower() == "forwardedever":
        found = [task for task in found if any(each.type in ("Forwarded", "Reassigned") for each in task.activities)]
    return listed(call, matching(found, query, call.now), answers.TASK, query)


def list_tasks(call: Call) -> Response:
    return _tasks(call, call.caller.view)


def list_tasks_for_admin(call: Call) -> Response:
    return _tasks(call, call.caller.admin)


def _entity(call: Call, task: Task) -> Response:
    query = parse_query(call.query_string, answers.TASK)
    folder = folder_of(call.request, call.caller)
    if folder is not None and task.folder != folder.id:
        raise no_task()
    return answers.json_response(answers.odata_entity(task, answers.TASK, query.selection, call.style, call.now))


def get_task(call: Call) -> Response:
    call.require_reading()
    return _entity(call, call.store.visible(id_of(call.parts[0]), call.caller))


def get_task_by_key(call: Call) -> Response:
    call.require_reading()
    return _entity(call, call.store.visible_by_key(guid_of(call.parts[0]), call.caller))


def get_generic_task(call: Call) -> Response:
    """Return the data of a task of any type."""
    call.require_reading()
    return answers.json_response(answers.task_data(call.task_of_query(), call.caller, call.style, call.now))


def get_generic_task_by_key(call: Call) -> Response:
    call.require_reading()
    task = call.store.visible_by_key(guid_of(call.request.query_params.get("taskKey")), call.caller)
    task = call.store.within(task.id, call.folder(), call.caller)
    return answers.json_response(answers.task_data(task, call.caller, call.style, call.now))


def get_form_task(call: Call) -> Response:
    call.require_reading()
    task = call.task_of_query()
    if task.type != "FormTask":
        raise no_task()
    layout = call.request.query_params.get("expandOnFormLayout", "").lower() == "true"
    return answers.json_response(answers.form_data(task, call.caller, call.style, call.now, layout=layout))


def get_app_task(call: Call) -> Response:
    call.require_reading()
    task = call.task_of_query()
    if task.type != "AppTask":
        raise no_task()
    return answers.json_response(answers.app_data(task, call.caller, call.style, call.now))

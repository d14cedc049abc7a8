"""Orchestrator's operations about tasks, users and folders."""

from typing import Any

from starlette.responses import Response

from sandbox.uipath import answers, entities
from sandbox.uipath.assignment import Assigning, Outcome, items_of
from sandbox.uipath.call import Call, Handler
from sandbox.uipath.directory import FOLDERS, folder_users
from sandbox.uipath.odata_query import Query, matching, page, parse_query
from sandbox.uipath.odata_types import EntityType
from sandbox.uipath.records import PRIORITIES, Tag, Task
from sandbox.uipath.refusals import invalid, json_response, no_folder, no_task, not_authorized
from sandbox.uipath.requests import Body, body_of, folder_of, guid_of, id_of
from sandbox.uipath.store import DOCUMENT_TYPES

LONGEST_TITLE = 512
LONGEST_NOTE = 512
LONGEST_TAG = 256

_EXTERNAL = frozenset({"ExternalTask"})
_FORM = frozenset({"FormTask"})
_APP = frozenset({"AppTask"})


def _reading(call: Call) -> None:
    call.caller.needs("OR.Tasks", "OR.Tasks.Read")


def _writing(call: Call) -> None:
    call.caller.needs("OR.Tasks", "OR.Tasks.Write")


def _listed(call: Call, records: list[Any], entity: EntityType, query: Query) -> Response:
    """The page of records that were filtered already."""
    call.store.turn += 1
    shown = page(records, query, call.now, call.store.turn)
    total = len(records) if query.count else None
    return json_response(answers.odata_list(shown, total, entity, query, call.style, call.now))


def _tasks(call: Call, folders: frozenset[int]) -> Response:
    _reading(call)
    query = parse_query(call.query_string, entities.TASK)
    folder = folder_of(call.request, call.caller)
    seen = folders if folder is None else folders & {folder.id}
    found = [task for task in call.store.candidates(query.filter) if task.folder in seen]
    if query.others.get("event", "").lower() == "forwardedever":
        found = [task for task in found if any(each.type in ("Forwarded", "Reassigned") for each in task.activities)]
    return _listed(call, matching(found, query, call.now), entities.TASK, query)


def list_tasks(call: Call) -> Response:
    return _tasks(call, call.caller.view)


def list_tasks_for_admin(call: Call) -> Response:
    return _tasks(call, call.caller.admin)


def _entity(call: Call, task: Task) -> Response:
    query = parse_query(call.query_string, entities.TASK)
    folder = folder_of(call.request, call.caller)
    if folder is not None and task.folder != folder.id:
        raise no_task()
    return json_response(answers.odata_entity(task, entities.TASK, query.shape, call.style, call.now))


def get_task(call: Call) -> Response:
    _reading(call)
    return _entity(call, call.store.visible(id_of(call.parts[0]), call.caller))


def get_task_by_key(call: Call) -> Response:
    _reading(call)
    return _entity(call, call.store.visible_by_key(guid_of(call.parts[0]), call.caller))


def list_users(call: Call) -> Response:
    _reading(call)
    id = id_of(call.parts[0])
    if id is None or id not in FOLDERS or id not in call.caller.view:
        raise no_folder()
    query = parse_query(call.query_string, entities.USER)
    return _listed(call, matching(folder_users(FOLDERS[id]), query, call.now), entities.USER, query)


def list_folders(call: Call) -> Response:
    call.caller.needs("OR.Folders", "OR.Folders.Read")
    query = parse_query(call.query_string, entities.FOLDER)
    seen = [folder for folder in FOLDERS.values() if folder.id in call.caller.view]
    return _listed(call, matching(seen, query, call.now), entities.FOLDER, query)


def get_current_user(call: Call) -> Response:
    call.caller.needs("OR.Users", "OR.Users.Read")
    query = parse_query(call.query_string, entities.CURRENT_USER)
    if call.caller.user is None:
        return Response(status_code=204)
    body = answers.odata_entity(call.caller.user, entities.CURRENT_USER, query.shape, call.style, call.now)
    return json_response(body)


def _operated(call: Call, action: str, outcome: Outcome) -> Response:
    for id in outcome.done:
        call.effect(action, call.store.tasks[id].folder, id)
    return json_response({"value": [answers.in_style(each, call.style) for each in outcome.errors]})


async def assign_tasks(call: Call) -> Response:
    _writing(call)
    items = items_of(await body_of(call.request))
    return _operated(call, "assign", Assigning(call.store, call.caller, call.now).assign(items, again=False))


async def reassign_tasks(call: Call) -> Response:
    _writing(call)
    items = items_of(await body_of(call.request))
    return _operated(call, "assign", Assigning(call.store, call.caller, call.now).assign(items, again=True))


async def unassign_tasks(call: Call) -> Response:
    _writing(call)
    ids = (await body_of(call.request)).integers("taskIds")
    return _operated(call, "unassign", Assigning(call.store, call.caller, call.now).unassign(ids))


async def delete_tasks(call: Call) -> Response:
    _writing(call)
    ids = (await body_of(call.request)).integers("taskIds")
    return _operated(call, "cancel", Assigning(call.store, call.caller, call.now).delete(ids))


async def edit_metadata(call: Call) -> Response:
    _writing(call)
    body = await body_of(call.request)
    task = call.editable(body.id("taskId"))
    title, note = body.text("title", longest=LONGEST_TITLE), body.text("noteText", longest=LONGEST_NOTE)
    priority, catalog = body.choice("priority", PRIORITIES), body.text("taskCatalogName", longest=50)
    if task.status == "Completed":
        raise invalid("The action is already completed.")
    if title == "":
        raise invalid("The Title field is required.")
    task.title = title or task.title
    task.priority = priority or task.priority
    task.catalog = None if body.flag("unsetTaskCatalog") else catalog or task.catalog
    if note:
        call.store.add_note(task, note, call.caller, call.now)
    task.modified, task.modifier = call.now, call.caller.user_id
    call.effect("update", task.folder, task.id)
    return Response(status_code=204)


async def create_task(call: Call) -> Response:
    _writing(call)
    body = await body_of(call.request)
    folder = call.folder()
    if folder.id not in call.caller.edit:
        raise not_authorized()
    title = body.text("title", longest=LONGEST_TITLE)
    if not title:
        raise invalid("The Title field is required.")
    if (body.choice("type", ("FormTask", "ExternalTask")) or "ExternalTask") != "ExternalTask":
        raise invalid("Only a task of type ExternalTask can be created by this request.")
    task = call.store.create(
        folder,
        call.caller,
        call.now,
        title=title,
        priority=body.choice("priority", PRIORITIES) or "Low",
        data=body.object("data"),
        catalog=body.text("taskCatalogName", longest=50),
        external_tag=body.text("externalTag", longest=512),
        tags=_tags(body) if body.has("tags") else [],
    )
    call.effect("create_task", task.folder, task.id)
    return json_response(answers.task_data(task, call.caller, call.style, call.now), 201)


def _completing(types: frozenset[str]) -> Handler:
    async def complete(call: Call) -> Response:
        _writing(call)
        body = await body_of(call.request)
        task = call.editable(body.id("taskId"))
        call.store.complete(task, types, call.caller, call.now, body.text("action"), body.object("data"))
        call.effect("complete", task.folder, task.id)
        return Response(status_code=204)

    return complete


def _saving(types: frozenset[str]) -> Handler:
    async def save(call: Call) -> Response:
        _writing(call)
        body = await body_of(call.request)
        task = call.editable(body.id("taskId"))
        call.store.save(task, types, call.caller, call.now, body.object("data") or {})
        call.effect("save_draft", task.folder, task.id)
        return Response(status_code=204)

    return save


async def save_tags(call: Call) -> Response:
    _writing(call)
    body = await body_of(call.request)
    task = call.editable(body.id("taskId"))
    task.tags = _tags(body)
    task.modified, task.modifier = call.now, call.caller.user_id
    call.effect("set_tags", task.folder, task.id)
    return Response(status_code=204)


def _tags(body: Body) -> list[Tag]:
    found: list[Tag] = []
    for each in body.bodies("tags"):
        name, value = each.text("name", longest=LONGEST_TAG), each.text("value", longest=LONGEST_TAG) or ""
        if not name:
            raise invalid("The Name field is required.")
        display_name = each.text("displayName", longest=LONGEST_TAG) or name
        found.append(Tag(name, display_name, value, each.text("displayValue", longest=LONGEST_TAG) or value))
    return found


def get_generic_task(call: Call) -> Response:
    """Of whatever type the task is."""
    _reading(call)
    return json_response(answers.task_data(call.task_of_query(), call.caller, call.style, call.now))


def get_generic_task_by_key(call: Call) -> Response:
    _reading(call)
    task = call.store.visible_by_key(guid_of(call.request.query_params.get("taskKey")), call.caller)
    task = call.store.within(task.id, call.folder(), call.caller)
    return json_response(answers.task_data(task, call.caller, call.style, call.now))


def get_form_task(call: Call) -> Response:
    _reading(call)
    task = call.task_of_query()
    if task.type != "FormTask":
        raise no_task()
    layout = call.request.query_params.get("expandOnFormLayout", "").lower() == "true"
    return json_response(answers.form_data(task, call.caller, call.style, call.now, layout=layout))


def get_app_task(call: Call) -> Response:
    _reading(call)
    task = call.task_of_query()
    if task.type != "AppTask":
        raise no_task()
    return json_response(answers.app_data(task, call.caller, call.style, call.now))


def list_notes(call: Call) -> Response:
    _reading(call)
    query = parse_query(call.query_string, entities.NOTE)
    task = call.store.within(id_of(call.parts[0]), call.folder(), call.caller)
    return _listed(call, matching(task.notes, query, call.now), entities.NOTE, query)


def list_activities(call: Call) -> Response:
    _reading(call)
    query = parse_query(call.query_string, entities.ACTIVITY)
    task = call.store.within(id_of(call.parts[0]), call.folder(), call.caller)
    return _listed(call, matching(task.activities, query, call.now), entities.ACTIVITY, query)


async def create_note(call: Call) -> Response:
    _writing(call)
    query = parse_query(call.query_string, entities.NOTE)
    body = await body_of(call.request)
    task = call.editable(body.id("taskId"))
    text = body.text("text", longest=LONGEST_NOTE)
    if not text:
        raise invalid("The Text field is required.")
    note = call.store.add_note(task, text, call.caller, call.now)
    call.effect("comment", task.folder, task.id)
    return json_response(answers.odata_entity(note, entities.NOTE, query.shape, call.style, call.now), 201)


_ODATA = "UiPath.Server.Configuration.OData."
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFolders", list_tasks),
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFoldersForAdmin", list_tasks_for_admin),
    ("GET", "/odata/Tasks({})", get_task),
    ("GET", f"/odata/Tasks/{_ODATA}GetByKey(identifier={{}})", get_task_by_key),
    ("GET", f"/odata/Tasks/{_ODATA}GetTaskUsers(organizationUnitId={{}})", list_users),
    ("POST", f"/odata/Tasks/{_ODATA}AssignTasks", assign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}ReassignTasks", reassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}UnassignTasks", unassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}DeleteTasks", delete_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}EditTaskMetadata", edit_metadata),
    ("POST", "/tasks/GenericTasks/CreateTask", create_task),
    ("POST", "/tasks/GenericTasks/CompleteTask", _completing(_EXTERNAL)),
    ("POST", "/forms/TaskForms/CompleteTask", _completing(_FORM)),
    ("POST", "/tasks/AppTasks/CompleteAppTask", _completing(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskData", _saving(_EXTERNAL | DOCUMENT_TYPES)),
    ("PUT", "/forms/TaskForms/SaveTaskData", _saving(_FORM)),
    ("PUT", "/tasks/AppTasks/SaveAppTasksData", _saving(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskTags", save_tags),
    ("GET", "/tasks/GenericTasks/GetTaskDataById", get_generic_task),
    ("GET", "/tasks/GenericTasks/GetTaskDataByKey", get_generic_task_by_key),
    ("GET", "/forms/TaskForms/GetTaskFormById", get_form_task),
    ("GET", "/tasks/AppTasks/GetAppTaskById", get_app_task),
    ("GET", f"/odata/TaskNotes/{_ODATA}GetByTaskId(taskId={{}})", list_notes),
    ("POST", f"/odata/TaskNotes/{_ODATA}CreateTaskNote", create_note),
    ("GET", f"/odata/TaskActivities/{_ODATA}GetByTaskId(taskId={{}})", list_activities),
    ("GET", f"/odata/Users/{_ODATA}GetCurrentUser", get_current_user),
    ("GET", "/odata/Folders", list_folders),
)

"""Orchestrator's operations that change tasks."""

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.errors import invalid, not_authorized
from sandbox.uipath.operations.assignment import AssignmentBatch, BatchResult, items_of
from sandbox.uipath.records import PRIORITIES, Tag
from sandbox.uipath.requests import Body, Call, Handler, body_of

LONGEST_TITLE = 512
LONGEST_NOTE = 512
LONGEST_TAG = 256


def _operated(call: Call, action: str, result: BatchResult) -> Response:
    for id in result.done:
        call.effect(action, call.store.tasks[id].folder, id)
    return answers.json_response({"value": [answers.in_style(each, call.style) for each in result.errors]})


async def assign_tasks(call: Call) -> Response:
    call.require_writing()
    items = items_of(await body_of(call.request))
    return _operated(call, "assign", AssignmentBatch(call.store, call.caller, call.now).assign(items, again=False))


async def reassign_tasks(call: Call) -> Response:
    call.require_writing()
    items = items_of(await body_of(call.request))
    return _operated(call, "assign", AssignmentBatch(call.store, call.caller, call.now).assign(items, again=True))


async def unassign_tasks(call: Call) -> Response:
    call.require_writing()
    ids = (await body_of(call.request)).integers("taskIds")
    return _operated(call, "unassign", AssignmentBatch(call.store, call.caller, call.now).unassign(ids))


async def delete_tasks(call: Call) -> Response:
    call.require_writing()
    ids = (await body_of(call.request)).integers("taskIds")
    return _operated(call, "cancel", AssignmentBatch(call.store, call.caller, call.now).delete(ids))


async def edit_metadata(call: Call) -> Response:
    call.require_writing()
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
    call.require_writing()
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
    return answers.json_response(answers.task_data(task, call.caller, call.style, call.now), 201)


def completing_tasks(types: frozenset[str]) -> Handler:
    """Return the operation that completes tasks of these types."""

    async def complete(call: Call) -> Response:
        call.require_writing()
        body = await body_of(call.request)
        task = call.editable(body.id("taskId"))
        call.store.complete(task, types, call.caller, call.now, body.text("action"), body.object("data"))
        call.effect("complete", task.folder, task.id)
        return Response(status_code=204)

    return complete


def saving_tasks(types: frozenset[str]) -> Handler:
    """Return the operation that saves the data of tasks of these types."""

    async def save(call: Call) -> Response:
        call.require_writing()
        body = await body_of(call.request)
        task = call.editable(body.id("taskId"))
        call.store.save(task, types, call.caller, call.now, body.object("data") or {})
        call.effect("save_draft", task.folder, task.id)
        return Response(status_code=204)

    return save


async def save_tags(call: Call) -> Response:
    call.require_writing()
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

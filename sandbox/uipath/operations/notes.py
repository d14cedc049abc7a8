"""Orchestrator's operations on the notes and activities of a task."""

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.errors import invalid
from sandbox.uipath.formats import matching, parse_query
from sandbox.uipath.operations.lists import listed
from sandbox.uipath.requests import Call, body_of, id_of

LONGEST_NOTE = 512


def list_notes(call: Call) -> Response:
    call.require_reading()
    query = parse_query(call.query_string, answers.NOTE)
    task = call.store.within(id_of(call.parts[0]), call.folder(), call.caller)
    return listed(call, matching(task.notes, query, call.now), answers.NOTE, query)


def list_activities(call: Call) -> Response:
    call.require_reading()
    query = parse_query(call.query_string, answers.ACTIVITY)
    task = call.store.within(id_of(call.parts[0]), call.folder(), call.caller)
    return listed(call, matching(task.activities, query, call.now), answers.ACTIVITY, query)


async def create_note(call: Call) -> Response:
    call.require_writing()
    query = parse_query(call.query_string, answers.NOTE)
    body = await body_of(call.request)
    task = call.editable(body.id("taskId"))
    text = body.text("text", longest=LONGEST_NOTE)
    if not text:
        raise invalid("The Text field is required.")
    note = call.store.add_note(task, text, call.caller, call.now)
    call.effect("comment", task.folder, task.id)
    return answers.json_response(answers.odata_entity(note, answers.NOTE, query.selection, call.style, call.now), 201)

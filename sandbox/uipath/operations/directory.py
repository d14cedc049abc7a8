"""Orchestrator's operations that read users and folders."""

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.directory import FOLDERS, folder_users
from sandbox.uipath.errors import no_folder
from sandbox.uipath.formats import matching, parse_query
from sandbox.uipath.operations.lists import listed
from sandbox.uipath.requests import Call, id_of


def list_users(call: Call) -> Response:
    call.require_reading()
    id = id_of(call.parts[0])
    if id is None or id not in FOLDERS or id not in call.caller.view:
        raise no_folder()
    query = parse_query(call.query_string, answers.USER)
    return listed(call, matching(folder_users(FOLDERS[id]), query, call.now), answers.USER, query)


def list_folders(call: Call) -> Response:
    call.caller.needs("OR.Folders", "OR.Folders.Read")
    query = parse_query(call.query_string, answers.FOLDER)
    seen = [folder for folder in FOLDERS.values() if folder.id in call.caller.view]
    return listed(call, matching(seen, query, call.now), answers.FOLDER, query)


def get_current_user(call: Call) -> Response:
    call.caller.needs("OR.Users", "OR.Users.Read")
    query = parse_query(call.query_string, answers.CURRENT_USER)
    if call.caller.user is None:
        return Response(status_code=204)
    body = answers.odata_entity(call.caller.user, answers.CURRENT_USER, query.selection, call.style, call.now)
    return answers.json_response(body)

"""User tasks over HTTP: searches, reads and commands."""

import msgspec
from starlette.responses import Response

from sandbox.camunda import searchables
from sandbox.camunda.authorizations import may_change_task, may_read_task, readable_tasks
from sandbox.camunda.call import Call, Endpoint, no_content
from sandbox.camunda.problems import bad_request, invalid_argument, not_found
from sandbox.camunda.processes import FORMS
from sandbox.camunda.records import UserTask
from sandbox.camunda.searching import search
from sandbox.camunda.table import Table

LONGEST_VALUE = 8191
"""Characters of a variable's value that a search gives unless asked for all."""


def _task(call: Call) -> UserTask:
    key = call.key("userTaskKey")
    task = call.store.tasks.get(key)
    if task is None:
        raise not_found(f"User Task with key '{key}' not found")
    may_read_task(call, task)
    return task


def _search(call: Call) -> Response:
    return call.answer(search(call.store.tasks, call.searchables.tasks, call.body, among=readable_tasks(call)))


def _get(call: Call) -> Response:
    return call.answer(_task(call))


def _assign(call: Call) -> Response:
    key = call.key("userTaskKey")
    if call.body is None:
        raise bad_request("Required request body is missing")
    wanted = call.members({"assignee": str, "allowOverride": bool, "action": str})
    if not wanted.get("assignee", "").strip():
        raise invalid_argument("No assignee provided")
    override = wanted.get("allowOverride", True)
    may_change_task(call, call.routed(key), "ASSIGN" if override else "CLAIM", "UPDATE_USER_TASK")
    call.engine.tasks.assign(key, wanted["assignee"], call.caller, override=override)
    return no_content()


def _unassign(call: Call) -> Response:
    key = call.key("userTaskKey")
    may_change_task(call, call.routed(key), "ASSIGN", "UPDATE_USER_TASK")
    call.engine.tasks.unassign(key, call.caller)
    return no_content()


def _complete(call: Call) -> Response:
    key = call.key("userTaskKey")
    wanted = call.members({"variables": dict, "action": str})
    may_change_task(call, call.routed(key), "COMPLETE", "COMPLETE_USER_TASK")
    call.engine.tasks.complete(key, wanted.get("variables", {}), call.caller)
    return no_content()


def _update(call: Call) -> Response:
    key = call.key("userTaskKey")
    wanted = call.members({"changeset": dict, "action": str})
    may_change_task(call, call.routed(key), "UPDATE", "UPDATE_USER_TASK")
    call.engine.tasks.update(key, wanted.get("changeset", {}), wanted.get("action"), call.caller)
    return no_content()


def _get_form(call: Call) -> Response:
    form = FORMS.get(_task(call).element_id)
    return no_content() if form is None else call.answer(form)


def _search_variables(call: Call) -> Response:
    return _variables(call, effective=False)


def _search_effective_variables(call: Call) -> Response:
    return _variables(call, effective=True)


def _variables(call: Call, *, effective: bool) -> Response:
    truncate = call.request.query_params.get("truncateValues", "true").lower()
    if truncate not in ("true", "false"):
        raise bad_request(f"Failed to convert 'truncateValues' with value: '{truncate}'")
    variables = call.store.scoped_variables(_task(call), effective=effective)
    if truncate == "true":
        variables = [
            msgspec.structs.replace(each, value=each.value[:LONGEST_VALUE], is_truncated=True)
            if len(each.value) > LONGEST_VALUE
            else each
            for each in variables
        ]
    searchable = searchables.EFFECTIVE_VARIABLES if effective else searchables.VARIABLES
    return call.answer(search(Table(searchables.VARIABLE_SHAPE, variables), searchable, call.body))


def _search_audit_logs(call: Call) -> Response:
    logs = call.store.audit_of(_task(call))
    return call.answer(search(Table(searchables.AUDIT_SHAPE, logs), searchables.AUDIT_LOGS, call.body))


ENDPOINTS: tuple[Endpoint, ...] = (
    ("POST", "/user-tasks/search", _search),
    ("GET", "/user-tasks/{userTaskKey}", _get),
    ("PATCH", "/user-tasks/{userTaskKey}", _update),
    ("POST", "/user-tasks/{userTaskKey}/assignment", _assign),
    ("DELETE", "/user-tasks/{userTaskKey}/assignee", _unassign),
    ("POST", "/user-tasks/{userTaskKey}/completion", _complete),
    ("GET", "/user-tasks/{userTaskKey}/form", _get_form),
    ("POST", "/user-tasks/{userTaskKey}/variables/search", _search_variables),
)
EFFECTIVE_VARIABLES: Endpoint = (
    "POST", "/user-tasks/{userTaskKey}/effective-variables/search", _search_effective_variables,
)  # fmt: skip
AUDIT_LOGS: Endpoint = ("POST", "/user-tasks/{userTaskKey}/audit-logs/search", _search_audit_logs)

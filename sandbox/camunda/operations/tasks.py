"""Operations on user tasks."""

import msgspec
from starlette.responses import Response

from sandbox.camunda.definitions import FORMS
from sandbox.camunda.errors import bad_request, invalid_argument, not_found
from sandbox.camunda.records import UserTask
from sandbox.camunda.requests import Call, changes, no_content
from sandbox.camunda.search import Table, search
from sandbox.camunda.store import AUDIT_LOGS, AUDIT_SHAPE, EFFECTIVE_VARIABLES, VARIABLE_SHAPE, VARIABLES

LONGEST_VALUE = 8191
"""Characters of a variable's value in a search, unless the request asks for whole values."""


def _task(call: Call) -> UserTask:
    key = call.key("userTaskKey")
    task = call.store.tasks.get(key)
    if task is None:
        raise not_found(f"User Task with key '{key}' not found")
    call.permissions.check_task(task)
    return task


def search_tasks(call: Call) -> Response:
    return call.answer(
        search(call.store.tasks, call.searches.tasks, call.body, among=call.permissions.readable(call.store.tasks))
    )


def get_task(call: Call) -> Response:
    return call.answer(_task(call))


def assign_task(call: Call) -> Response:
    key = call.key("userTaskKey")
    if call.body is None:
        raise bad_request("Required request body is missing")
    wanted = call.members({"assignee": str, "allowOverride": bool, "action": str})
    if not wanted.get("assignee", "").strip():
        raise invalid_argument("No assignee provided")
    override = wanted.get("allowOverride", True)
    _check_command(call, key, "ASSIGN" if override else "CLAIM", "UPDATE_USER_TASK")
    call.engine.tasks.assign(key, wanted["assignee"], call.caller, override=override)
    return no_content()


def unassign_task(call: Call) -> Response:
    key = call.key("userTaskKey")
    _check_command(call, key, "ASSIGN", "UPDATE_USER_TASK")
    call.engine.tasks.unassign(key, call.caller)
    return no_content()


def complete_task(call: Call) -> Response:
    key = call.key("userTaskKey")
    wanted = call.members({"variables": dict, "action": str})
    _check_command(call, key, "COMPLETE", "COMPLETE_USER_TASK")
    call.engine.tasks.complete(key, wanted.get("variables", {}), call.caller)
    return no_content()


def update_task(call: Call) -> Response:
    key = call.key("userTaskKey")
    wanted = call.members({"changeset": dict, "action": str})
    _check_command(call, key, "UPDATE", "UPDATE_USER_TASK")
    call.engine.tasks.update(key, changes(wanted.get("changeset", {})), wanted.get("action"), call.caller)
    return no_content()


def get_form(call: Call) -> Response:
    form = FORMS.get(_task(call).element_id)
    return no_content() if form is None else call.answer(form)


def search_variables(call: Call) -> Response:
    return _variables(call, effective=False)


def search_effective_variables(call: Call) -> Response:
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
    fields = EFFECTIVE_VARIABLES if effective else VARIABLES
    return call.answer(search(Table(VARIABLE_SHAPE, variables), fields, call.body))


def search_audit_logs(call: Call) -> Response:
    logs = call.store.audit_of(_task(call))
    return call.answer(search(Table(AUDIT_SHAPE, logs), AUDIT_LOGS, call.body))


def _check_command(call: Call, key: str, command: str, permission: str) -> None:
    call.permissions.check_command(command, permission, call.store.tasks.get(call.routed(key)))

"""Reads of tasks, open and closed, and of what belongs to them."""

from typing import Any

import msgspec

from sandbox.camunda7 import answers, errors, search
from sandbox.camunda7.answers import step_of
from sandbox.camunda7.definitions import FORMS
from sandbox.camunda7.engine import form_values
from sandbox.camunda7.operations.call import Call, Json, Plain, Result
from sandbox.camunda7.records import Task
from sandbox.camunda7.requests import number_of


def wanted_of(call: Call) -> Json:
    return {**call.query, **call.body}


def page_of(call: Call, rows: list[Any]) -> list[Any]:
    first = number_of(call.query, "firstResult", 0)
    return rows[first : first + number_of(call.query, "maxResults", 1 << 31)]


def visible(call: Call) -> list[Task]:
    found = search.open_tasks(call.store.tasks.values(), wanted_of(call))
    return [task for task in found if call.may_see(task)]


def list_tasks(call: Call) -> Result:
    wanted = wanted_of(call)
    rows = page_of(call, search.ordered(visible(call), wanted, search.OPEN_SORTS))
    return [_row(call, task, wanted) for task in rows]


def _row(call: Call, task: Task, wanted: Json) -> Json:
    row = answers.task(task, form_ref=call.form_ref)
    if wanted.get("withTaskVariablesInReturn"):
        row["variables"] = answers.variables(task.visible_variables)
    if wanted.get("withCommentAttachmentInfo"):
        row["attachment"] = False
        row["comment"] = any(each.task == task.id for each in call.store.comments)
    return row


def count_tasks(call: Call) -> Result:
    return {"count": len(visible(call))}


def get_task(call: Call, id: str) -> Result:
    return answers.task(readable(call, id), form_ref=call.form_ref)


def readable(call: Call, id: str) -> Task:
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise errors.no_match(id)
    return task


def list_historic_tasks(call: Call) -> Result:
    if call.is_restricted:
        return []
    found = search.historic_tasks(call.store.tasks.values(), wanted_of(call))
    rows = page_of(call, search.ordered(found, wanted_of(call), search.HISTORIC_SORTS))
    return [answers.historic_task(task) for task in rows]


def count_historic_tasks(call: Call) -> Result:
    found = [] if call.is_restricted else search.historic_tasks(call.store.tasks.values(), wanted_of(call))
    return {"count": len(found)}


def count_by_group(call: Call) -> Result:
    """Of the tasks without an assignee. Those without a candidate group are counted under null."""
    counts: dict[str | None, int] = {}
    for task in call.store.tasks.values():
        if task.is_open and not task.assignee:
            named: list[str | None] = [*task.groups]
            for group in named or [None]:
                counts[group] = counts.get(group, 0) + 1
    ordered = sorted(counts, key=lambda name: (name is not None, name or ""))
    return [{"groupName": name, "taskCount": counts[name]} for name in ordered]


def identity_links(call: Call, id: str) -> Result:
    task = call.store.open_task(id)
    if task is None:
        raise errors.RefusalError(500, "NullValueException", errors.no_task(id))
    people = [("assignee", task.assignee), ("owner", task.owner)]
    return [
        *({"userId": user, "groupId": None, "type": kind} for kind, user in people if user),
        *({"userId": user, "groupId": None, "type": "candidate"} for user in task.users),
        *({"userId": None, "groupId": group, "type": "candidate"} for group in task.groups),
    ]


def form(call: Call, id: str) -> Result:
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise errors.RefusalError(400, "RestException", f"Cannot get form for task {id}")
    step = step_of(task)
    key = None if step is None else step.form_key
    if step is not None and step.inputs:
        key = f"embedded:engine://engine/:engine/task/{id}/rendered-form"
    reference = None if step is None else step.form_ref
    shown = None if reference is None else {"key": reference, "binding": "latest", "version": None}
    return {"key": key, call.form_ref: shown, "contextPath": None}


def form_variables(call: Call, id: str) -> Result:
    return answers.variables(form_values(readable(call, id)))


def deployed_form(call: Call, id: str) -> Result:
    step = step_of(readable(call, id))
    if step is None or step.form_ref is None:
        raise errors.invalid("The form key 'null' is not supported: Form key 'null' must start with 'camunda-forms:'.")
    return Plain(msgspec.json.encode(FORMS[step.form_ref]))


def variables(call: Call, id: str) -> Result:
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise errors.RefusalError(500, "NullValueException", f"task {id} doesn't exist: task is null")
    return answers.variables(task.visible_variables)


def comments(call: Call, id: str) -> Result:
    return [answers.comment(each, []) for each in call.store.comments if each.task == id]


def operations(call: Call) -> Result:
    """Empty for an account without history permissions."""
    if call.is_restricted:
        return []
    found = [
        each
        for each in call.store.operations
        if each.task.id == call.query.get("taskId") and call.query.get("operationType") in {None, each.kind}
    ]
    return [answers.operation(each, call.store.deployment) for each in page_of(call, found)]

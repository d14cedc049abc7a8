"""Writes on tasks."""

from sandbox.camunda7 import answers, errors
from sandbox.camunda7.engine import typed
from sandbox.camunda7.operations.call import Call, Json, Result
from sandbox.camunda7.records import Comment, Task
from sandbox.camunda7.requests import time_of


def claim(call: Call, id: str) -> Result:
    """A claim without a user takes the task from its owner."""
    task = _open(call, id, errors.RefusalError(500, "NullValueException", errors.no_task(id)))
    user = call.body.get("userId")
    if user and task.assignee not in {None, user}:
        raise errors.RefusalError(
            500, "TaskAlreadyClaimedException", f"Task '{id}' is already claimed by someone else."
        )
    if task.assignee != user or not user:
        _assign(call, task, user, "Claim")
    call.effect("claim", id)
    return None


def unclaim(call: Call, id: str) -> Result:
    task = _open(call, id, _gone(id))
    _assign(call, task, None, "Claim")
    call.effect("release", id)
    return None


def assign(call: Call, id: str) -> Result:
    task = _open(call, id, _gone(id))
    user = call.body.get("userId")
    _assign(call, task, user, "Assign")
    call.effect("assign" if user else "unassign", id)
    return None


def delegate(call: Call, id: str) -> Result:
    task = _open(call, id, _gone(id))
    task.owner = task.owner or task.assignee
    task.delegation, task.assignee = "PENDING", call.body.get("userId")
    call.engine.touch(task)
    return None


def resolve(call: Call, id: str) -> Result:
    task = _open(call, id, errors.rest("resolve task", id, errors.no_task(id)))
    call.engine.set_visible(task, _variables(call, f"Cannot resolve task {id}"))
    call.engine.resolve(task, call.user)
    return None


def complete(call: Call, id: str) -> Result:
    """Checks neither the owner nor the form."""
    task = _completable(call, id, "complete task")
    given = _variables(call, f"Cannot complete task {id}")
    instance = task.instance
    call.engine.complete(task, given, call.user)
    call.effect("complete", id)
    if call.body.get("withVariablesInReturn"):
        return answers.variables({} if instance is None else instance.variables)
    return None


def submit_form(call: Call, id: str) -> Result:
    task = _completable(call, id, "submit task form")
    call.engine.submit(task, _variables(call, f"Cannot submit task form {id}"), call.user)
    call.effect("complete", id)
    return None


def replace(call: Call, id: str) -> Result:
    """Everything that is left out loses its value."""
    body = call.body
    task = call.store.open_task(id)
    due, follow_up = (time_of(body.get(name), name) for name in ("due", "followUp"))
    if task is None or not call.may_see(task):
        raise errors.no_match(id)
    if task.is_suspended:
        raise errors.is_suspended(id)
    before = (task.name, task.description, task.assignee, task.owner, task.priority, task.due, task.follow_up)
    task.name, task.description, task.assignee = body.get("name"), body.get("description"), body.get("assignee")
    task.owner, task.delegation = body.get("owner"), body.get("delegationState")
    task.priority, task.due, task.follow_up = body.get("priority") or 0, due, follow_up
    task.parent, task.tenant = body.get("parentTaskId"), body.get("tenantId")
    after = (task.name, task.description, task.assignee, task.owner, task.priority, task.due, task.follow_up)
    names = ("name", "description", "assignee", "owner", "priority", "dueDate", "followUpDate")
    changes = [
        (name, None if old is None else str(old), None if new is None else str(new))
        for name, old, new in zip(names, before, after, strict=True)
        if old != new
    ]
    call.engine.log(call.user, task, "Update", list(changes))
    call.engine.touch(task)
    call.effect("update", id)
    return None


def create(call: Call) -> Result:
    body = call.body
    id = body.get("id") or call.store.new_id()
    if id in call.store.tasks:
        raise errors.RefusalError(
            500,
            "ProcessEnginePersistenceException",
            "An exception occurred in the persistence layer. Please check the server logs for a detailed message and the entire exception stack trace.",
        )
    task = Task(
        id=id,
        name=body.get("name"),
        created=call.store.now(),
        description=body.get("description"),
        assignee=body.get("assignee"),
        owner=body.get("owner"),
        priority=body.get("priority") or 0,
        due=time_of(body.get("due"), "due"),
        follow_up=time_of(body.get("followUp"), "followUp"),
        tenant=body.get("tenantId"),
    )
    call.store.tasks[id] = task
    call.engine.log(call.user, task, "Create", [("create", None, None)])
    call.effect("create", id)
    return None


def delete(call: Call, id: str) -> Result:
    """Says yes to a task that has ended, or never was."""
    task = call.store.open_task(id)
    if task is None:
        return None
    if task.instance is not None:
        raise errors.engine_fault("The task cannot be deleted because is part of a running process")
    call.engine.end(task, "deleted")
    call.effect("delete", id)
    return None


def add_link(call: Call, id: str) -> Result:
    return _link(call, id, removes=False)


def delete_link(call: Call, id: str) -> Result:
    return _link(call, id, removes=True)


def set_local_variables(call: Call, id: str) -> Result:
    """Also of a suspended task."""
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise errors.rest("modify variables for task", id, f"task {id} doesn't exist: task is null")
    given = call.body.get("modifications") or {}
    task.local.update({name: typed(each, f"Cannot modify variables for task {id}") for name, each in given.items()})
    call.engine.log(call.user, task, "SetVariable", [(None, None, None)])
    call.effect("save", id)
    return None


def add_comment(call: Call, id: str) -> Result:
    """On closed tasks too. Who may not read the history finds no task."""
    task = call.store.tasks.get(id)
    if task is None or call.is_restricted:
        raise errors.invalid(f"No task found for task id {id}")
    root = None if task.instance is None else task.instance.id
    made = Comment(call.store.new_id(), id, call.user, call.store.now(), str(call.body.get("message")), root)
    call.store.comments.append(made)
    call.effect("comment", id)
    href = f"{call.base}/task/{id}/comment/{made.id}"
    return answers.comment(made, [{"method": "GET", "href": href, "rel": "self"}])


def _open(call: Call, id: str, absent: errors.RefusalError) -> Task:
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise absent
    if task.is_suspended:
        raise errors.is_suspended(id)
    return task


def _gone(id: str) -> errors.RefusalError:
    return errors.RefusalError(400, "NotFoundException", errors.no_task(id))


def _assign(call: Call, task: Task, user: str | None, kind: str) -> None:
    before = task.assignee
    task.assignee = user or None
    if before != task.assignee:
        call.engine.log(call.user, task, kind, [("assignee", before, task.assignee)])
    call.engine.touch(task)


def _completable(call: Call, id: str, verb: str) -> Task:
    task = call.store.open_task(id)
    if task is None or not call.may_see(task):
        raise errors.rest(verb, id, errors.no_task(id))
    if task.is_suspended:
        raise errors.rest(verb, id, errors.suspended(id))
    return task


def _variables(call: Call, what: str) -> Json:
    given = call.body.get("variables") or {}
    return {name: typed(each, what) for name, each in given.items()}


def _link(call: Call, id: str, *, removes: bool) -> Result:
    task = _open(call, id, _gone(id))
    if call.body.get("type") != "candidate":
        raise errors.invalid("the stand-in knows candidates only")
    for member, names in (("userId", task.users), ("groupId", task.groups)):
        name = call.body.get(member)
        if name and removes and name in names:
            names.remove(name)
        elif name and not removes and name not in names:
            names.append(name)
        if name:
            kind = ("Delete" if removes else "Add") + ("UserLink" if member == "userId" else "GroupLink")
            call.engine.log(call.user, task, kind, [("candidate", None, name)])
    call.engine.touch(task)
    call.effect("update", id)
    return None

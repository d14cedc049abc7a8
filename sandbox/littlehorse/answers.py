"""Records as the bridge's JSON. Null is written; texts that were not set are empty."""

from typing import Any

from sandbox.littlehorse.directory import REALM_GROUPS, USERS, Group, User, UserIdClaim, group_named, user_of_kernel
from sandbox.littlehorse.records import Event, TaskRun
from sandbox.stand_in import iso_millis

Json = dict[str, Any]


def user(found: User) -> Json:
    return {
        "id": found.id,
        "email": found.email,
        "username": found.username,
        "firstName": found.first_name or None,
        "lastName": found.last_name or None,
        "valid": True,
    }


def group(found: Group) -> Json:
    return {"id": found.id, "name": found.name, "valid": True}


def _unknown_user(id: str) -> Json:
    return {"id": id, "email": None, "username": None, "firstName": None, "lastName": None, "valid": False}


def _unknown_group(name: str) -> Json:
    return {"id": name, "name": None, "valid": False}


def row(task: TaskRun, claim: UserIdClaim, *, adapter: bool) -> Json:
    """Return a row of a list. User and group are looked up in the realm by the kernel's values."""
    known_user = user_of_kernel(task.user, claim) if task.user is not None and adapter else None
    known_group = group_named(task.group) if task.group is not None and adapter else None
    return _task(
        task,
        None if task.user is None else _unknown_user(task.user) if known_user is None else user(known_user),
        None if task.group is None else _unknown_group(task.group) if known_group is None else group(known_group),
    )


def detail(task: TaskRun) -> Json:
    """Return the detail for a person. User and group are not looked up."""
    return _detail(
        task,
        None if task.user is None else _unknown_user(task.user),
        None if task.group is None else _unknown_group(task.group),
    )


def admin_detail(task: TaskRun, *, adapter: bool) -> Json:
    """Return the detail for an admin. The kernel's values are looked up as if they were ids of the identity provider."""
    known = USERS.get(task.user or "") if adapter else None
    known_group = REALM_GROUPS.get(task.group or "") if adapter else None
    shown = _detail(
        task,
        None if task.user is None else _unknown_user(task.user) if known is None else user(known),
        None if task.group is None else _unknown_group(task.group) if known_group is None else group(known_group),
    )
    # The bridge has a set of events, so their order is arbitrary.
    return {**shown, "events": [event(each) for each in sorted(task.events, key=lambda each: each.type)]}


def event(found: Event) -> Json:
    return {"time": iso_millis(found.at), "type": found.type, "event": found.body}


def comments(task: TaskRun) -> list[Json]:
    """Return the latest event of each comment."""
    latest: dict[int, Event] = {}
    for each in task.events:
        if each.type.startswith("COMMENT_"):
            latest[each.body["commentId"]] = each
    return [event(each) for each in latest.values()]


def _task(task: TaskRun, user: Json | None, group: Json | None) -> Json:
    return {
        "id": task.id,
        "wfRunId": task.wf_run_id,
        "userTaskDefName": task.definition,
        "userGroup": group,
        "user": user,
        "status": task.status,
        "notes": task.notes,
        "scheduledTime": iso_millis(task.scheduled_at),
    }


def _detail(task: TaskRun, user: Json | None, group: Json | None) -> Json:
    return {
        **_task(task, user, group),
        "fields": [
            {
                "name": field.name,
                "displayName": field.display_name,
                "description": field.description,
                "type": field.type,
                "required": field.required,
            }
            for field in task.form.fields
        ],
        "results": {name: {"type": kind, "value": value} for name, (kind, value) in task.results.items()},
    }

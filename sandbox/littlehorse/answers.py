"""Records as the bridge's JSON. Null is written; texts that were not set are empty."""

from hashlib import blake2b
from typing import Any

from sandbox.littlehorse.directory import Group, Realm, User, group_named
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


def row(task: TaskRun, realm: Realm | None) -> Json:
    """Return a row of a list. User and group are looked up in the realm by the kernel's values, ids without case."""
    known = None if task.user is None or realm is None else realm.user_of_kernel(task.user.lower())
    return _task(
        task,
        None if task.user is None else _unknown_user(task.user) if known is None else user(known),
        _found_group(task, realm),
    )


def detail(task: TaskRun) -> Json:
    """Return the detail for a person. User and group are not looked up."""
    return _detail(
        task,
        None if task.user is None else _unknown_user(task.user),
        None if task.group is None else _unknown_group(task.group),
    )


def admin_detail(task: TaskRun, realm: Realm | None) -> Json:
    """Return the detail for an admin. The user is looked up as if its value were an id of the identity provider."""
    known = None if task.user is None or realm is None else realm.user(task.user)
    shown = _detail(
        task,
        None if task.user is None else _unknown_user(task.user) if known is None else user(known),
        _found_group(task, realm),
    )
    # The bridge has a set of events, so their order is arbitrary.
    return {**shown, "events": sorted(map(event, task.events), key=_arbitrarily)}


def event(found: Event) -> Json:
    return {"time": iso_millis(found.at), "event": found.body, "type": found.type}


def _arbitrarily(shown: Json) -> bytes:
    return blake2b(repr(shown).encode(), digest_size=8).digest()


def _found_group(task: TaskRun, realm: Realm | None) -> Json | None:
    known = None if task.group is None or realm is None else group_named(task.group)
    return None if task.group is None else _unknown_group(task.group) if known is None else group(known)


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
        # The kernel's id of a child run begins with its parent's; the bridge leaves that out.
        "wfRunId": task.wf_run_id.rpartition("_")[2],
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

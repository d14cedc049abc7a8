"""The bridge's records as ours, row by row of the tables."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.littlehorse import LittlehorseSettings, wire
from connectors.littlehorse.history import activities_of, comments_of
from connectors.littlehorse.mapping import (
    flow_stub,
    group_from_wire,
    state_of,
    task_from_wire,
    user_from_wire,
)
from connectors.littlehorse.settings import LittlehorseOptions, UserIdClaim
from connectors.littlehorse.task_id import TaskId
from connectors.sdk.errors import NotFoundError
from connectors.sdk.model import ActivityType, FlowState, GroupRef, TaskKind, TaskState, UserRef
from connectors.sdk.testing import STRANGE_IDS

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
RUN = "3e5d1f0b6f8c4a7a9f1f5b0c2d3e4f50"
GROUP = "6d1b6c5e-3c8a-4b7e-8f3a-1c2d3e4f5a6b"
SUB = "9b8e1d52-0000-4000-8000-000000000001"

LISTED = {
    "id": "0-1",
    "wfRunId": RUN,
    "userTaskDefName": "user-tasks-form",
    "userGroup": {"id": GROUP, "name": "users", "valid": True},
    "user": {
        "id": SUB,
        "email": "my-user@example.com",
        "username": "my-user",
        "firstName": "My",
        "lastName": "User",
        "valid": True,
    },
    "status": "ASSIGNED",
    "notes": "This is a demo form",
    "scheduledTime": "2026-06-01T09:00:00.000Z",
}


def row(**changes: Any) -> wire.TaskRow:
    return msgspec.json.decode(json.dumps(LISTED | changes), type=wire.TaskRow)


def with_claim(settings: LittlehorseSettings, claim: UserIdClaim) -> LittlehorseSettings:
    options = LittlehorseOptions(tenant="default", user_id_claim=claim)
    return settings.model_copy(update={"options": options})


@pytest.mark.parametrize(
    ("status", "assigned", "expected"),
    [
        ("UNASSIGNED", False, (TaskState.READY, "lh.unassigned")),
        ("ASSIGNED", True, (TaskState.RESERVED, "lh.assigned")),
        ("ASSIGNED", False, (TaskState.READY, "lh.assigned.nobody")),
        ("DONE", True, (TaskState.COMPLETED, "lh.done")),
        ("CANCELLED", False, (TaskState.CANCELED, "lh.cancelled")),
        ("CANCELLED", True, (TaskState.CANCELED, "lh.cancelled")),
        ("SAVED", True, (TaskState.UNKNOWN, "lh.unknown")),
        ("", False, (TaskState.UNKNOWN, "lh.unknown")),
        (None, False, (TaskState.UNKNOWN, "lh.unknown")),
    ],
)
def test_each_status_has_its_state(status: str | None, assigned: bool, expected: tuple[TaskState, str]) -> None:
    """Row by row of the table of states."""
    assert expected == state_of(status, assigned=assigned)


def test_a_row_becomes_a_task(settings: LittlehorseSettings) -> None:
    """Every member that a list carries."""
    task = task_from_wire(row(), settings, fetched_at=NOW)

    assert ("bridge", f"{RUN}:0-1", "user-tasks-form") == (task.source, task.native_id, task.title)
    assert (TaskState.RESERVED, TaskKind.FORM, "ASSIGNED") == (task.state, task.kind, task.native_state)
    assert "This is a demo form" == task.description
    assert datetime(2026, 6, 1, 9, tzinfo=UTC) == task.created_at
    assert (UserRef(native_id="my-user@example.com", name="My User", email="my-user@example.com"),) == task.assignees
    assert (GroupRef(native_id="users", name="users"),) == task.candidate_groups
    assert task.definition is not None
    assert ("user-tasks-form", RUN) == (task.definition.key, task.flow_id)
    assert (None, None, None) == (task.due_at, task.priority, task.completed_by)


@pytest.mark.parametrize(
    ("claim", "kernel_id"), [("EMAIL", "my-user@example.com"), ("PREFERRED_USERNAME", "my-user"), ("SUB", SUB)]
)
def test_list_and_detail_name_the_same_people_and_groups(
    settings: LittlehorseSettings, claim: UserIdClaim, kernel_id: str
) -> None:
    """Lists show the identity provider's ids, details the kernel's: a task is the same task in both."""
    configured = with_claim(settings, claim)
    nobody = {"email": None, "username": None, "firstName": None, "lastName": None, "valid": False}
    detail = row(user={"id": kernel_id, **nobody}, userGroup={"id": "users", "name": None, "valid": False})
    listed = task_from_wire(row(), configured, fetched_at=NOW)
    read = task_from_wire(detail, configured, fetched_at=NOW)

    assert [kernel_id] == [user.native_id for user in read.assignees]
    assert listed.version == read.version
    assert listed.candidate_groups == read.candidate_groups


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (None, None),
        ({}, None),
        ({"id": "", "valid": False}, None),
        ({"id": None, "valid": True}, None),
        ({"id": "gone@example.com", "valid": False}, "gone@example.com"),
        ({"id": SUB, "email": None, "valid": True}, SUB),
        ({"id": SUB, "email": "", "valid": True}, SUB),
    ],
)
def test_a_person_without_parts_is_named_by_what_is_there(
    settings: LittlehorseSettings, user: Any, expected: str | None
) -> None:
    """Or nobody, where there is nothing: an empty text is no id."""
    task = task_from_wire(row(user=user), settings, fetched_at=NOW)

    assert [expected] == [each.native_id for each in task.assignees] if expected else () == task.assignees


def test_missing_and_null_members_are_empty(settings: LittlehorseSettings) -> None:
    """The ids alone make a task."""
    bare = msgspec.json.decode(b'{"id":"0-1","wfRunId":"r"}', type=wire.TaskRow)
    nulls = row(userTaskDefName=None, userGroup=None, user=None, status=None, notes=None, scheduledTime=None)
    for each in (bare, nulls):
        task = task_from_wire(each, settings, fetched_at=NOW)

        assert (TaskState.UNKNOWN, (), ()) == (task.state, task.assignees, task.candidate_groups)
        assert (None, None, None) == (task.description, task.created_at, task.definition)
        assert task.title == task.native_id


def test_a_link_names_run_and_task_quoted(settings: LittlehorseSettings) -> None:
    """What stands in an id cannot add to the template."""
    options = LittlehorseOptions(tenant="default", url_template="https://c.test/{wfRunId}/x/{id}?a=b")
    configured = settings.model_copy(update={"options": options})
    task = task_from_wire(row(id="0/{wfRunId}", wfRunId="a b"), configured, fetched_at=NOW)

    assert "https://c.test/a%20b/x/0%2F%7BwfRunId%7D?a=b" == task.url


def test_history_tells_when_a_task_was_assigned_and_completed(settings: LittlehorseSettings) -> None:
    """The last assignment to the present owner, and who has a finished task completed it."""
    events = [
        {"time": "2026-06-01T10:00:00.000Z", "type": "TASK_ASSIGNED", "event": {"newUserId": "my-user@example.com"}},
        {"time": "2026-06-01T09:00:00.000Z", "type": "TASK_ASSIGNED", "event": {"newUserId": "other@example.com"}},
        {"time": "2026-06-01T11:00:00.000Z", "type": "TASK_COMPLETED", "event": {"message": "Completed"}},
        {"time": None, "type": None, "event": None},
    ]
    record = msgspec.json.decode(json.dumps(LISTED | {"status": "DONE", "events": events}), type=wire.TaskRecord)
    task = task_from_wire(record, settings, fetched_at=NOW)

    assert datetime(2026, 6, 1, 10, tzinfo=UTC) == task.assigned_at
    assert datetime(2026, 6, 1, 11, tzinfo=UTC) == task.completed_at
    assert task.completed_by == task.assignee is not None


def test_events_become_activities_oldest_first() -> None:
    """Every documented type, one that is not, and none for what has no time."""
    pairs: list[tuple[str | None, dict[str, Any] | None]] = [
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "", "newUserId": "", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "users", "newUserId": "a", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "a", "oldUserGroup": "users", "newUserId": "b", "newUserGroup": ""}),
        ("TASK_ASSIGNED", {"oldUserId": "b", "oldUserGroup": "", "newUserId": "", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "users", "newUserId": "", "newUserGroup": "others"}),
        ("TASK_EXECUTED", {"wfRunId": RUN, "userTaskGuid": "g"}),
        ("COMMENT_ADDED", {"comment": "hello", "userId": f"{SUB}::my-user", "commentId": 1}),
        ("COMMENT_EDITED", {"comment": "hallo", "userId": f"{SUB}::my-user", "commentId": 1}),
        ("COMMENT_DELETED", {"userId": f"{SUB}::my-user", "commentId": 1}),
        ("TASK_CANCELLED", {"message": "no"}),
        ("TASK_COMPLETED", {"message": "Completed"}),
        ("TASK_SAVED", None),
        (None, None),
    ]
    events = [
        msgspec.convert({"time": f"2026-06-01T{hour:02}:00:00.000Z", "type": kind, "event": body}, wire.Event)
        for hour, (kind, body) in enumerate(pairs)
    ]
    found = activities_of([*reversed(events), wire.Event(type="TASK_COMPLETED", time=None)], "EMAIL")

    assert [
        ActivityType.ASSIGNED,
        ActivityType.ASSIGNED,
        ActivityType.REASSIGNED,
        ActivityType.UNASSIGNED,
        ActivityType.FORWARDED,
        ActivityType.OTHER,
        ActivityType.COMMENTED,
        ActivityType.COMMENT_EDITED,
        ActivityType.COMMENT_DELETED,
        ActivityType.CANCELED,
        ActivityType.COMPLETED,
        ActivityType.OTHER,
        ActivityType.OTHER,
    ] == [each.type for each in found]
    assert [kind for kind, _ in pairs] == [each.native_type for each in found]
    assert ({"user": "a", "group": "users"}, {"user": "b", "group": None}) == (found[2].before, found[2].after)
    assert (UserRef(native_id="b"), "Completed") == (found[2].target, found[10].message)
    assert UserRef(native_id=SUB, name="my-user") == found[6].actor


@pytest.mark.parametrize(("claim", "author"), [("EMAIL", SUB), ("SUB", SUB), ("PREFERRED_USERNAME", "my-user")])
def test_comments_are_their_latest_words(claim: UserIdClaim, author: str) -> None:
    """Deleted ones are gone; of an edited one the first time is not known; the author is `<sub>::<username>`."""

    def event(number: int, kind: str, text: str | None) -> wire.Event:
        body = wire.EventBody(comment=text, user_id=f"{SUB}::my-user", comment_id=number)
        return wire.Event(type=kind, time=f"2026-06-01T0{number}:00:00.000Z", event=body)

    events = [event(3, "COMMENT_EDITED", "x"), event(2, "COMMENT_DELETED", None), event(1, "COMMENT_ADDED", "y")]
    found = comments_of([*events, wire.Event(), wire.Event(event=wire.EventBody())], claim)

    assert [("1", "y"), ("3", "x")] == [(each.native_id, each.text) for each in found]
    assert [(True, False), (False, True)] == [(bool(each.created_at), bool(each.edited_at)) for each in found]
    assert {author} == {each.author.native_id for each in found if each.author is not None}


def test_people_and_groups_of_the_directory() -> None:
    """By the kernel's names; the identity provider's id of a group is an alias."""
    user = user_from_wire(row().user or wire.User(), "EMAIL")
    group = group_from_wire(row().user_group or wire.UserGroup())

    assert user is not None
    assert group is not None
    assert ("my-user@example.com", "My User", "my-user") == (user.native_id, user.name, user.username)
    assert ("users", "users", (GROUP,)) == (group.native_id, group.name, group.aliases)
    assert (None, None) == (user_from_wire(wire.User(), "EMAIL"), group_from_wire(wire.UserGroup(id="")))


def test_a_flow_is_its_id() -> None:
    """Nothing else is known of it, not even whether it is there."""
    flow = flow_stub(RUN, "bridge", fetched_at=NOW)

    assert (RUN, FlowState.UNKNOWN, None) == (flow.native_id, flow.state, flow.name)


PARTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda s: s not in {".", ".."}
)


@given(run=PARTS, id=PARTS)
def test_an_id_is_read_back_as_it_was_written(run: str, id: str) -> None:
    """Whatever stands in its parts; the written form keeps to letters, digits, `%` and one colon."""
    written = str(TaskId(run, id))

    assert TaskId(run, id) == TaskId.parse(written)
    assert 1 == written.count(":")
    assert quote(written, safe="%:") == written


@given(text=st.text(max_size=60))
def test_an_id_has_one_spelling(text: str) -> None:
    """What parses is written the same again: no two texts are one task."""
    try:
        parsed = TaskId.parse(text)
    except NotFoundError:
        return

    assert text == str(parsed)


@pytest.mark.parametrize(
    "text", [*STRANGE_IDS, "a", "a:b:c", ":b", "a:", "..:a", "a:.", "%61:b", "a:%2f", "%ff:a", "é:a"]
)
def test_what_is_no_id_is_unknown(text: str) -> None:
    """Without a call."""
    with pytest.raises(NotFoundError):
        TaskId.parse(text)

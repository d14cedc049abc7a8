"""The bridge's records as records of the sdk."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from connectors.littlehorse import LittlehorseSettings, wire
from connectors.littlehorse.mapping import (
    flow_stub,
    group_from_wire,
    state_of,
    task_from_wire,
    user_from_wire,
)
from connectors.littlehorse.settings import LittlehorseOptions, UserIdClaim
from connectors.sdk.model import FlowState, GroupRef, TaskKind, TaskState, UserRef

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
        ("ASSIGNED", False, (TaskState.UNKNOWN, "lh.assigned.no_user")),
        ("DONE", True, (TaskState.COMPLETED, "lh.done")),
        ("CANCELLED", False, (TaskState.CANCELED, "lh.cancelled")),
        ("CANCELLED", True, (TaskState.CANCELED, "lh.cancelled")),
        ("SAVED", True, (TaskState.UNKNOWN, "lh.unknown")),
        ("", False, (TaskState.UNKNOWN, "lh.unknown")),
        (None, False, (TaskState.UNKNOWN, "lh.unknown")),
    ],
)
def test_each_status_has_its_state(status: str | None, assigned: bool, expected: tuple[TaskState, str]) -> None:
    """Each row of the table of states."""
    assert expected == state_of(status, assigned=assigned)


def test_a_row_becomes_a_task(settings: LittlehorseSettings) -> None:
    """With every member that lists have."""
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
    """Lists show the identity provider's ids, details the kernel's. The task has the same version in both."""
    configured = with_claim(settings, claim)
    unknown = {"email": None, "username": None, "firstName": None, "lastName": None, "valid": False}
    detail = row(user={"id": kernel_id, **unknown}, userGroup={"id": "users", "name": None, "valid": False})
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
def test_an_incomplete_user_is_identified_by_the_id_that_is_there(
    settings: LittlehorseSettings, user: Any, expected: str | None
) -> None:
    """Without an id there is no assignee. An empty text is no id."""
    task = task_from_wire(row(user=user), settings, fetched_at=NOW)

    assert [expected] == [each.native_id for each in task.assignees] if expected else () == task.assignees


def test_members_may_be_missing_or_null(settings: LittlehorseSettings) -> None:
    """Only the ids are required."""
    bare = msgspec.json.decode(b'{"id":"0-1","wfRunId":"r"}', type=wire.TaskRow)
    nulls = row(userTaskDefName=None, userGroup=None, user=None, status=None, notes=None, scheduledTime=None)
    for each in (bare, nulls):
        task = task_from_wire(each, settings, fetched_at=NOW)

        assert (TaskState.UNKNOWN, (), ()) == (task.state, task.assignees, task.candidate_groups)
        assert (None, None, None) == (task.description, task.created_at, task.definition)
        assert task.title == task.native_id


def test_a_link_has_the_quoted_ids_of_run_and_task(settings: LittlehorseSettings) -> None:
    """Braces and slashes in an id do not change the link."""
    options = LittlehorseOptions(tenant="default", url_template="https://c.test/{wfRunId}/x/{id}?a=b")
    configured = settings.model_copy(update={"options": options})
    task = task_from_wire(row(id="0/{wfRunId}", wfRunId="a b"), configured, fetched_at=NOW)

    assert "https://c.test/a%20b/x/0%2F%7BwfRunId%7D?a=b" == task.url


def test_events_give_the_times_of_assignment_and_completion(settings: LittlehorseSettings) -> None:
    """Of the last assignment to the present owner. The owner of a completed task completed it."""
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


@pytest.mark.parametrize(
    ("results", "status", "expected"),
    [
        ({"decision": {"type": "STRING", "value": "accepted"}}, "DONE", "accepted"),
        ({"decision": {"type": "STRING", "value": "accepted"}}, "ASSIGNED", None),
        ({"decision": {"type": "STRING", "value": "other"}}, "DONE", None),
        ({"decision": {"type": "INTEGER", "value": 5}}, "DONE", None),
        ({}, "DONE", None),
        (None, "DONE", None),
    ],
)
def test_the_outcome_of_a_completed_task_is_one_of_its_results(
    settings: LittlehorseSettings, results: Any, status: str, expected: str | None
) -> None:
    """Of the configured field, and one of the configured outcomes."""
    options = LittlehorseOptions.model_validate(
        {"tenant": "default", "outcome_field": "decision", "outcomes": [{"code": "accepted"}]}
    )
    record = msgspec.json.decode(json.dumps(LISTED | {"status": status, "results": results}), type=wire.TaskRecord)
    configured = settings.model_copy(update={"options": options})

    assert expected == task_from_wire(record, configured, fetched_at=NOW).outcome
    assert task_from_wire(record, settings, fetched_at=NOW).outcome is None


def test_users_and_groups_of_the_directory() -> None:
    """With the kernel's ids. The identity provider's id of a group is an alias."""
    user = user_from_wire(row().user or wire.User(), "EMAIL")
    group = group_from_wire(row().user_group or wire.UserGroup())

    assert user is not None
    assert group is not None
    assert ("my-user@example.com", "My User", "my-user") == (user.native_id, user.name, user.username)
    assert ("users", "users", (GROUP,)) == (group.native_id, group.name, group.aliases)
    assert (None, None) == (user_from_wire(wire.User(), "EMAIL"), group_from_wire(wire.UserGroup(id="")))


def test_a_flow_is_only_its_id() -> None:
    """The bridge does not show runs."""
    flow = flow_stub(RUN, "bridge", fetched_at=NOW)

    assert (RUN, FlowState.UNKNOWN, None) == (flow.native_id, flow.state, flow.name)

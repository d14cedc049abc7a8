"""Several tasks in one request, and each task's line of the answer."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.commands import Assign, Claim, DeleteTask, Outcome, Release, TaskCommand, Unassign
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState, UserRef
from connectors.sdk.query import TaskQuery
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import Tenant
from tests.connectors.uipath.vendor import ALICE, ODATA, PENDING, TASK, Vendor

Scripted = Callable[..., UiPathConnector]
Many = dict[str, Any]


def task(number: int, **changes: Any) -> Task:
    return replace(TASK, native_id=f"828-{number}", **changes)


def owned(number: int) -> Task:
    return replace(PENDING, native_id=f"828-{number}")


def lines(*entries: Many) -> httpx2.Response:
    return httpx2.Response(200, json={"value": list(entries)})


def line(number: int | None, code: int = 1000) -> Many:
    return {"TaskId": number, "ErrorCode": code, "ErrorMessage": "No."}


def kinds(found: Any, numbers: Sequence[int] = (1, 2, 3)) -> list[type[Outcome] | type[ConnectorError]]:
    return [type(found[f"828-{number}"]) for number in numbers]


UNASSIGN = [Unassign(task=owned(number)) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("commands", "path", "body"),
    [
        (
            [Assign(task=task(number), user_id="77") for number in (1, 2)],
            "AssignTasks",
            {"taskAssignments": [{"TaskId": 1, "UserId": 77}, {"TaskId": 2, "UserId": 77}]},
        ),
        (
            [Assign(task=owned(number), user_id="77", override=True) for number in (1, 2)],
            "ReassignTasks",
            {"taskAssignments": [{"TaskId": 1, "UserId": 77}, {"TaskId": 2, "UserId": 77}]},
        ),
        (
            [Assign(task=task(number), group_id="9") for number in (1, 2)],
            "AssignTasks",
            {
                "taskAssignments": [
                    {"TaskId": number, "UserId": 9, "AssignmentCriteria": "AllUsers"} for number in (1, 2)
                ]
            },
        ),
        (UNASSIGN, "UnassignTasks", {"taskIds": [1, 2, 3]}),
        ([Release(task=owned(1)), Release(task=owned(2))], "UnassignTasks", {"taskIds": [1, 2]}),
        ([DeleteTask(task=task(1)), DeleteTask(task=task(2))], "DeleteTasks", {"taskIds": [1, 2]}),
    ],
)
async def test_several_tasks_are_one_request(
    scripted: Scripted, commands: list[TaskCommand], path: str, body: Many
) -> None:
    vendor = Vendor()
    connector = scripted(vendor, allow_delete=True)

    found = await connector.perform_many(commands)

    assert {path} == {connector.array_of(command) for command in commands}
    assert [("POST", ODATA + path, body, None)] == vendor.sent
    assert [Outcome] * len(commands) == [type(found[command.task.native_id]) for command in commands]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lines(), [Outcome, Outcome, Outcome]),
        (lines(line(2)), [Outcome, ConflictError, Outcome]),
        (lines(line(3, 1002), line(1, 1100)), [ForbiddenError, Outcome, NotFoundError]),
        (lines(line(2), line(2, 1002)), [Outcome, ConflictError, Outcome]),
        (lines(line(77)), [MalformedResponseError] * 3),
        (lines(line(None)), [MalformedResponseError] * 3),
        (lines(line(2), line(77)), [MalformedResponseError, ConflictError, MalformedResponseError]),
    ],
)
async def test_each_task_is_judged_by_its_own_line(
    scripted: Scripted, answer: httpx2.Response, expected: list[type[Any]]
) -> None:
    """The answer lists the refused ones, in any order. One that names another task leaves open all that it does not name."""
    found = await scripted(Vendor(UnassignTasks=answer)).perform_many(UNASSIGN)

    assert expected == kinds(found)
    for one in found.values():
        if isinstance(one, ConnectorError):
            assert one.maybe_applied is isinstance(one, MalformedResponseError)


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, html="<p>Sign in</p>"),
        httpx2.Response(200, json={"value": [{"TaskId": "one"}]}),
        httpx2.Response(200, json={}),
        httpx2.Response(204),
        httpx2.Response(503),
    ],
)
async def test_an_answer_that_cannot_be_read_leaves_all_open(scripted: Scripted, answer: httpx2.Response) -> None:
    with pytest.raises(ConnectorError) as caught:
        await scripted(Vendor(UnassignTasks=answer)).perform_many(UNASSIGN)

    assert caught.value.maybe_applied


async def test_what_speaks_against_a_task_keeps_it_out_of_the_request(scripted: Scripted) -> None:
    """The others travel without it."""
    vendor = Vendor()
    commands = [
        Assign(task=task(1), user_id="77"),
        Assign(task=task(2, assignees=(UserRef(native_id="8"),)), user_id="77"),
        Assign(task=task(3, state_reason="DELETED", state=TaskState.CANCELED), user_id="77"),
    ]
    found = await scripted(vendor).perform_many(commands)

    assert [Outcome, AlreadyAssignedError, ConflictError] == kinds(found)
    assert [{"taskAssignments": [{"TaskId": 1, "UserId": 77}]}] == [body for _, _, body, _ in vendor.sent]


async def test_nothing_is_sent_if_nothing_can_be(scripted: Scripted) -> None:
    vendor = Vendor()
    found = await scripted(vendor).perform_many([Assign(task=task(1), user_id="77", options={"unknown": 1})])

    assert ([ValidationFailedError], []) == (kinds(found, [1]), vendor.sent)


async def test_claims_are_read_back_in_one_call(scripted: Scripted) -> None:
    """Another person's is lost, and one that cannot be found may be applied."""
    rows = [
        {"Id": number, "OrganizationUnitId": 828, "Status": "Pending", "AssignedToUserId": owner}
        for number, owner in ((1, 7), (2, 8))
    ]
    listed = httpx2.Response(200, json={"value": rows, "@odata.count": 2})
    vendor = Vendor(GetTasksAcrossFolders=listed)

    found = await scripted(vendor).perform_many([Claim(task=task(number), actor=ALICE) for number in (1, 2, 3)])

    assert [Outcome, AlreadyAssignedError, UnavailableError] == kinds(found)
    assert [False, True] == [found[f"828-{number}"].maybe_applied for number in (2, 3)]  # type: ignore[union-attr]
    assert ["POST", "GET"] == [method for method, *_ in vendor.sent]


async def test_the_stand_in_takes_what_it_can_of_several(tenant: Tenant) -> None:
    """A task that another person has completed meanwhile is refused by its line."""
    ready = [
        one
        for one in await tenant.drain(TaskQuery(states=frozenset({TaskState.READY})))
        if one.native_state == "Unassigned" and one.native_id.startswith("828-")
    ][:4]
    tenant.stand_in.store.tasks[int(ready[1].native_id.split("-")[1])].status = "Completed"
    bob = tenant.identity("bob")

    found = await tenant.connector.perform_many([Claim(task=one, actor=bob) for one in ready])
    shown = await tenant.connector.get_tasks([one.native_id for one in ready])

    assert [Outcome, ConflictError, Outcome, Outcome] == [type(found[one.native_id]) for one in ready]
    for one in (ready[0], ready[2], ready[3]):
        now = shown[one.native_id]
        assert isinstance(now, Task)
        assert [bob.native_id] == [owner.native_id for owner in now.assignees]

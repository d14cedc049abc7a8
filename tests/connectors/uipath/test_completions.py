"""Completing tasks that only their assignee may complete."""

from collections.abc import Callable

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.capability import Support
from connectors.sdk.commands import Complete
from connectors.sdk.errors import (
    ConflictError,
    RejectedError,
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState, UserRef
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import Tenant
from tests.connectors.uipath.vendor import APP, FORM, ODATA, REST, TASK, Vendor, owned

Scripted = Callable[..., UiPathConnector]


@pytest.mark.parametrize("native_type", ["FormTask", "AppTask"])
async def test_others_tasks_are_not_completed_unless_the_source_takes_them_over(
    tenant: Tenant, native_type: str
) -> None:
    """The vendor refuses it; with the option the account has the task first."""
    alice = tenant.identity("alice").native_id
    task = await owned(tenant, native_type, alice)
    command = Complete(task=task, outcome="approve", data={"amount": 1})
    with pytest.raises(RejectedError):
        await tenant.open(assign_before_completing=False).perform(command)

    connector = tenant.open(assign_before_completing=True)
    outcome = await connector.perform(command)
    shown = (await connector.get_tasks([task.native_id]))[task.native_id]

    assert isinstance(shown, Task)
    assert (TaskState.COMPLETED, TaskState.COMPLETED) == (outcome.task.state, shown.state)
    assert (Support.EMULATED, False) == (
        connector.info.capabilities[Complete].support,
        connector.info.capabilities[Complete].atomic,
    )


def reassigned_to(vendor: Vendor) -> list[tuple[str, object]]:
    return [
        (path.removeprefix(ODATA).removeprefix(REST), body.get("taskAssignments", body.get("taskIds")))
        for _, path, body, _ in vendor.writes
    ]


@pytest.mark.parametrize(
    ("task", "steps"),
    [
        (
            replace(FORM, native_state="Pending", assignees=(UserRef(native_id="8"),)),
            [
                ("ReassignTasks", [{"TaskId": 101, "UserId": 77}]),
                ("/forms/TaskForms/CompleteTask", None),
                ("ReassignTasks", [{"TaskId": 101, "UserId": 8}]),
            ],
        ),
        (
            FORM,
            [
                ("AssignTasks", [{"TaskId": 101, "UserId": 77}]),
                ("/forms/TaskForms/CompleteTask", None),
                ("UnassignTasks", [101]),
            ],
        ),
        (
            replace(FORM, native_state="Pending", assignees=(UserRef(native_id="77"),)),
            [("/forms/TaskForms/CompleteTask", None)],
        ),
    ],
)
async def test_a_task_taken_over_is_given_back_when_its_completion_is_refused(
    scripted: Scripted, task: Task, steps: list[tuple[str, object]]
) -> None:
    """To its owner, or to nobody; the refusal is what the caller hears."""
    refusal = httpx2.Response(400, json={"message": "No.", "errorCode": 1000})
    vendor = Vendor(CompleteTask=refusal, GetCurrentUser=httpx2.Response(200, json={"Id": 77}))
    with pytest.raises(ValidationFailedError) as caught:
        await scripted(vendor, assign_before_completing=True).perform(Complete(task=task, outcome="Submit", data={}))

    assert steps == reassigned_to(vendor)
    assert "1000" == caught.value.native_code


async def test_a_task_that_cannot_be_given_back_is_told(scripted: Scripted) -> None:
    """It stays with the account."""
    vendor = Vendor(
        CompleteTask=httpx2.Response(403),
        UnassignTasks=httpx2.Response(503),
        GetCurrentUser=httpx2.Response(200, json={"Id": 77}),
    )
    with pytest.raises(ConflictError, match="stays with the gateway's account"):
        await scripted(vendor, assign_before_completing=True).perform(Complete(task=FORM, outcome="Submit", data={}))


async def test_an_unclear_completion_is_not_undone(scripted: Scripted) -> None:
    """It may be applied."""
    vendor = Vendor(CompleteTask=httpx2.Response(500), GetCurrentUser=httpx2.Response(200, json={"Id": 77}))
    with pytest.raises(UnavailableError) as caught:
        await scripted(vendor, assign_before_completing=True).perform(Complete(task=FORM, outcome="Submit", data={}))

    assert caught.value.maybe_applied
    assert 2 == len(vendor.writes)


async def test_an_account_without_a_user_takes_no_task_over(scripted: Scripted) -> None:
    """There is nobody to assign it to."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(204))
    with pytest.raises(UnsupportedActionError):
        await scripted(vendor, assign_before_completing=True).perform(Complete(task=APP, outcome="Submit"))

    assert [] == vendor.writes


async def test_an_external_task_is_completed_by_one_write_in_any_case(scripted: Scripted) -> None:
    """By whoever may edit it."""
    vendor = Vendor()
    await scripted(vendor, assign_before_completing=True).perform(Complete(task=TASK))

    assert 1 == len(vendor.sent)

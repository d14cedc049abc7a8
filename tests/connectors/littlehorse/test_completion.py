"""Completing a task: the form is read before the write, and the record after it."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.commands import (
    Cancel,
    Complete,
    MutationStatus,
    TaskCommand,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    NotFoundError,
    ValidationFailedError,
)
from connectors.sdk.model import DetailAspect, Task, TaskState
from tests.connectors.littlehorse.conftest import NOW, Tenant, invoice, path

Scripted = Callable[..., LittlehorseConnector]

INVOICE: dict[str, object] = {"approved": True, "costCenter": 4100}


# Complete


async def test_a_completion_reads_the_form_and_the_result(tenant: Tenant) -> None:
    """Each value is sent with its declared type, and the record that is read last is the outcome."""
    task = await tenant.one(
        status="ASSIGNED", user="alice@example.com", group="accounting", definition="check-expense-report"
    )
    connector = tenant.open("viewer")
    with tenant.as_person("alice") as alice:
        outcome = await connector.perform(
            Complete(task=task, actor=alice, data={"decision": "accepted", "refund": 12, "receipts": None})
        )
        data = (await connector.get_detail(outcome.task, frozenset({DetailAspect.DATA}))).data

    assert [f"GET {path(task)}", f"POST {path(task)}/result", f"GET {path(task)}"] == tenant.sent[:3]
    assert [
        {"decision": {"type": "STRING", "value": "accepted"}, "refund": {"type": "DOUBLE", "value": 12.0}}
    ] == tenant.bodies
    assert (MutationStatus.APPLIED, TaskState.COMPLETED) == (outcome.status, outcome.task.state)
    assert outcome.task.completed_by == outcome.task.assignee is not None
    assert {"decision": "accepted", "refund": 12} == data


async def test_a_service_account_completes_and_then_owns_the_task(tenant: Tenant) -> None:
    """On the admin side. It reads the record on the user side, which proves that the completion was its own."""
    task = await tenant.one(status="ASSIGNED", user="bob@example.com", group="accounting", definition="approve-invoice")
    outcome = await tenant.open().perform(Complete(task=task, actor=tenant.identity("bob"), data=INVOICE))

    assert [f"GET /admin{path(task)}", f"POST /admin{path(task)}/result", f"GET {path(task)}"] == tenant.sent
    assert "taskgate@service.example.com" == tenant.record(task).user
    assert TaskState.COMPLETED is outcome.task.state


async def test_a_person_completes_an_unassigned_task_of_their_group(tenant: Tenant) -> None:
    """The bridge assigns the task with the completion."""
    task = await tenant.one(**invoice())
    with tenant.as_person("alice") as alice:
        outcome = await tenant.open("viewer").perform(Complete(task=task, actor=alice, data=INVOICE))

    assert ("alice@example.com", "DONE") == (tenant.record(task).user, tenant.record(task).status)
    assert ["alice@example.com"] == [user.native_id for user in outcome.task.assignees]


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_a_completion_after_another_persons_is_a_conflict(tenant: Tenant, acts_as: str) -> None:
    """The bridge answers 204 to both. The record belongs to the first one."""
    task = await tenant.one(**invoice())
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    tenant.stand_in.variant.meanwhile = lambda: kernel.complete(
        key, "bob@example.com", {"approved": ("BOOLEAN", False)}
    )
    with tenant.as_person("alice") as alice, pytest.raises(ConflictError, match="another person"):
        await tenant.open(acts_as).perform(Complete(task=task, actor=alice, data=INVOICE))

    assert ({"approved": ("BOOLEAN", False)}, "bob@example.com") == (
        tenant.record(task).results,
        tenant.record(task).user,
    )
    assert [] == tenant.stand_in.effects.all()


async def test_a_completion_after_ones_own_with_other_data_is_a_conflict(tenant: Tenant) -> None:
    """For example from two windows: the results in the record are not those that were sent."""
    task = await tenant.one(**invoice())
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    tenant.stand_in.variant.meanwhile = lambda: kernel.complete(
        key, "alice@example.com", {"approved": ("BOOLEAN", False)}
    )
    with tenant.as_person("alice") as alice, pytest.raises(ConflictError, match="other data"):
        await tenant.open("viewer").perform(Complete(task=task, actor=alice, data=INVOICE))


async def test_a_completion_of_a_task_that_was_cancelled_meanwhile_is_a_conflict(tenant: Tenant) -> None:
    """A task without an owner can be read on the user side, so the record shows it."""
    task = await tenant.one(**invoice())
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    tenant.stand_in.variant.meanwhile = lambda: kernel.cancel(key)
    with tenant.as_person("alice") as alice, pytest.raises(ConflictError, match="CANCELED"):
        await tenant.open("viewer").perform(Complete(task=task, actor=alice, data=INVOICE))


async def test_a_completion_is_unknown_while_the_task_still_reads_as_open(tenant: Tenant) -> None:
    """The bridge's reads lag behind its writes; a later read shows the result."""
    task = await tenant.one(**invoice())
    tenant.stand_in.settings.read_lag_ms = 1000
    with tenant.as_person("alice") as alice:
        outcome = await tenant.open("viewer").perform(Complete(task=task, actor=alice, data=INVOICE))

    assert (MutationStatus.UNKNOWN, TaskState.READY) == (outcome.status, outcome.task.state)
    assert "DONE" == tenant.record(task).status


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503),
        httpx2.Response(500),
        httpx2.Response(401),
        httpx2.Response(403, json={"message": "Current user is forbidden from accessing this task"}),
        httpx2.Response(200, content=b"{"),
    ],
)
async def test_a_completion_that_cannot_be_confirmed_may_be_applied(
    scripted: Scripted, answer: httpx2.Response
) -> None:
    """The bridge answered 204, and then the record cannot be read."""
    sent: list[str] = []

    def answers(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.method)
        if request.method == "POST":
            return httpx2.Response(204)
        return httpx2.Response(200, json={"id": "0-1", "wfRunId": "r"}) if "POST" not in sent else answer

    task = Task(source="bridge", native_id="r:0-1", title="t", state=TaskState.READY, rule="", fetched_at=NOW)
    connector = scripted(answers)
    with pytest.raises(ConnectorError) as caught:
        await connector.perform(Complete(task=task))
    assert caught.value.maybe_applied
    assert ["GET", "POST", "GET"] == sent
    await connector.aclose()


async def test_an_old_bridge_confirms_on_the_user_side(tenant_with: type[Tenant]) -> None:
    """Up to 0.16.1 the admin side answers 500 for a task that was just finished."""
    tenant = tenant_with(knows_completion=False)
    task = await tenant.one(**invoice())
    connector = tenant.open()
    outcome = await connector.perform(Complete(task=task, actor=tenant.identity("alice"), data=INVOICE))
    found = (await connector.get_tasks([task.native_id]))[task.native_id]

    assert TaskState.COMPLETED is outcome.task.state
    assert isinstance(found, Task)
    assert TaskState.COMPLETED is found.state
    for each in tenant.opened:
        await each.aclose()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, ("data", "approved")),
        ({"approved": "yes"}, ("data", "approved")),
        ({"approved": True, "costCenter": 2**31}, ("data", "costCenter")),
        ({"approved": True, "unknown": 1}, ("data", "unknown")),
    ],
)
async def test_data_that_does_not_fit_is_not_sent(
    tenant: Tenant, data: dict[str, object], field: tuple[str, ...]
) -> None:
    """The bridge would answer 500 for some of it."""
    task = await tenant.one(**invoice())
    with pytest.raises(ValidationFailedError) as caught:
        await tenant.open().perform(Complete(task=task, data=data))
    assert field == caught.value.field
    assert [f"GET /admin{path(task)}"] == tenant.sent


async def test_an_outcome_goes_into_its_field(tenant: Tenant) -> None:
    """If the form has the configured field; other forms have no outcomes."""
    outcomes = [{"code": "accepted"}, {"code": "rejected"}]
    connector = tenant.open(outcome_field="decision", outcomes=outcomes)
    task = await tenant.one(status="ASSIGNED", definition="check-expense-report")
    detail = await connector.get_detail(task, frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES}))
    await connector.perform(Complete(task=task, outcome="accepted", data={"refund": 1.5}))

    assert detail.outcomes is not None
    assert detail.form is not None
    assert ["accepted", "rejected"] == [each.code for each in detail.outcomes]
    assert "decision" not in {field.key for field in detail.form.fields}
    assert ("STRING", "accepted") == tenant.record(task).results["decision"]


async def test_a_completion_takes_no_comment(tenant: Tenant) -> None:
    """The comment would be a second write."""
    task = await tenant.one(**invoice())
    with pytest.raises(ValidationFailedError):
        await tenant.open().perform(Complete(task=task, data=INVOICE, comment="done"))
    assert [] == tenant.sent


async def test_a_second_completion_is_refused(tenant: Tenant) -> None:
    """403 with a reason, if the first one has finished."""
    task = await tenant.one(**invoice())
    command = Complete(task=task, actor=tenant.identity("alice"), data=INVOICE)
    await tenant.open().perform(command)
    with pytest.raises(ConflictError):
        await tenant.open().perform(command)
    assert ["complete"] == [each.action for each in tenant.stand_in.effects.all()]


@pytest.mark.parametrize("verb", [Complete, Cancel])
async def test_a_task_of_another_person_is_ended_by_the_account(tenant: Tenant, verb: type[TaskCommand]) -> None:
    """The bridge refuses the token of a person: 500 for a completion, 401 for a cancel."""
    extra: Mapping[str, Any] = {"data": INVOICE} if verb is Complete else {}
    task = await tenant.one(status="ASSIGNED", user="bob@example.com", definition="approve-invoice")
    with tenant.as_person("carol") as carol:
        outcome = await tenant.open("viewer").perform(verb(task=task, actor=carol, **extra))
    other = await tenant.one(status="ASSIGNED", user="alice@example.com")
    without = tenant.open("viewer", credentials=False)
    with tenant.as_person("bob") as bob, pytest.raises((AlreadyAssignedError, NotFoundError)):
        await without.perform(verb(task=other, actor=bob, **extra))

    assert not outcome.task.is_open
    assert other.native_id not in {each.task for each in tenant.stand_in.effects.all()}

"""Claim, assign and complete, and their refusals."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.geotareas import GeotareasConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    Cancel,
    Claim,
    Complete,
    MutationStatus,
    Release,
    TaskAction,
    TaskCommand,
    Unassign,
)
from connectors.sdk.errors import (
    IdentityNotLinkedError,
    MalformedResponseError,
    NotFoundError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, FormFieldType, Task, TaskState
from connectors.sdk.query import TaskQuery

Scripted = Callable[..., GeotareasConnector]


async def ready_task(tenant: Any) -> Task:
    page = await tenant.connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100)
    task: Task = next(task for task in page.items if task.state is TaskState.READY)
    await tenant.control("DELETE", "requests")
    return task


def identity(tenant: Any) -> Identity:
    alice = tenant.stand_in.identities()["alice"]
    return Identity(native_id=alice["id"], groups=tuple(alice["groups"]))


async def test_a_claim_makes_the_caller_owner(tenant: Any) -> None:
    """By one write. The record is the one that the vendor shows afterwards."""
    task, alice = await ready_task(tenant), identity(tenant)
    outcome = await tenant.connector.perform(Claim(task=task, actor=alice))
    paths = await tenant.paths()
    read = (await tenant.connector.get_tasks([task.native_id]))[task.native_id]

    assert (outcome.status, outcome.task.state) == (MutationStatus.APPLIED, TaskState.RESERVED)
    assert (alice.native_id, "Alice Moreno") == (outcome.task.assignee.native_id, outcome.task.assignee.name)
    assert [f"POST workflow/tasks/{task.native_id}/reassign"] == paths
    assert read.version == outcome.task.version


async def test_a_claim_needs_a_linked_person(tenant: Any) -> None:
    """Without a user id there is no call."""
    task = await ready_task(tenant)

    with pytest.raises(IdentityNotLinkedError):
        await tenant.connector.perform(Claim(task=task))
    assert await tenant.paths() == []


async def test_a_task_is_assigned_to_a_group(tenant: Any) -> None:
    """The task then has no owner."""
    task, alice = await ready_task(tenant), identity(tenant)
    taken = (await tenant.connector.perform(Claim(task=task, actor=alice))).task
    given = (await tenant.connector.perform(Assign(task=taken, group_id=alice.groups[0], reason="back"))).task

    assert (TaskState.READY, (), alice.groups[0]) == (
        given.state,
        given.assignees,
        given.candidate_groups[0].native_id,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": "1", "reason": "x" * 501},
        {"user_id": "1", "options": {"notify": True}},
        {"user_id": "abc"},
        {"group_id": "9" * 31},
    ],
)
async def test_an_invalid_assignment_is_refused_without_a_call(tenant: Any, change: Any) -> None:
    """A reason that is too long, an option (the vendor has none), and ids that are no numbers."""
    task = await ready_task(tenant)

    with pytest.raises(ValidationFailedError):
        await tenant.connector.perform(Assign(task=task, **change))
    assert await tenant.paths() == []


async def test_assigning_to_an_unknown_user_is_not_found(tenant: Any) -> None:
    """The error has the vendor's text."""
    task = await ready_task(tenant)

    with pytest.raises(NotFoundError, match="User not found") as caught:
        await tenant.connector.perform(Assign(task=task, user_id="1"))
    assert not caught.value.maybe_applied


async def test_a_completed_task_has_its_outcome(tenant: Any) -> None:
    """With data, outcome and time. A second completion is refused."""
    task = await ready_task(tenant)
    detail = await tenant.connector.get_detail(task, frozenset(DetailAspect))
    samples = {FormFieldType.NUMBER: 1, FormFieldType.BOOLEAN: True, FormFieldType.DATE: "2026-03-20"}
    data = {field.key: samples.get(field.type, "x") for field in detail.form.fields}
    command = Complete(task=task, outcome=detail.outcomes[0].code, data=data, comment="done")
    outcome = await tenant.connector.perform(command)
    read = (await tenant.connector.get_tasks([task.native_id]))[task.native_id]

    assert (TaskState.COMPLETED, detail.outcomes[0].code, tenant.now) == (
        outcome.task.state,
        outcome.task.outcome,
        outcome.task.completed_at,
    )
    assert read.state is TaskState.COMPLETED
    with pytest.raises(ValidationFailedError):
        await tenant.connector.perform(command)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "outcome"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "x" * 81}, "outcome"),
        ({"outcome": "sent", "comment": "x" * 2001}, "comment"),
    ],
)
async def test_an_invalid_completion_is_refused_without_a_call(tenant: Any, change: Any, field: str) -> None:
    """An outcome is required. The lengths are the vendor's."""
    task = await ready_task(tenant)

    with pytest.raises(ValidationFailedError) as caught:
        await tenant.connector.perform(Complete(task=task, **change))
    assert (field,) == caught.value.field
    assert await tenant.paths() == []


async def test_the_effect_of_a_completion_names_the_next_step(tenant: Any) -> None:
    """As text for people."""
    page = await tenant.connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100)
    task = next(task for task in page.items if task.title == "Survey Damage")
    command = Complete(task=task, outcome="surveyed", data={"cause": "storm", "repair_cost_eur": Decimal("940.50")})

    assert "the flow goes on with Release Repair Budget" == (await tenant.connector.perform(command)).effect


@pytest.mark.parametrize("verb", [Release, Unassign])
async def test_a_task_is_released_to_the_configured_group(tenant: Any, verb: type[TaskCommand]) -> None:
    """By one reassignment."""
    task, alice = await ready_task(tenant), identity(tenant)
    connector = tenant.open(options={"release_groups": {"*": alice.groups[0]}})
    taken = (await connector.perform(Claim(task=task, actor=alice))).task
    await tenant.control("DELETE", "requests")
    given = (await connector.perform(verb(task=taken, actor=alice, reason="ill"))).task
    requests = (await tenant.control("GET", "requests")).json()["requests"]

    assert (TaskState.READY, (), alice.groups) == (
        given.state,
        given.assignees,
        tuple(group.native_id for group in given.candidate_groups),
    )
    assert [{"assign_to_group_id": alice.groups[0], "comment": "ill"}] == [
        msgspec.json.decode(each["body"]) for each in requests
    ]
    await connector.aclose()


async def test_a_task_without_a_configured_group_cannot_be_released(tenant: Any) -> None:
    """The error names the option, and no request is sent."""
    task, alice = await ready_task(tenant), identity(tenant)
    connector = tenant.open(options={"release_groups": {"Another Workflow": alice.groups[0]}})
    taken = (await connector.perform(Claim(task=task, actor=alice))).task
    await tenant.control("DELETE", "requests")

    known = connector.refusal_of(taken, TaskAction.RELEASE, alice)
    with pytest.raises(UnsupportedActionError, match="release_groups"):
        await connector.perform(Release(task=taken, actor=alice))
    assert isinstance(known, UnsupportedActionError)
    assert [] == await tenant.paths()
    await connector.aclose()


@pytest.mark.parametrize("command", [Complete, Assign, Claim])
async def test_an_answer_about_another_task_may_be_applied(
    scripted: Scripted, task: Task, command: type[TaskCommand]
) -> None:
    """The other record is not shown as this task's, and it is unknown what was written."""
    data = {"task_id": "2", "status": "COMPLETED", "assigned_to_user": None, "assigned_to_group": None}
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": data}))
    made: dict[type[TaskCommand], TaskCommand] = {
        Complete: Complete(task=task, outcome="sent"),
        Assign: Assign(task=task, user_id="1"),
        Claim: Claim(task=task, actor=Identity(native_id="1")),
    }

    with pytest.raises(MalformedResponseError) as caught:
        await connector.perform(made[command])
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"user_id": "1"}, (None, None)),
        ({"user_id": "1"}, ({"id": "2", "name": "Bob"}, None)),
        ({"group_id": "7"}, (None, None)),
        ({"group_id": "7"}, ({"id": "7", "name": "Bob"}, None)),
    ],
)
async def test_an_answer_without_the_new_owner_may_be_applied(
    scripted: Scripted, task: Task, change: Any, shown: tuple[Any, Any]
) -> None:
    """It does not show what was wanted: a read has to."""
    data = {"task_id": task.native_id, "assigned_to_user": shown[0], "assigned_to_group": shown[1]}
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": data}))

    with pytest.raises(MalformedResponseError) as caught:
        await connector.perform(Assign(task=task, **change))
    assert caught.value.maybe_applied


@pytest.mark.parametrize("shown", [{"status": "IN_PROGRESS"}, {"status": "COMPLETED", "result": "rejected"}])
async def test_an_answer_without_the_completion_may_be_applied(scripted: Scripted, task: Task, shown: Any) -> None:
    """An open task, or the outcome of another person's completion: a read has to show what was done."""
    data = {"task_id": task.native_id, **shown}
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": data}))

    with pytest.raises(MalformedResponseError) as caught:
        await connector.perform(Complete(task=task, outcome="sent"))
    assert caught.value.maybe_applied


async def test_captured_data_keeps_its_numbers(scripted: Scripted, task: Task) -> None:
    """Decimals and large integers are sent as exact numbers. Absent values are not sent."""
    bodies: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        return httpx2.Response(200, json={"success": True, "data": {"task_id": task.native_id, "status": "COMPLETED"}})

    connector = scripted(answer)
    await connector.perform(Complete(task=task, outcome="sent", data={"a": Decimal("1.10"), "b": 2**60 + 1}))
    await connector.perform(Complete(task=task, outcome="sent"))

    assert bodies[0] == b'{"result_code":"sent","captured_data":{"a":1.10,"b":1152921504606846977}}'
    assert msgspec.json.decode(bodies[1]) == {"result_code": "sent"}


@pytest.mark.parametrize("body", [b"", b'{"success":true}', b'{"success":true,"data":{}}', b'{"success":false}'])
async def test_an_unclear_answer_to_a_write_may_be_applied(scripted: Scripted, task: Task, body: bytes) -> None:
    """The status is 200, but the answer does not show the result."""
    connector = scripted(lambda _: httpx2.Response(200, content=body))

    with pytest.raises(MalformedResponseError) as caught:
        await connector.perform(Complete(task=task, outcome="sent"))
    assert caught.value.maybe_applied


@pytest.mark.parametrize("verb", [Release, Unassign, Cancel])
async def test_other_verbs_are_unsupported_without_a_call(tenant: Any, verb: type[TaskCommand]) -> None:
    """Verbs that are not declared."""
    task = await ready_task(tenant)

    with pytest.raises(UnsupportedActionError) as caught:
        await tenant.connector.perform(verb(task=task, actor=identity(tenant)))
    assert caught.value.alternatives == ()
    assert await tenant.paths() == []

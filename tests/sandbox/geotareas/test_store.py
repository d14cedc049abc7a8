"""Writes of the stand-in for GEOtareas, and when reads see them."""

import pytest

from sandbox.geotareas import SERVICE
from sandbox.geotareas.directory import ACCOUNTING, BOB, GROUPS
from tests.sandbox.geotareas.tenant import (
    INSTANCES,
    TASKS,
    Json,
    Tenant,
    filled,
    refusal,
)


async def test_completing_goes_on_to_the_next_step(tenant: Tenant) -> None:
    """The next task is assigned to a group and shows the data captured before."""
    task = await tenant.open_at("Send Welcome Email")
    captured = {"email_address": "a@acme.example", "template": "Premium Welcome", "extra": [1]}
    answer = await tenant.post(f"{TASKS}/{task['id']}/complete", {"result_code": "sent", "captured_data": captured})
    newest = (await tenant.rows())[0]
    detail = await tenant.detail(newest["id"])
    instance = next(row for row in await tenant.rows(INSTANCES) if row["id"] == task["instance_id"])

    assert {
        "task_id": task["id"],
        "status": "COMPLETED",
        "result": "sent",
        "completed_at": "2026-06-15T11:00:00",
        "instance_status": "RUNNING",
        "next_step": "Review Welcome Package",
    } == answer.json()["data"]
    assert ("Review Welcome Package", "PENDING", None, {"id": ACCOUNTING, "name": "Accounting"}) == (
        newest["step_name"],
        newest["status"],
        newest["assigned_to_user"],
        newest["assigned_to_group"],
    )
    assert ("Send Welcome Email", "integration", captured) == (
        detail["previous_steps_data"][-1]["step_name"],
        detail["previous_steps_data"][-1]["completed_by"],
        detail["previous_steps_data"][-1]["captured_data"],
    )
    assert ("COMPLETED", "RUNNING", "Review Welcome Package") == (
        (await tenant.detail(task["id"]))["status"],
        instance["status"],
        instance["current_step"],
    )


async def test_completing_the_last_step_ends_the_instance(tenant: Tenant) -> None:
    """There is no next step, and the list of instances shows the end."""
    task = await tenant.open_at("Issue Credit Note")
    body = {"result_code": "issued", "captured_data": {"amount_eur": 12.5}}
    data = (await tenant.post(f"{TASKS}/{task['id']}/complete", body)).json()["data"]
    ended = {row["id"]: row for row in await tenant.rows(INSTANCES, status="COMPLETED")}

    assert ("COMPLETED", None) == (data["instance_status"], data["next_step"])
    assert ended[task["instance_id"]]["current_step"] is None


async def test_a_result_that_ends_the_workflow_opens_no_task(tenant: Tenant) -> None:
    """A rejection in an early step completes the instance."""
    task = await tenant.open_at("Clarify Delivery Dispute")
    body = {"result_code": "unjustified", "captured_data": filled(task)}
    data = (await tenant.post(f"{TASKS}/{task['id']}/complete", body)).json()["data"]

    assert ("COMPLETED", None) == (data["instance_status"], data["next_step"])
    assert 80 == (await tenant.get(TASKS)).json()["meta"]["total"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result_code": "unknown", "captured_data": {"email_address": "x", "template": "y"}},
        {"result_code": "sent"},
        {"result_code": "sent", "captured_data": {"email_address": "x"}},
        {"result_code": "sent", "captured_data": {"email_address": "x", "template": ""}},
        {"result_code": "s" * 81, "captured_data": {"email_address": "x", "template": "y"}},
        {"result_code": "sent", "captured_data": {"email_address": "x", "template": "y"}, "comment": "c" * 2001},
        {"result_code": "sent", "captured_data": ["email_address"]},
    ],
)
async def test_a_wrong_completion_is_refused_and_changes_nothing(tenant: Tenant, body: Json) -> None:
    """Unknown results, missing required fields and texts that are too long are validation errors."""
    task = await tenant.open_at("Send Welcome Email")
    answer = await tenant.post(f"{TASKS}/{task['id']}/complete", body)

    assert (400, "VALIDATION_ERROR") == refusal(answer)
    assert task == await tenant.detail(task["id"])


async def test_a_completed_task_is_neither_completed_nor_reassigned(tenant: Tenant) -> None:
    """The second write is a validation error without an effect."""
    task = await tenant.open_at("Issue Credit Note")
    body = {"result_code": "issued", "captured_data": {"amount_eur": 12.5}}
    address = f"{TASKS}/{task['id']}"
    first = await tenant.post(f"{address}/complete", body)
    again = await tenant.post(f"{address}/complete", body)
    moved = await tenant.post(f"{address}/reassign", {"assign_to_user_id": BOB.id})

    assert [200, 400, 400] == [first.status_code, again.status_code, moved.status_code]
    assert {"VALIDATION_ERROR"} == {again.json()["error"]["code"], moved.json()["error"]["code"]}
    assert [("complete", task["id"], SERVICE.user.id, first.headers["X-Request-Id"])] == [
        (each.action, each.task, each.actor, each.request_id) for each in tenant.stand_in.effects.all()
    ]


async def test_reassigning_replaces_user_and_group_and_keeps_the_status(tenant: Tenant) -> None:
    """A user clears the group and a group clears the user."""
    task = next(row for row in await tenant.rows(status="IN_PROGRESS") if row["assigned_to_user"])
    address = f"{TASKS}/{task['id']}/reassign"
    grouped = (await tenant.post(address, {"assign_to_group_id": ACCOUNTING})).json()["data"]
    owned = (await tenant.post(address, {"assign_to_user_id": BOB.id, "comment": "c" * 500})).json()["data"]
    after = await tenant.detail(task["id"])

    assert (None, {"id": ACCOUNTING, "name": GROUPS[ACCOUNTING]}) == (
        grouped["assigned_to_user"],
        grouped["assigned_to_group"],
    )
    assert ({"id": BOB.id, "name": BOB.name}, None) == (owned["assigned_to_user"], owned["assigned_to_group"])
    assert ("IN_PROGRESS", BOB.id) == (after["status"], after["assigned_to_user"]["id"])
    assert ["assign", "assign"] == [each.action for each in tenant.stand_in.effects.all()]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "VALIDATION_ERROR")),
        ({"assign_to_user_id": BOB.id, "assign_to_group_id": ACCOUNTING}, (400, "VALIDATION_ERROR")),
        ({"assign_to_user_id": "1" * 31}, (400, "VALIDATION_ERROR")),
        ({"assign_to_user_id": BOB.id, "comment": "c" * 501}, (400, "VALIDATION_ERROR")),
        ({"assign_to_user_id": 1}, (400, "VALIDATION_ERROR")),
        ({"assign_to_user_id": "1"}, (404, "NOT_FOUND")),
        ({"assign_to_group_id": "1"}, (404, "NOT_FOUND")),
    ],
)
async def test_a_wrong_reassignment_is_refused(tenant: Tenant, body: Json, expected: tuple[int, str]) -> None:
    """Exactly one known id is required."""
    id = (await tenant.rows(status="PENDING"))[0]["id"]

    assert expected == refusal(await tenant.post(f"{TASKS}/{id}/reassign", body))


async def test_the_read_cache_serves_the_old_record_until_it_ends(tenant: Tenant) -> None:
    """For the documented fifteen seconds, a read after a write shows the old record."""
    await tenant.control("settings", {"read_cache_ms": 15_000})
    task = await tenant.open_at("Issue Credit Note")
    await tenant.post(f"{TASKS}/{task['id']}/reassign", {"assign_to_user_id": BOB.id})
    tenant.clock.forward(14)
    stale = await tenant.detail(task["id"])
    tenant.clock.forward(1)

    assert task == stale
    assert BOB.id == (await tenant.detail(task["id"]))["assigned_to_user"]["id"]


async def test_the_read_lag_hides_a_change_from_reads_but_not_from_writes(tenant: Tenant) -> None:
    """Lists and details show the old record until the lag is over. A second completion is refused at once."""
    await tenant.control("settings", {"read_lag_ms": 2000})
    task = await tenant.open_at("Issue Credit Note")
    body = {"result_code": "issued", "captured_data": {"amount_eur": 12.5}}
    address = f"{TASKS}/{task['id']}"
    statuses = [(await tenant.post(f"{address}/complete", body)).status_code for _ in range(2)]
    tenant.clock.forward(1.9)
    before = await tenant.detail(task["id"])
    tenant.clock.forward(0.1)

    assert [200, 400] == statuses
    assert task == before
    assert "COMPLETED" == (await tenant.detail(task["id"]))["status"]
    assert task["id"] in {row["id"] for row in await tenant.rows(status="COMPLETED")}


async def test_an_overdue_task_leaves_the_overdue_list_when_it_is_completed(tenant: Tenant) -> None:
    """The list of overdue tasks changes with writes and with the clock."""
    late = await tenant.rows(overdue_only="true")
    task = await tenant.detail(late[0]["id"])
    body = {"result_code": task["available_results"][0]["code"], "captured_data": filled(task)}
    await tenant.post(f"{TASKS}/{task['id']}/complete", body)
    after = await tenant.rows(overdue_only="true")
    tenant.clock.forward(3000)
    tenant.clock.forward(365 * 86_400)
    await tenant.log_in()
    open_and_due = [row for row in await tenant.rows() if row["status"] != "COMPLETED" and row["due_date"]]

    assert late[1:] == after
    assert open_and_due == await tenant.rows(overdue_only="true")

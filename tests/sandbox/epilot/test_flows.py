"""Flows of the stand-in for epilot: changes by people and what follows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.epilot.directory import ALICE, BOB
from tests.sandbox.epilot.organisation import (
    FLOWS,
    Json,
    Organisation,
    current,
    named,
    organisation_of,
    path_of,
    statuses,
)

CALL, OFFER, ANSWER = "Call the customer", "Send the offer", "What does the customer say?"
REMIND, VISIT, ARCHIVE = "Remind the customer", "Inspect the roof", "Archive the request"
MOUNT, GRID, ACCEPT = "Mount the panels", "Register with the grid operator", "Sign the acceptance"
AGREE, EXCHANGE, COMPARE = "Agree on a date", "Exchange the meter", "Compare both readings"
DATA = "Check the customer's data"


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    """An organisation without flows."""
    async with organisation_of(0) as organisation:
        yield organisation


async def test_a_finished_task_makes_the_next_one_current_until_the_flow_is_done(epilot: Organisation) -> None:
    """Phases start and end with their tasks."""
    flow = await epilot.started()
    seen = [(current(flow), [phase["status"] for phase in flow["phases"]], flow["status"])]
    for name in (AGREE, EXCHANGE, COMPARE):
        flow = await epilot.done(flow, name)
        seen.append((current(flow), [phase["status"] for phase in flow["phases"]], flow["status"]))

    assert [
        ([AGREE], ["IN_PROGRESS", "OPEN"], "STARTED"),
        ([EXCHANGE], ["COMPLETED", "IN_PROGRESS"], "STARTED"),
        ([COMPARE], ["COMPLETED", "IN_PROGRESS"], "STARTED"),
        ([], ["COMPLETED", "COMPLETED"], "DONE"),
    ] == seen
    assert "2026-06-15T09:00:00.000Z" == flow["analytics"]["completed_at"]


async def test_completing_says_who_and_when(epilot: Organisation) -> None:
    """For an access token, the token's id is recorded."""
    flow = await epilot.started()
    await epilot.patch(flow, AGREE, status="IN_PROGRESS")
    task = await epilot.patch(flow, AGREE, status="COMPLETED")

    assert task["analytics"]["completed_by"].startswith("api_")
    assert task["analytics"]["in_progress_by"].startswith("api_")
    assert [
        ("start_flow", f"v2/{flow['id']}"),
        ("start", f"v2/{flow['id']}/{task['id']}"),
        ("complete", f"v2/{flow['id']}/{task['id']}"),
    ] == epilot.effects()


async def test_a_skipped_task_lets_the_flow_go_on(epilot: Organisation) -> None:
    """The next task becomes current, as after a completion."""
    flow = await epilot.started()
    task = await epilot.patch(flow, AGREE, status="SKIPPED")

    assert "completed_at" not in task["analytics"]
    assert [EXCHANGE] == current(await epilot.flow(flow["id"]))


async def test_a_decision_needs_one_of_its_branches(epilot: Organisation) -> None:
    """Without a branch or with an unknown one, the decision stays open. The chosen branch decides the next task."""
    flow = await epilot.at_answer()
    path = path_of(flow, ANSWER)
    none = await epilot.refused("PATCH", path, {"status": "COMPLETED"})
    strange = await epilot.refused("PATCH", path, {"status": "COMPLETED", "next_condition_id": "x"})
    untouched = await epilot.flow(flow["id"])
    task = await epilot.patch(flow, ANSWER, status="COMPLETED", next_condition_id="cond_tt_answer_declined")
    after = await epilot.flow(flow["id"])

    assert [400, 400] == [none[0], strange[0]]
    assert "next_condition_id is required" in none[1]
    assert flow == untouched
    assert ["Declined"] == [each["branch_name"] for each in task["conditions"] if each["is_met"]]
    assert [ARCHIVE] == current(after)
    assert "SCHEDULED" == named(after, ARCHIVE)["status"]


async def test_a_loop_goes_back_at_most_so_often(epilot: Organisation) -> None:
    """Tasks in the loop are open again and count the iterations."""
    flow = await epilot.at_answer()
    for turn in (1, 2):
        await epilot.patch(flow, ANSWER, status="COMPLETED", next_condition_id="cond_tt_answer_revise")
        flow = await epilot.flow(flow["id"])

        assert [OFFER] == current(flow)
        assert ("PENDING", turn) == (statuses(flow)[ANSWER], named(flow, OFFER)["loop_config"]["crt_iterations"])
        assert "COMPLETED" == statuses(flow)[CALL]
        flow = await epilot.done(flow, OFFER)
    again = {"status": "COMPLETED", "next_condition_id": "cond_tt_answer_revise"}

    assert (400, "Maximum number of loop iterations reached") == await epilot.refused(
        "PATCH", path_of(flow, ANSWER), again
    )


async def test_where_branches_meet_the_flow_waits_for_all_of_them(epilot: Organisation) -> None:
    """The order in which the branches finish does not matter."""
    flow = await epilot.answered("accepted")
    epilot.clock.forward(seconds=5)
    flow = await epilot.done(await epilot.flow(flow["id"]), VISIT)
    both = current(flow)
    flow = await epilot.done(flow, GRID)
    one = current(flow)
    flow = await epilot.done(flow, MOUNT)

    assert {MOUNT, GRID, REMIND} == set(both)
    assert {MOUNT, REMIND} == set(one)
    assert {ACCEPT, REMIND} == set(current(flow))
    assert named(flow, ACCEPT)["enabled"] is True


async def test_a_patch_without_a_change_has_no_effect(epilot: Organisation) -> None:
    """A patch to the present state succeeds without an effect."""
    flow = await epilot.started()
    for status in ("ON_HOLD", "IN_PROGRESS", "COMPLETED"):
        await epilot.patch(flow, AGREE, status=status)
        before, count = await epilot.flow(flow["id"]), len(epilot.effects())
        epilot.clock.forward(minutes=1)
        await epilot.patch(flow, AGREE, status=status)

        assert (before, count) == (await epilot.flow(flow["id"]), len(epilot.effects()))
    closed = await epilot.told("PATCH", f"{FLOWS}/{flow['id']}", {"status": "CLOSED"})
    epilot.clock.forward(minutes=1)

    assert closed == await epilot.told("PATCH", f"{FLOWS}/{flow['id']}", {"status": "CLOSED"})
    assert ["cancel_flow"] == [action for action, _ in epilot.effects()][-1:]
    assert 5 == len(epilot.effects())


async def test_going_back_resets_what_came_after(epilot: Organisation) -> None:
    """Without the flag only the task itself changes."""
    flow = await epilot.done(await epilot.started(), AGREE, EXCHANGE, COMPARE)
    await epilot.patch(flow, AGREE, status="PENDING", revert_execution=True)
    reverted = await epilot.flow(flow["id"])
    other = await epilot.done(await epilot.started(), AGREE)
    await epilot.patch(other, AGREE, status="PENDING")
    only = await epilot.flow(other["id"])

    assert ("DONE", "STARTED", [AGREE]) == (flow["status"], reverted["status"], current(reverted))
    assert {"PENDING"} == set(statuses(reverted).values())
    assert ("PENDING", [EXCHANGE]) == (statuses(only)[AGREE], current(only))


@pytest.mark.parametrize(
    ("before", "after"),
    [("COMPLETED", "IN_PROGRESS"), ("COMPLETED", "SKIPPED"), ("PENDING", "FAILED"), ("PENDING", "SCHEDULED")],
)
async def test_other_transitions_are_refused(epilot: Organisation, before: str, after: str) -> None:
    """The error has the vendor's text."""
    flow = await epilot.started()
    if before != "PENDING":
        await epilot.patch(flow, AGREE, status=before)

    assert (400, f"Invalid status transition from {before} to {after}") == await epilot.refused(
        "PATCH", path_of(flow, AGREE), {"status": after}
    )


async def test_a_closed_flow_keeps_its_tasks_as_they_were(epilot: Organisation) -> None:
    """The flow has its closing reason. A reopened flow continues where it was."""
    flow = await epilot.started()
    await epilot.patch(flow, AGREE, status="IN_PROGRESS", assigned_to=[ALICE])
    before = await epilot.flow(flow["id"])
    reason = {"selected_reasons": [{"id": "cr_duplicate", "title": "Duplicate"}], "extra_description": "twice"}
    closed = await epilot.told("PATCH", f"{FLOWS}/{flow['id']}", {"status": "CLOSED", "closing_reason": reason})
    refused = await epilot.refused("PATCH", path_of(flow, AGREE), {"status": "COMPLETED"})
    opened = await epilot.told("PATCH", f"{FLOWS}/{flow['id']}", {"status": "STARTED"})

    assert ("CLOSED", before["tasks"], before["crt_tasks"]) == (closed["status"], closed["tasks"], closed["crt_tasks"])
    assert reason.items() <= closed["closing_reason"].items()
    assert (400, "Flow execution is CLOSED") == refused
    assert ("STARTED", [], [AGREE]) == (opened["status"], opened["closing_reason"]["selected_reasons"], current(opened))
    assert ["cancel_flow", "reopen_flow"] == [action for action, _ in epilot.effects()][-2:]


@pytest.mark.parametrize(
    "reasons",
    [
        [{"id": "cr_x", "title": "x"}],
        [{"id": "cr_duplicate", "title": "Duplicate"}, {"id": "cr_lost", "title": "Lost"}],
    ],
)
async def test_a_reason_must_be_configured_and_may_have_to_be_the_only_one(epilot: Organisation, reasons: Any) -> None:
    """Otherwise the flow stays open."""
    flow = await epilot.started()
    body = {"status": "CLOSED", "closing_reason": {"selected_reasons": reasons}}
    status, _ = await epilot.refused("PATCH", f"{FLOWS}/{flow['id']}", body, described=False)

    assert (400, "STARTED") == (status, (await epilot.flow(flow["id"]))["status"])


async def test_a_deleted_flow_is_gone(epilot: Organisation) -> None:
    """Reads, the search by entity and the queries do not show it."""
    flow = await epilot.started()
    wanted = {"entity_id": "entity-tpl_meter_exchange", "entity_schema": "contract"}
    found = await epilot.told("POST", f"{FLOWS}:search", wanted)
    await epilot.told("DELETE", f"{FLOWS}/{flow['id']}", soft="true")

    assert [flow["id"]] == [each["id"] for each in found["results"]]
    assert (404, "") == await epilot.refused("GET", f"{FLOWS}/{flow['id']}")
    assert {"results": []} == await epilot.told("POST", f"{FLOWS}:search", wanted)
    assert [] == await epilot.rows()


async def test_assignees_replace_one_another(epilot: Organisation) -> None:
    """The vendor has no version check, so of two writers the last one wins."""
    flow = await epilot.started()
    variable = {"variable": "{{contract.owner}}", "value": [BOB]}
    for wanted in ([ALICE], [BOB], [ALICE, variable], []):
        task = await epilot.patch(flow, AGREE, assigned_to=wanted)

        assert (wanted, "PENDING") == (task["assigned_to"], task["status"])
    assert ["assign", "assign", "assign", "unassign"] == [action for action, _ in epilot.effects()][1:]


async def test_a_floating_due_date_comes_back_as_it_went(epilot: Organisation) -> None:
    """A floating date has no zone. Null and an empty text remove it, against the vendor's description."""
    flow = await epilot.started()
    floating = await epilot.patch(flow, AGREE, due_date="2026-07-01T00:00:00.000")
    for nothing in (None, ""):
        await epilot.patch(flow, AGREE, due_date="2026-07-01T12:00:00.000Z")
        answer = await epilot.ask("PATCH", path_of(flow, AGREE), {"due_date": nothing}, described=False)

        assert "due_date" not in answer.json()
    assert "2026-07-01T00:00:00.000" == floating["due_date"]
    assert 400 == (await epilot.refused("PATCH", path_of(flow, AGREE), {"due_date": "soon"}))[0]


async def test_due_dates_follow_from_rules(epilot: Organisation) -> None:
    """Weeks and days give a date, hours an instant. A rule counts from the start or from the end of another task."""
    solar, switch = await epilot.started("tpl_solar_installation"), await epilot.started("tpl_supplier_switch")
    before = "due_date" in named(solar, GRID)
    await epilot.answered("accepted")
    flow = await epilot.answered("accepted")
    epilot.clock.forward(seconds=5)
    flow = await epilot.done(await epilot.flow(flow["id"]), VISIT)

    assert "2026-06-29T00:00:00.000" == named(solar, OFFER)["due_date"]
    assert "2026-06-16T21:00:00.000Z" == named(switch, DATA)["due_date"]
    assert before is False
    assert "2026-06-20T00:00:00.000" == named(flow, GRID)["due_date"]


async def test_a_task_is_added_between_two_that_follow_each_other(epilot: Organisation) -> None:
    """It becomes current in place of the next task. Tasks that are not consecutive are refused."""
    flow = await epilot.done(await epilot.started(), AGREE)
    ids = [named(flow, name)["id"] for name in (AGREE, EXCHANGE, COMPARE)]
    body = {
        "previous_task_id": ids[0],
        "next_task_id": ids[1],
        "task": {"name": "Ask for the key", "assigned_to": [BOB]},
    }
    added = await epilot.told("POST", f"{FLOWS}/{flow['id']}/tasks", body)
    between = await epilot.flow(flow["id"])
    after = await epilot.done(between, "Ask for the key")
    apart = await epilot.refused("POST", f"{FLOWS}/{flow['id']}/tasks", body | {"next_task_id": ids[2]})

    assert (True, [BOB], named(flow, AGREE)["phase_id"]) == (
        added["manually_created"],
        added["assigned_to"],
        added["phase_id"],
    )
    assert (["Ask for the key"], [EXCHANGE]) == (current(between), current(after))
    assert 400 == apart[0]


async def test_what_is_finished_early_is_passed_over(epilot: Organisation) -> None:
    """When the task before it is completed, its successor becomes current."""
    flow = await epilot.done(await epilot.started(), EXCHANGE)
    early = current(flow)
    flow = await epilot.done(flow, AGREE)

    assert ([AGREE], [COMPARE]) == (early, current(flow))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "x", 404),
        ("PATCH", "x/tasks/y", 404),
        ("POST", "x/tasks/y/execute", 400),
        ("POST", "x/tasks/y/automation:run", 400),
        ("POST", "x/tasks/y/reconcile-automation", 404),
        ("DELETE", "x/tasks/y/schedule", 404),
        ("PATCH", "x/phases/y", 400),
    ],
)
async def test_unknown_ids_are_refused_as_each_operation_describes(
    epilot: Organisation, method: str, path: str, status: int
) -> None:
    """Some operations describe 400, not 404."""
    body = {"name": "x"} if method == "PATCH" else None

    assert status == (await epilot.refused(method, f"{FLOWS}/{path}", body))[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"contexts": [{"entity_id": "e", "entity_schema": "s"}]}, "flow_template_id is required"),
        (
            {"flow_template_id": "tpl_x", "contexts": [{"entity_id": "e", "entity_schema": "s"}]},
            "Flow template not found",
        ),
        (
            {"flow_template_id": "tpl_meter_exchange", "contexts": []},
            "Expected `array` of length >= 1 - at `$.contexts`",
        ),
    ],
)
async def test_a_flow_begins_only_with_template_and_context(epilot: Organisation, body: Json, message: str) -> None:
    """The first error has the vendor's text."""
    assert (400, message) == await epilot.refused("POST", FLOWS, body)

"""Automations, agents, decisions and schedules of the stand-in for epilot."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.epilot.organisation import (
    FLOWS,
    Organisation,
    current,
    named,
    organisation_of,
    path_of,
    statuses,
)

ORDER, REMIND, VISIT, ARCHIVE = "Order the panels", "Remind the customer", "Inspect the roof", "Archive the request"
DATA, CREDIT = "Check the customer's data", "Ask the credit bureau"


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    """An organisation without flows."""
    async with organisation_of(0) as organisation:
        yield organisation


async def test_an_automation_runs_by_itself_and_ends_after_a_while(epilot: Organisation) -> None:
    """Its execution has an id once it runs."""
    flow = await epilot.at_answer()
    before = named(flow, ORDER)
    flow = await epilot.answered("accepted")
    running = named(flow, ORDER)
    epilot.clock.forward(seconds=2)
    ended = await epilot.flow(flow["id"])

    assert ("PENDING", None) == (before["status"], before["automation_execution_id"])
    assert ("IN_PROGRESS", "in_progress") == (running["status"], running["automation_config"]["execution_status"])
    assert ("COMPLETED", "success") == (
        named(ended, ORDER)["status"],
        named(ended, ORDER)["automation_config"]["execution_status"],
    )
    assert {REMIND, VISIT} == set(current(ended))


async def test_a_failed_automation_is_run_again(epilot: Organisation) -> None:
    """The task stays current until a run succeeds."""
    flow = await epilot.done(await epilot.started("tpl_supplier_switch"), DATA)
    epilot.clock.forward(seconds=2)
    failed = await epilot.flow(flow["id"])
    again = await epilot.told("POST", path_of(flow, CREDIT) + "/automation:run")
    epilot.clock.forward(seconds=2)
    ended = await epilot.flow(flow["id"])

    assert ("FAILED", [CREDIT]) == (named(failed, CREDIT)["status"], current(failed))
    assert "The credit bureau did not answer." == named(failed, CREDIT)["automation_config"]["error_reason"]
    assert "IN_PROGRESS" == again["status"]
    assert "error_reason" not in again["automation_config"]
    assert "COMPLETED" == named(ended, CREDIT)["status"]
    assert ("retry", f"v2/{flow['id']}/{again['id']}") == epilot.effects()[-1]


async def test_only_an_automation_can_be_run(epilot: Organisation) -> None:
    """Manual and finished tasks are refused. A running automation goes on."""
    flow = await epilot.done(await epilot.started("tpl_supplier_switch"), DATA)
    manual = await epilot.refused("POST", path_of(flow, DATA) + "/automation:run")
    running = await epilot.told("POST", path_of(flow, CREDIT) + "/automation:run")
    await epilot.patch(flow, CREDIT, status="SKIPPED")
    ended = await epilot.refused("POST", path_of(flow, CREDIT) + "/automation:run")

    assert [400, 400] == [manual[0], ended[0]]
    assert named(flow, CREDIT) == running
    assert "retry" not in {action for action, _ in epilot.effects()}


async def test_a_linear_flow_enables_what_comes_next_and_evaluates_decisions_itself(epilot: Organisation) -> None:
    """Later tasks are disabled and cannot change their state."""
    flow = await epilot.started("tpl_supplier_switch")
    refused = await epilot.refused("PATCH", path_of(flow, CREDIT), {"status": "SKIPPED"})
    flow = await epilot.done(flow, DATA)
    epilot.clock.forward(seconds=2)
    await epilot.patch(flow, CREDIT, status="SKIPPED")
    after = await epilot.flow(flow["id"])

    assert 400 == refused[0]
    assert "COMPLETED" == statuses(after)["Is a meter reading at hand?"]
    assert current(after)[0] in ("Ask for the meter reading", "Confirm the switch")


async def test_an_agent_that_finds_nothing_waits_for_a_person(epilot: Organisation) -> None:
    """The other agent completes its task."""
    flow = await epilot.started("tpl_service_request")
    epilot.clock.forward(seconds=5)
    flow = await epilot.done(await epilot.flow(flow["id"]), "Answer the request")
    epilot.clock.forward(seconds=5)
    flow = await epilot.flow(flow["id"])
    held = named(flow, "Find a partner")
    flow = await epilot.done(flow, "Find a partner")

    assert ("WAITING_FOR_CONFIRMATION", "no_eligible_partner") == (held["status"], held["agent_execution"]["outcome"])
    assert ["Check with the customer"] == current(flow)


async def test_a_schedule_comes_due_by_itself(epilot: Organisation) -> None:
    """Its automation runs then."""
    flow = await epilot.answered("declined")
    waiting = named(flow, ARCHIVE)
    epilot.clock.forward(days=7)
    running = named(await epilot.flow(flow["id"]), ARCHIVE)
    epilot.clock.forward(seconds=2)
    ended = await epilot.flow(flow["id"])

    assert ("SCHEDULED", "2026-06-22T09:00:00.000Z") == (waiting["status"], waiting["schedule"]["scheduled_at"])
    assert "IN_PROGRESS" == running["status"]
    assert ("COMPLETED", "DONE") == (statuses(ended)[ARCHIVE], ended["status"])


async def test_a_schedule_that_is_not_made_yet_is_null(epilot: Organisation) -> None:
    """The vendor's changelog says so, its description does not."""
    schedule = named(await epilot.started("tpl_solar_installation"), REMIND)["schedule"]

    assert {"mode": "delayed", "duration": 6, "unit": "weeks", "schedule_id": None} == schedule


async def test_a_cancelled_schedule_skips_its_task(epilot: Organisation) -> None:
    """A task without a schedule answers 404."""
    flow = await epilot.answered("declined")
    await epilot.told("DELETE", path_of(flow, ARCHIVE) + "/schedule")
    after = await epilot.flow(flow["id"])
    gone = [
        await epilot.refused("DELETE", path_of(flow, ARCHIVE) + "/schedule"),
        await epilot.refused("POST", path_of(flow, ARCHIVE) + "/schedule/run-now"),
        await epilot.refused("POST", f"{FLOWS}/{flow['id']}/schedules/sch_0"),
    ]

    assert ("SKIPPED", "DONE") == (statuses(after)[ARCHIVE], after["status"])
    assert [(404, "Schedule not found")] * 3 == gone


async def test_a_task_whose_end_was_never_told_is_reconciled(epilot: Organisation) -> None:
    """A running task does not change."""
    epilot.stand_in.reset(tasks=1500, seed=7, now=None, scenario=None)
    stuck = next(
        row
        for row in await epilot.rows(size=2000)
        if (row["task_type"], row["status"]) == ("AUTOMATION", "IN_PROGRESS")
    )
    path = f"{FLOWS}/{stuck['execution_id']}/tasks/{stuck['id']}/reconcile-automation"
    flow = await epilot.told("POST", path)
    fresh = await epilot.answered("accepted")
    unchanged = await epilot.told("POST", path_of(fresh, ORDER) + "/reconcile-automation")

    assert "COMPLETED" == {task["id"]: task["status"] for task in flow["tasks"]}[stuck["id"]]
    assert fresh == unchanged

"""Fresh data of the stand-in for epilot."""

from collections.abc import AsyncIterator

import pytest

from sandbox.epilot.directory import ALICE
from tests.sandbox.epilot.organisation import (
    NOW,
    WORKFLOWS,
    Organisation,
    current,
    organisation_of,
)


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    async with organisation_of(120) as organisation:
        yield organisation


@pytest.mark.parametrize("tasks", [0, 1, 12, 40, 333])
async def test_there_are_as_many_tasks_as_were_asked_for(epilot: Organisation, tasks: int) -> None:
    """The sizes of the templates do not matter."""
    await epilot.control("reset", {"tasks": tasks})

    assert tasks == len(await epilot.rows())


async def test_the_same_seed_gives_the_same_flows(epilot: Organisation) -> None:
    """Number, seed and moment determine the data. Another seed gives other flows."""
    lists = []
    for seed in (3, 4, 3):
        epilot.stand_in.reset(tasks=80, seed=seed, now=NOW, scenario=None)
        rows = await epilot.rows()
        flows = [await epilot.flow(id) for id in sorted({row["execution_id"] for row in rows})]
        lists.append((rows, flows, await epilot.told("GET", WORKFLOWS)))

    assert lists[0] == lists[2]
    assert lists[0] != lists[1]


@pytest.mark.parametrize("seed", [1, 7, 42])
async def test_forty_tasks_hold_what_the_demonstration_shows(epilot: Organisation, seed: int) -> None:
    """Alice has tasks in three states and a decision. There are unassigned tasks, a failed automation and a schedule."""
    epilot.stand_in.reset(tasks=40, seed=seed, now=NOW, scenario=None)
    rows = [row for row in await epilot.rows() if row["is_current"] and row["execution_status"] == "STARTED"]
    hers = sorted((row["task_type"], row["status"]) for row in rows if ALICE in row["assignee"])
    free = [row for row in rows if row["status"] == "PENDING" and not row["assignee"]]

    assert [
        ("DECISION", "PENDING"),
        ("MANUAL", "IN_PROGRESS"),
        ("MANUAL", "ON_HOLD"),
        ("MANUAL", "PENDING"),
    ] == hers
    assert len([row for row in free if row["task_type"] == "MANUAL"]) >= 3
    assert {("AUTOMATION", "FAILED"), ("AUTOMATION", "SCHEDULED")} == {
        (row["task_type"], row["status"]) for row in rows if row["task_type"] == "AUTOMATION"
    }


async def test_many_tasks_hold_every_state_type_and_form(epilot: Organisation) -> None:
    """The data contain every case that a connector must handle."""
    epilot.stand_in.reset(tasks=1500, seed=7, now=NOW, scenario=None)
    rows = await epilot.rows(size=2000)
    dues = [row["due_date"] for row in rows if "due_date" in row]

    assert {
        "UNASSIGNED", "ASSIGNED", "COMPLETED", "IN_PROGRESS", "SCHEDULED", "PENDING", "CONDITION_PENDING",
        "WAITING_FOR_CONFIRMATION", "ON_HOLD", "FAILED",
    } == {row["status"] for row in rows}  # fmt: skip
    assert {"MANUAL", "AUTOMATION", "DECISION", "AI_AGENT"} == {row["task_type"] for row in rows}
    assert {"STARTED", "DONE", "CLOSED"} == {row["execution_status"] for row in rows}
    assert {True, False} == {row["enabled"] for row in rows if row["status"] == "PENDING"}
    assert {True, False} == {due.endswith("Z") for due in dues}
    assert {0, 1, 2} == {len(row["assignee"]) for row in rows}
    assert any(isinstance(each, dict) for row in rows for each in row["assigned_to"])
    assert any(row["execution_status"] == "CLOSED" and row["status"] == "PENDING" for row in rows)


async def test_the_operations_scenario_has_seven_open_manual_tasks_and_two_are_alices(epilot: Organisation) -> None:
    """All can be worked on, one of hers is in progress. Acme Corp has open and closed flows."""
    await epilot.control("reset", {"scenario": "operations"})
    rows = await epilot.rows()
    opened = [row for row in rows if row["is_current"] and row["execution_status"] == "STARTED"]
    hers = [row["status"] for row in opened if ALICE in row["assignee"]]
    acme = {row["execution_status"] for row in rows if row["contexts"][0]["title"] == "Acme Corp"}

    assert (7, {"MANUAL"}) == (len(opened), {row["task_type"] for row in opened})
    assert ["IN_PROGRESS", "PENDING"] == sorted(hers)
    assert {"STARTED", "CLOSED"} == acme


async def test_an_unknown_scenario_is_refused(epilot: Organisation) -> None:
    """The control interface answers 400."""
    answer = await epilot.client.post("/__sandbox__/reset", json={"scenario": "storm"})

    assert 400 == answer.status_code


async def test_a_flow_of_version_2_has_its_tasks_current_by_key(epilot: Organisation) -> None:
    """`crt_tasks` contains ids of the flow's tasks."""
    for row in await epilot.rows({"key": "is_current", "operator": "EQUALS", "value": True}):
        flow = await epilot.flow(row["execution_id"])

        assert row["name"] in current(flow)

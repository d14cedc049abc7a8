"""Fresh data of the stand-in for GEOtareas."""

from pathlib import Path

import pytest

from sandbox.geotareas.directory import ACCOUNTING, ALICE
from tests.sandbox.geotareas.tenant import (
    NOW,
    Tenant,
)

DESCRIPTION = Path(__file__).parents[4] / "shared" / "specs" / "geotareas" / "openapi.yaml"


async def test_the_same_seed_gives_the_same_tasks(tenant: Tenant) -> None:
    """Number, seed and moment determine the data. Another seed gives other tasks."""
    lists = []
    for seed in (3, 4, 3):
        tenant.stand_in.reset(tasks=50, seed=seed, now=NOW, scenario=None)
        rows = await tenant.rows()
        lists.append([await tenant.detail(row["id"]) for row in rows])

    assert lists[0] == lists[2]
    assert lists[0] != lists[1]
    assert [50, 50] == [len(lists[0]), len(lists[1])]


@pytest.mark.parametrize("seed", [1, 7, 42])
async def test_alice_has_work_and_her_group_has_a_queue(tenant: Tenant, seed: int) -> None:
    """With every seed, forty tasks contain what the demo shows."""
    tenant.stand_in.reset(tasks=40, seed=seed, now=NOW, scenario=None)
    rows = await tenant.rows()
    hers = [row["status"] for row in rows if (row["assigned_to_user"] or {}).get("id") == ALICE.id]
    queue = [
        row
        for row in rows
        if row["status"] == "PENDING"
        and row["assigned_to_user"] is None
        and (row["assigned_to_group"] or {}).get("id") == ACCOUNTING
    ]

    assert hers.count("PENDING") >= 2
    assert hers.count("IN_PROGRESS") >= 1
    assert len(queue) >= 3
    assert {"PENDING", "IN_PROGRESS", "COMPLETED"} == {row["status"] for row in rows}
    assert {True, False} == {row["due_date"] is None for row in rows}
    assert {True, False} == {row["escalated"] for row in rows}
    assert {18} == {len(row["id"]) for row in rows}


async def test_the_operations_scenario_has_eight_open_tasks_and_two_are_alices(tenant: Tenant) -> None:
    """All eight are assigned to Alice or to her group."""
    await tenant.control("reset", {"scenario": "operations", "now": "2026-06-15T09:00:00Z"})
    opened = [row for row in await tenant.rows() if row["status"] != "COMPLETED"]
    hers = [row for row in opened if (row["assigned_to_user"] or {}).get("id") == ALICE.id]
    groups = [row["assigned_to_group"]["name"] for row in opened if row not in hers]

    assert (8, 2) == (len(opened), len(hers))
    assert ["Accounting"] * 6 == groups

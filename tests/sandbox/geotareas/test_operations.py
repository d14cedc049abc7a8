"""Lists of the stand-in for GEOtareas: pages, filters, wrong parameters."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.geotareas.tenant import (
    DEFINITIONS,
    INSTANCES,
    NOW,
    TASKS,
    Tenant,
    refusal,
)

DESCRIPTION = Path(__file__).parents[4] / "shared" / "specs" / "geotareas" / "openapi.yaml"


async def test_pages_are_newest_first_and_give_every_task_once(tenant: Tenant) -> None:
    """All pages together are the whole list in the order of creation. The total is exact."""
    pages = [(await tenant.get(TASKS, limit=30, offset=offset)).json() for offset in (0, 30, 60, 90)]
    rows = [row for page in pages for row in page["data"]]

    assert {"total": 80, "limit": 30, "offset": 60} == pages[2]["meta"]
    assert [30, 30, 20, 0] == [len(page["data"]) for page in pages]
    assert 80 == len({row["id"] for row in rows})
    assert sorted((row["created_at"] for row in rows), reverse=True) == [row["created_at"] for row in rows]


async def test_filters_give_what_a_scan_of_all_tasks_gives(tenant: Tenant) -> None:
    """Each filter, and all of them together, return exactly the rows that match."""
    everything = await tenant.rows()
    site = next(row for row in await tenant.rows(DEFINITIONS) if row["name"] == "Damage Survey")
    local_now = NOW.astimezone(ZoneInfo("Europe/Madrid")).replace(tzinfo=None).isoformat()
    overdue = [row for row in everything if row["status"] != "COMPLETED" and (row["due_date"] or "9") < local_now]
    pending = [row for row in everything if row["status"] == "PENDING"]
    named = [row for row in everything if row["workflow_name"] == "Damage Survey"]
    entity_type = next(row["entity"]["type"] for row in overdue if row in pending)
    typed = [row for row in everything if row["entity"]["type"] == entity_type]
    both = [row for row in overdue if row in pending and row in typed]

    assert 0 < len(both) < len(overdue) < len(everything)
    assert named
    assert overdue == await tenant.rows(overdue_only="true")
    assert pending == await tenant.rows(status="PENDING")
    assert named == await tenant.rows(definition_id=site["id"])
    assert typed == await tenant.rows(entity_type=entity_type)
    assert both == await tenant.rows(overdue_only="true", status="PENDING", entity_type=entity_type)
    assert [] == await tenant.rows(overdue_only="true", status="COMPLETED")


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"offset": -1},
        {"status": "OPEN"},
        {"definition_id": "1" * 31},
        {"overdue_only": "yes"},
    ],
)
async def test_a_wrong_parameter_is_a_validation_error(tenant: Tenant, params: dict[str, str | int]) -> None:
    """Bounds, lengths and enumerations are the documented ones."""
    assert (400, "VALIDATION_ERROR") == refusal(await tenant.get(TASKS, **params))


@pytest.mark.parametrize("path", ["tasks/1", "tasks/x", "boards", "instances/1", "tasks/1/cancel"])
async def test_what_is_not_there_is_not_found(tenant: Tenant, path: str) -> None:
    """Unknown ids and undocumented paths are 404 in the vendor's envelope."""
    assert (404, "NOT_FOUND") == refusal(await tenant.get(f"/apidev/v1/workflow/{path}"))


async def test_instances_are_filtered_by_status_entity_and_start(tenant: Tenant) -> None:
    """The documented filters return exactly the rows that match."""
    everything = await tenant.rows(INSTANCES)
    chosen = everything[len(everything) // 2]
    start = chosen["started_at"]

    assert [row for row in everything if row["started_at"] >= start] == await tenant.rows(INSTANCES, startdate=start)
    assert [row for row in everything if row["started_at"] <= start] == await tenant.rows(INSTANCES, enddate=start)
    assert [row for row in everything if row["entity_id"] == chosen["entity_id"]] == await tenant.rows(
        INSTANCES, entity_id=chosen["entity_id"]
    )
    assert {"RUNNING", "COMPLETED", "CANCELLED", "ERROR"} == {row["status"] for row in everything}
    assert (400, "VALIDATION_ERROR") == refusal(await tenant.get(INSTANCES, startdate="yesterday"))


async def test_definitions_are_filtered_by_status_type_and_name(tenant: Tenant) -> None:
    """Inactive definitions are listed on request only. A search includes descriptions."""
    active = await tenant.rows(DEFINITIONS)
    inactive = await tenant.rows(DEFINITIONS, status="inactive")

    assert {"active"} == {row["status"] for row in active}
    assert ["Fleet Census 2024"] == [row["name"] for row in inactive]
    assert len(active) + 1 == len(await tenant.rows(DEFINITIONS, status="all"))
    assert ["New Account Onboarding"] == [row["name"] for row in await tenant.rows(DEFINITIONS, search="onboard")]
    assert ["Damage Survey"] == [row["name"] for row in await tenant.rows(DEFINITIONS, search="the INSURER")]
    assert [4, 7, 2, 3, 5, 1] == [row["version"] for row in active]
    assert ["Meter Replacement"] == [row["name"] for row in await tenant.rows(DEFINITIONS, entity_type="DISPOSITIVO")]

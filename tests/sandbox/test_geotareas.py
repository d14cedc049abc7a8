"""The stand-in for GEOtareas answers as described, over data that reads like real work."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sandbox.geotareas import READER
from sandbox.geotareas.directory import ACCOUNTING, ALICE, BOB
from tests.sandbox.geotareas_tenant import (
    DEFINITIONS,
    INSTANCES,
    LOGIN,
    NOW,
    TASKS,
    Tenant,
    filled,
    refusal,
    tenant_of,
)
from tests.spec import ApiDescription

DESCRIPTION = Path(__file__).parents[3] / "shared" / "specs" / "geotareas" / "openapi.yaml"


@pytest.fixture
async def door() -> AsyncIterator[Tenant]:
    """A tenant where nobody has logged in, with the documented limits."""
    async with tenant_of(80) as door:
        yield door


@pytest.fixture
async def tenant(door: Tenant) -> Tenant:
    """A tenant where the service account has logged in, without limits."""
    await door.control("rate-limit", {})
    await door.log_in()
    return door


@pytest.fixture(scope="module")
def description() -> ApiDescription:
    if not DESCRIPTION.exists():
        pytest.skip("the vendor's API description lies outside of this repository and is not here")
    return ApiDescription(DESCRIPTION)


async def test_every_operation_answers_as_described(tenant: Tenant, description: ApiDescription) -> None:
    """Lists, details of all tasks, both writes and a login fit the description of the API."""
    path = TASKS + "/{id}"
    login = await tenant.log_in()
    description.check_response("POST", LOGIN, login.status_code, login.content)
    for address in (TASKS, INSTANCES):
        listed = await tenant.get(address, limit=100)
        description.check_response("GET", address, listed.status_code, listed.content)
    for row in await tenant.rows():
        detail = await tenant.get(f"{TASKS}/{row['id']}")
        description.check_response("GET", path, detail.status_code, detail.content)
    welcome = await tenant.open_at("Issue Credit Note")
    transfer = {"assign_to_user_id": BOB.id, "comment": "Reassigning to specialist."}
    moved = await tenant.post(f"{TASKS}/{welcome['id']}/reassign", transfer)
    description.check_request("POST", path + "/reassign", moved.request.content)
    description.check_response("POST", path + "/reassign", moved.status_code, moved.content)
    body = {"result_code": welcome["available_results"][0]["code"], "captured_data": filled(welcome)}
    done = await tenant.post(f"{TASKS}/{welcome['id']}/complete", body)
    description.check_request("POST", path + "/complete", done.request.content)
    description.check_response("POST", path + "/complete", done.status_code, done.content)

    assert [200, 200] == [moved.status_code, done.status_code]


async def test_refusals_answer_as_described(tenant: Tenant, description: ApiDescription) -> None:
    """400, 401, 403, 404 and 429 have the described body."""
    wrong = await tenant.log_in(password="no")
    description.check_response("POST", LOGIN, wrong.status_code, wrong.content)
    unknown = await tenant.get(f"{TASKS}/1")
    description.check_response("GET", TASKS + "/{id}", unknown.status_code, unknown.content)
    invalid = await tenant.get(TASKS, limit=0)
    description.check_response("GET", TASKS, invalid.status_code, invalid.content)

    await tenant.log_in(READER.email, READER.password)
    forbidden = await tenant.post(f"{TASKS}/1/reassign", {"assign_to_user_id": BOB.id})
    description.check_response("POST", TASKS + "/{id}/reassign", forbidden.status_code, forbidden.content)
    blocked = [await tenant.log_in(password="no") for _ in range(5)][-1]
    description.check_response("POST", LOGIN, blocked.status_code, blocked.content)

    assert [401, 404, 400, 403, 429] == [each.status_code for each in (wrong, unknown, invalid, forbidden, blocked)]


async def test_pages_are_newest_first_and_give_every_task_once(tenant: Tenant) -> None:
    """Pages joined are the whole list in the order of creation, under an exact total."""
    pages = [(await tenant.get(TASKS, limit=30, offset=offset)).json() for offset in (0, 30, 60, 90)]
    rows = [row for page in pages for row in page["data"]]

    assert {"total": 80, "limit": 30, "offset": 60} == pages[2]["meta"]
    assert [30, 30, 20, 0] == [len(page["data"]) for page in pages]
    assert 80 == len({row["id"] for row in rows})
    assert sorted((row["created_at"] for row in rows), reverse=True) == [row["created_at"] for row in rows]


async def test_filters_give_what_a_scan_of_all_tasks_gives(tenant: Tenant) -> None:
    """Each filter, and all of them together, keep exactly the rows that match."""
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
    """Bounds, lengths and enumerations are those of the documentation."""
    assert (400, "VALIDATION_ERROR") == refusal(await tenant.get(TASKS, **params))


@pytest.mark.parametrize("path", ["tasks/1", "tasks/x", "boards", "instances/1", "tasks/1/cancel"])
async def test_what_is_not_there_is_not_found(tenant: Tenant, path: str) -> None:
    """Unknown ids and undocumented paths are 404 in the vendor's envelope."""
    assert (404, "NOT_FOUND") == refusal(await tenant.get(f"/apidev/v1/workflow/{path}"))


async def test_instances_are_filtered_by_status_entity_and_start(tenant: Tenant) -> None:
    """The documented filters keep exactly the rows that match."""
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
    """Inactive definitions are shown on request only; a search looks into descriptions too."""
    active = await tenant.rows(DEFINITIONS)
    inactive = await tenant.rows(DEFINITIONS, status="inactive")

    assert {"active"} == {row["status"] for row in active}
    assert ["Fleet Census 2024"] == [row["name"] for row in inactive]
    assert len(active) + 1 == len(await tenant.rows(DEFINITIONS, status="all"))
    assert ["New Account Onboarding"] == [row["name"] for row in await tenant.rows(DEFINITIONS, search="onboard")]
    assert ["Damage Survey"] == [row["name"] for row in await tenant.rows(DEFINITIONS, search="the INSURER")]
    assert [4, 7, 2, 3, 5, 1] == [row["version"] for row in active]
    assert ["Meter Replacement"] == [row["name"] for row in await tenant.rows(DEFINITIONS, entity_type="DISPOSITIVO")]


async def test_the_same_seed_gives_the_same_tasks(tenant: Tenant) -> None:
    """Number, seed and moment decide everything; another seed gives other tasks."""
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
    """Under every seed forty tasks hold what the demonstration shows."""
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
    """All eight are within Alice's sight: hers, or her group's."""
    await tenant.control("reset", {"scenario": "operations", "now": "2026-06-15T09:00:00Z"})
    opened = [row for row in await tenant.rows() if row["status"] != "COMPLETED"]
    hers = [row for row in opened if (row["assigned_to_user"] or {}).get("id") == ALICE.id]
    groups = [row["assigned_to_group"]["name"] for row in opened if row not in hers]

    assert (8, 2) == (len(opened), len(hers))
    assert ["Accounting"] * 6 == groups

"""The stand-in for GEOtareas answers as the vendor describes."""

from pathlib import Path

import pytest

from sandbox.geotareas import READER
from sandbox.geotareas.directory import BOB
from tests.sandbox.geotareas.tenant import (
    INSTANCES,
    LOGIN,
    TASKS,
    Tenant,
    filled,
)
from tests.spec import ApiDescription

DESCRIPTION = Path(__file__).parents[4] / "shared" / "specs" / "geotareas" / "openapi.yaml"


@pytest.fixture(scope="module")
def description() -> ApiDescription:
    if not DESCRIPTION.exists():
        pytest.skip("the vendor's API description lies outside of this repository and is not here")
    return ApiDescription(DESCRIPTION)


async def test_every_operation_answers_as_described(tenant: Tenant, description: ApiDescription) -> None:
    """Lists, details of all tasks, both writes and a login match the description of the API."""
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

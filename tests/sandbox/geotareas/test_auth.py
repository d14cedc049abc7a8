"""Logins, headers, permissions and limits of the stand-in for GEOtareas."""

import pytest

from sandbox.geotareas import API_KEY, READER, TENANT, WRITER
from sandbox.geotareas.directory import ACCOUNTING, ALICE, BOB
from tests.sandbox.geotareas.tenant import (
    DEFINITIONS,
    INSTANCES,
    NOW,
    TASKS,
    Tenant,
    refusal,
)


async def test_a_login_failure_shows_data_and_other_failures_do_not(tenant: Tenant) -> None:
    """The vendor documents both forms of an error body."""
    wrong = (await tenant.log_in(password="no")).json()
    unknown = (await tenant.get(f"{TASKS}/1")).json()

    assert {"success": False, "data": None, "error": wrong["error"]} == wrong
    assert {"success": False, "error": unknown["error"]} == unknown


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "tenant"])
async def test_a_missing_header_is_a_bad_request(tenant: Tenant, name: str) -> None:
    """Each of the three headers is required."""
    del tenant.headers[name]

    assert (400, "BAD_REQUEST") == refusal(await tenant.get(TASKS))


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "tenant"])
async def test_a_wrong_header_is_unauthorized(tenant: Tenant, name: str) -> None:
    """The vendor answers 401 for a wrong token and for a wrong API key."""
    tenant.headers[name] = "Bearer wrong"

    assert (401, "UNAUTHORIZED") == refusal(await tenant.get(TASKS))


async def test_a_write_without_a_json_content_type_is_a_bad_request(tenant: Tenant) -> None:
    """Content-Type is a required header of POST."""
    id = (await tenant.rows(status="PENDING"))[0]["id"]
    answer = await tenant.client.post(f"{TASKS}/{id}/complete", content=b"{}", headers=tenant.headers)

    assert (400, "BAD_REQUEST") == refusal(answer)


async def test_a_token_ends_after_one_hour(tenant: Tenant) -> None:
    """The token is valid until the last second."""
    tenant.clock.forward(3599)
    before = await tenant.get(TASKS)
    tenant.clock.forward(1)

    assert 200 == before.status_code
    assert (401, "UNAUTHORIZED") == refusal(await tenant.get(TASKS))


async def test_five_failures_block_the_account_for_a_minute(tenant: Tenant) -> None:
    """Until the minute is over, a login with the right password answers 429 too."""
    tenant.clock.forward(31)
    failures = [refusal(await tenant.log_in(password="no")) for _ in range(5)]
    tenant.clock.forward(59)
    blocked = await tenant.log_in()
    tenant.clock.forward(1)

    assert [(401, "UNAUTHORIZED")] * 5 == failures
    assert ((429, "RATE_LIMITED"), "1") == (refusal(blocked), blocked.headers["Retry-After"])
    assert 200 == (await tenant.log_in()).status_code


async def test_an_account_may_log_in_five_times_in_thirty_seconds(door: Tenant) -> None:
    """The sixth login must wait until the first is thirty seconds old. Other accounts need not."""
    statuses = [(await door.log_in()).status_code for _ in range(6)]
    other = await door.log_in(READER.email, READER.password)
    door.clock.forward(30)

    assert [200] * 5 + [429] == statuses
    assert [200, 200] == [other.status_code, (await door.log_in()).status_code]


async def test_a_reader_may_not_execute(tenant: Tenant) -> None:
    """A token without the permission gets 403, and no task changes."""
    await tenant.log_in(READER.email, READER.password)
    id = (await tenant.rows(status="PENDING"))[0]["id"]
    answer = await tenant.post(f"{TASKS}/{id}/reassign", {"assign_to_user_id": BOB.id})

    assert (403, "FORBIDDEN") == refusal(answer)
    assert [] == tenant.stand_in.effects.all()


@pytest.mark.parametrize("path", [TASKS, f"{TASKS}/1", INSTANCES, DEFINITIONS])
async def test_a_writer_may_not_read(tenant: Tenant, path: str) -> None:
    """Every read requires the other permission."""
    await tenant.log_in(WRITER.email, WRITER.password)

    assert (403, "FORBIDDEN") == refusal(await tenant.get(path))


async def test_thirty_reads_and_ten_writes_are_admitted_in_a_minute(door: Tenant) -> None:
    """Reads and writes are counted separately. The 429 is the vendor's own and says how long to wait."""
    await door.log_in()
    reads = [await door.get(TASKS) for _ in range(30)]
    writes = [await door.post(f"{TASKS}/1/complete", {"result_code": "x"}) for _ in range(11)]
    refused = reads[-1]
    door.clock.forward(60)

    assert [200] * 29 + [429] == [each.status_code for each in reads]
    assert [404] * 10 + [429] == [each.status_code for each in writes]
    assert ((429, "RATE_LIMITED"), "60", "0") == (
        refusal(refused),
        refused.headers["Retry-After"],
        refused.headers["X-RateLimit-Remaining"],
    )
    assert 200 == (await door.get(TASKS)).status_code


async def test_every_answer_names_limits_and_request(door: Tenant) -> None:
    """Answers, refusals and 429 have the documented headers. Request ids are unique."""
    await door.log_in()
    answers = [await door.get(TASKS), await door.get(f"{TASKS}/1"), *[await door.get(TASKS) for _ in range(28)]]

    assert [("30", "28"), ("30", "27")] == [
        (each.headers["X-RateLimit-Limit"], each.headers["X-RateLimit-Remaining"]) for each in answers[:2]
    ]
    assert {str(int(NOW.timestamp()) + 60)} == {each.headers["X-RateLimit-Reset"] for each in answers}
    assert [200, 404, 429] == [answers[0].status_code, answers[1].status_code, answers[-1].status_code]
    assert len(answers) == len({each.headers["X-Request-Id"] for each in answers})


async def test_the_configuration_names_what_logs_in(door: Tenant) -> None:
    """The stand-in accepts the credentials of its source entry."""
    source = door.stand_in.source_config("http://127.0.0.1:9105")
    credentials = source["credentials"]
    answer = await door.log_in(credentials["email"], credentials["password"])

    assert ("geotareas", "Europe/Madrid", 200) == (source["vendor"], source["time_zone"], answer.status_code)
    assert (API_KEY, TENANT) == (credentials["api_key"], credentials["tenant"])
    assert {"id": ALICE.id, "groups": [ACCOUNTING]} == door.stand_in.identities()["alice"]

"""Tokens of the stand-in for epilot, and the habits of the vendor's client."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.epilot import READER_ID, STAND_IN, access_token, user_token
from sandbox.epilot.answers import MEDIA_TYPE
from sandbox.epilot.directory import ALICE, BOB
from tests.sandbox.epilot.organisation import (
    FLOWS,
    KANBAN,
    NOW,
    OVERVIEW,
    WORKFLOWS,
    Organisation,
    named,
    organisation_of,
    path_of,
)

LARGE = {"Accept": MEDIA_TYPE}


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    async with organisation_of(40) as organisation:
        yield organisation


@pytest.mark.parametrize(
    "path", [f"{FLOWS}/x", WORKFLOWS, "/v2/users/me", "/v1/kanban/query/flows:autocomplete", "/nothing"]
)
@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        f"Basic {access_token()}",
        f"Bearer {access_token()}x",
        f"Bearer é{access_token()}",
    ],
)
async def test_a_foreign_token_is_refused(epilot: Organisation, path: str, header: str) -> None:
    """The token is checked before anything else."""
    answer = await epilot.client.get(path, headers={b"Authorization": header.encode()})

    assert 401 == answer.status_code


async def test_tokens_expire(epilot: Organisation) -> None:
    """A person's token expires after an hour. An access token expires at its own time or never."""
    hour = NOW + timedelta(hours=1)
    tokens = [user_token(ALICE, hour), access_token(expires=hour), access_token()]
    before = [(await epilot.ask("GET", "/v2/users/me", token=token)).status_code for token in tokens]
    epilot.clock.forward(hours=1)
    after = [(await epilot.ask("GET", "/v2/users/me", token=token, described=False)).status_code for token in tokens]

    assert [200, 200, 200] == before
    assert [401, 401, 200] == after


async def test_an_access_token_is_no_person(epilot: Organisation) -> None:
    """Version 2 returns the token's id as the user; version 1 has no user for it."""
    person = await epilot.ask("GET", "/v2/users/me", token=user_token(ALICE, NOW + timedelta(hours=1)))
    program = await epilot.told("GET", "/v2/users/me")
    old = await epilot.ask("GET", "/v1/users/me", described=False)
    hers = await epilot.ask("GET", "/v1/users/me", token=user_token(ALICE, NOW + timedelta(hours=1)))

    assert ("10010730", "Alice Moreno") == (person.json()["id"], person.json()["display_name"])
    assert program["id"].startswith("api_")
    assert "email" not in program
    assert (403, "alice@example.com") == (old.status_code, hers.json()["email"])


async def test_a_reader_changes_nothing(epilot: Organisation) -> None:
    """Every write answers 403 and is not applied."""
    flow = await epilot.started()
    before = await epilot.flow(flow["id"])
    count = len(epilot.effects())
    reader = access_token(READER_ID)
    task, phase = path_of(flow, "Agree on a date"), flow["phases"][0]["id"]
    start = {"flow_template_id": "tpl_meter_exchange", "contexts": [{"entity_id": "e", "entity_schema": "s"}]}
    writes = [
        ("POST", FLOWS, start),
        ("PATCH", f"{FLOWS}/{flow['id']}", {"status": "CLOSED"}),
        ("PATCH", f"{FLOWS}/{flow['id']}", {"due_date": "2026-07-01"}),
        ("DELETE", f"{FLOWS}/{flow['id']}", None),
        ("PATCH", task, {"status": "COMPLETED"}),
        ("PATCH", task, {"assigned_to": []}),
        ("PATCH", task, {"due_date": "2026-07-01"}),
        ("POST", f"{task}/execute", None),
        ("PATCH", f"{FLOWS}/{flow['id']}/phases/{phase}", {"name": "x"}),
    ]
    for method, path, body in writes:
        answer = await epilot.ask(method, path, body, token=reader, described=False)

        assert 403 == answer.status_code, (method, path, body)
    assert 200 == (await epilot.ask("GET", f"{FLOWS}/{flow['id']}", token=reader)).status_code
    assert (before, count) == (await epilot.flow(flow["id"]), len(epilot.effects()))


async def test_people_may_filter_on_themselves_only(epilot: Organisation) -> None:
    """Filters on other assignees require another grant."""
    token = user_token(ALICE, NOW + timedelta(hours=1))

    async def status(who: str | list[str]) -> int:
        item = {"key": "assignee", "operator": "IS_ONE_OF", "value": who}
        body = {"filters": {"items": [item], "combination": "AND"}}
        return (await epilot.ask("POST", KANBAN, body, token=token)).status_code

    assert [200, 403, 403] == [await status([ALICE]), await status([BOB]), await status([ALICE, BOB])]


async def test_another_organisation_is_not_ours_to_see(epilot: Organisation) -> None:
    """The header chooses the organisation; this token may not use another one."""
    own = await epilot.ask("POST", KANBAN, {}, headers={"x-epilot-org-id": "739224"})
    other = await epilot.ask("POST", KANBAN, {}, headers={"x-epilot-org-id": "728"})

    assert (200, 403) == (own.status_code, other.status_code)
    assert {"message": "Forbidden", "status": 403} == other.json()


async def test_effects_name_the_caller(epilot: Organisation) -> None:
    """An effect has the id of the token's owner and the request id."""
    flow = await epilot.started()
    token = user_token(BOB, NOW + timedelta(hours=1))
    await epilot.ask("PATCH", path_of(flow, "Agree on a date"), {"status": "COMPLETED"}, token=token)
    task = named(await epilot.flow(flow["id"]), "Agree on a date")

    assert (BOB, "r1") == (epilot.stand_in.effects.all()[-1].actor, epilot.stand_in.effects.all()[-1].request_id)
    assert BOB == task["analytics"]["completed_by"]


async def test_a_post_without_body_may_call_itself_a_form(epilot: Organisation) -> None:
    """The vendor's client sends such requests."""
    flow = await epilot.started()
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "0"}
    answer = await epilot.ask("POST", path_of(flow, "Agree on a date") + "/execute", headers=form)

    assert (200, "IN_PROGRESS") == (answer.status_code, answer.json()["status"])


async def test_paths_may_be_encoded(epilot: Organisation) -> None:
    """Colons of operations may be encoded, and slashes within ids."""
    search = FLOWS + "%3Asearch"
    found = await epilot.ask("POST", search, {"entity_id": "e", "entity_schema": "s"}, described=False)
    flow = await epilot.started()
    one = await epilot.ask("GET", f"{FLOWS}/{flow['id'].replace('_', '%5F')}")
    strange = await epilot.ask("GET", f"{FLOWS}/a%2Fb%20c%3Ad")

    assert ({"results": []}, flow["id"], 404) == (found.json(), one.json()["id"], strange.status_code)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff", b"a=b"])
async def test_a_body_that_is_no_json_object_is_refused(epilot: Organisation, content: bytes) -> None:
    """The error has a reason, in the shape of each API."""
    for path, more in ((FLOWS, {}), (KANBAN, {"status": 400})):
        answer = await epilot.client.post(path, content=content, headers={"Authorization": f"Bearer {access_token()}"})

        assert (400, {"message": answer.json()["message"]} | more) == (answer.status_code, answer.json())


async def test_a_large_answer_lies_elsewhere(epilot: Organisation) -> None:
    """A client that accepts it gets the address of the answer and fetches it without credentials. Other clients get 413."""
    small = await epilot.ask("POST", KANBAN, {"size": 40}, headers=LARGE)
    epilot.stand_in.large_answers.most_bytes = 1000
    referred = await epilot.ask("POST", KANBAN, {"size": 40}, headers=LARGE, described=False)
    refused = await epilot.ask("POST", KANBAN, {"size": 40}, described=False)
    address = referred.json()["$payload_ref"]
    fetched = await epilot.client.get(address)
    with_token = await epilot.client.get(address, headers={"Authorization": f"Bearer {access_token()}"})
    with_org = await epilot.client.get(address, headers={"x-epilot-org-id": "739224"})
    elsewhere = await epilot.client.get(f"{address.partition('?')[0]}x")

    assert "application/json" == small.headers["content-type"]
    assert (200, MEDIA_TYPE) == (referred.status_code, referred.headers["content-type"])
    assert (413, {"message": "Payload Too Large"}) == (refused.status_code, refused.json())
    assert (200, small.json()) == (fetched.status_code, fetched.json())
    assert [400, 400, 403] == [with_token.status_code, with_org.status_code, elsewhere.status_code]


async def test_too_many_requests_are_told_when_to_come_again(epilot: Organisation) -> None:
    """The body is the only one that the vendor documents. There are no limits unless a test sets them."""
    await epilot.control("rate-limit", {"limit": 2, "window_ms": 60_000})
    answers = [await epilot.ask("GET", "/v2/users/me", described=False) for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "60" == answers[2].headers["retry-after"]
    assert {"status": 429, "error": "Too many requests. Try again later."} == answers[2].json()


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("GET", FLOWS, False),
        ("POST", FLOWS, True),
        ("POST", f"{FLOWS}:search", False),
        ("POST", f"{WORKFLOWS}/steps/search", False),
        ("POST", KANBAN, False),
        ("POST", OVERVIEW, False),
        ("POST", f"{FLOWS}/x/tasks/y/execute", True),
        ("PATCH", f"{FLOWS}/x", True),
    ],
)
def test_a_search_is_no_write(method: str, path: str, write: bool) -> None:
    """A search is a POST."""
    assert write == STAND_IN().is_write(method, path)


async def test_only_the_queries_stay_behind_the_writes(epilot: Organisation) -> None:
    """Their lag is the one that was set."""
    await epilot.control("settings", {"read_lag_ms": 2000})
    flow = await epilot.started()
    task = named(flow, "Agree on a date")["id"]
    item = {"key": "id", "operator": "EQUALS", "value": task}
    before = await epilot.rows(item)
    epilot.clock.forward(seconds=2)
    created = await epilot.rows(item)
    await epilot.patch(flow, "Agree on a date", status="COMPLETED")
    stale, fresh = await epilot.rows(item), await epilot.flow(flow["id"])
    epilot.clock.forward(seconds=2)
    after = await epilot.rows(item)

    assert ([], ["PENDING"], ["PENDING"], ["COMPLETED"]) == (
        before,
        *([row["status"] for row in rows] for rows in (created, stale, after)),
    )
    assert "COMPLETED" == named(fresh, "Agree on a date")["status"]

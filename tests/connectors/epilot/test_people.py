"""Users, groups and members."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector
from connectors.sdk.errors import ConnectorError, MalformedResponseError, UnavailableError
from connectors.sdk.model import User

Scripted = Callable[..., EpilotConnector]


EXAMPLE = {
    "id": "10010730",
    "display_name": "Example User",
    "email": "user@example.com",
    "status": "Active",
    "phone": None,
}


async def test_people_are_found_by_id(organisation: Any) -> None:
    """With name, mail address and whether they are active. An unknown user is absent."""
    alice = organisation.identity("alice").native_id
    found = await organisation.connector.get_users([alice, "1", alice])

    assert found == {alice: User(native_id=alice, name="Alice Moreno", email="alice@example.com", is_active=True)}
    assert {} == await organisation.connector.get_users([])


@pytest.mark.parametrize("body", [b"", b"null", b"{}"])
async def test_an_empty_record_is_an_unknown_user(scripted: Scripted, body: bytes) -> None:
    """The vendor's description has no 404 for an unknown user."""
    assert {} == await scripted(lambda _: httpx2.Response(200, content=body)).get_users(["7"])


async def test_a_user_that_cannot_be_read_hides_no_other(scripted: Scripted) -> None:
    """If no read succeeds, the error is raised."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=EXAMPLE) if request.url.path.endswith("/10010730") else httpx2.Response(503)

    assert ["10010730"] == list(await scripted(answer).get_users(["1", "10010730"]))
    with pytest.raises(UnavailableError):
        await scripted(answer).get_users(["1", "2"])
    with pytest.raises(UnavailableError):
        await scripted(answer).get_groups(["1"])


async def test_an_answer_about_another_is_malformed(scripted: Scripted) -> None:
    """Another user's or group's record is an error."""
    connector = scripted(lambda _: httpx2.Response(200, json=EXAMPLE))

    for ask in (connector.get_users(["7"]), connector.get_groups(["7"]), connector.list_members("7", limit=5)):
        with pytest.raises(MalformedResponseError):
            await ask


async def test_people_are_listed_until_an_empty_page(scripted: Scripted) -> None:
    """Pages may be shorter than asked for; records without an id are left out."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.query.decode())
        rows = [EXAMPLE, {"id": None}][int(request.url.params["offset"]) :]
        return httpx2.Response(200, json={"results": rows})

    connector = scripted(answer)
    first = await connector.list_users(search="ex ample&x", limit=50)
    last = await connector.list_users(limit=50, after=first.next_cursor)

    assert seen == ["query=ex+ample%26x&limit=50&offset=0", "limit=51&offset=1"]
    assert [user.name for user in first.items] == ["Example User"]
    assert (first.next_cursor or "").startswith("2.")
    assert (last.items, last.next_cursor) == ((), None)


async def test_people_are_searched(organisation: Any) -> None:
    """By name. Users who left are not active."""
    page = await organisation.connector.list_users(search="Moreno", limit=50)
    everybody = await organisation.connector.list_users(limit=100)

    assert ["Alice Moreno"] == [user.name for user in page.items]
    assert {True, False} == {user.is_active for user in everybody.items}


async def test_groups_have_their_members(organisation: Any) -> None:
    """One call; the connector cuts pages. An unknown group has no members."""
    connector, alice = organisation.connector, organisation.identity("alice")
    group = alice.groups[0]
    found = await connector.get_groups([group, "none"])
    first = await connector.list_members(group, limit=1)
    rest = await connector.list_members(group, limit=50, after=first.next_cursor)
    members = {user.native_id for user in (*first.items, *rest.items)}

    assert [group] == list(found)
    assert (found[group].name, found[group].member_count) == ("Accounting", len(members))
    assert alice.native_id in members
    assert (await connector.list_members("none", limit=5)).items == ()


async def test_members_may_be_ids(scripted: Scripted) -> None:
    """If the vendor ignores `hydrate`."""
    body = {"id": "g", "name": "G", "users": ["7", None, EXAMPLE, {"id": None}, "7"]}
    page = await scripted(lambda _: httpx2.Response(200, json=body)).list_members("g", limit=9)

    assert [(user.native_id, user.name) for user in page.items] == [("7", None), ("10010730", "Example User")]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"results":null}', b'{"groups":{}}'])
async def test_an_unreadable_list_is_malformed(scripted: Scripted, body: bytes) -> None:
    """It is not read as an empty list."""
    connector = scripted(lambda _: httpx2.Response(200, content=body))

    for ask in (connector.list_users(limit=5), connector.list_groups(limit=5)):
        with pytest.raises(ConnectorError):
            await ask

"""Users and groups of the stand-in for epilot."""

from collections.abc import AsyncIterator

import pytest

from sandbox.epilot import STAND_IN
from sandbox.epilot.directory import ALICE, BOB, CAROL, EMPTY_GROUP, GROUP_IDS, GROUPS, USERS
from sandbox.people import DEMO_PEOPLE
from tests.sandbox.epilot.organisation import Organisation, organisation_of

ACCOUNTING = GROUP_IDS["accounting"]


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    async with organisation_of(0) as organisation:
        yield organisation


async def test_people_are_paged_without_a_total(epilot: Organisation) -> None:
    """A short page is the last one."""
    pages = [(await epilot.told("GET", "/v2/users", limit=5, offset=start))["results"] for start in (0, 5, 10, 15)]

    assert list(USERS) == [user["id"] for page in pages for user in page]
    assert [5, 5, 4, 0] == [len(page) for page in pages]
    assert {"Active", "Pending", "Deactivated"} == {user["status"] for page in pages for user in page}


async def test_people_are_found_by_name_and_address(epilot: Organisation) -> None:
    """An invited user has no name yet."""
    alice = await epilot.told("GET", "/v2/users", query="ALICE")
    invited = await epilot.told("GET", "/v2/users", query="new.colleague")

    assert [ALICE] == [user["id"] for user in alice["results"]]
    assert "display_name" not in invited["results"][0]


async def test_version_1_takes_organisations_in_both_spellings(epilot: Organisation) -> None:
    """One spelling is described, the other is what the vendor's client sends."""
    counts = [
        len((await epilot.ask("GET", f"/v1/users?{query}", described=False)).json()["users"])
        for query in ("", "org_ids=739224,728", "org_ids[]=728&org_ids[]=739224", "org_ids=728")
    ]

    assert [14, 14, 14, 0] == counts


async def test_groups_hold_ids_unless_people_are_asked_for(epilot: Organisation) -> None:
    """The description does not know plain ids."""
    plain = (await epilot.ask("GET", f"/v1/groups/{ACCOUNTING}", described=False)).json()
    full = await epilot.told("GET", f"/v1/groups/{ACCOUNTING}", hydrate="true")
    listed = await epilot.told("GET", "/v1/groups", query="ACCOUNT", hydrate="true")

    assert list(GROUPS[ACCOUNTING].members) == plain["users"] == [user["id"] for user in full["users"]]
    assert (1, [full]) == (listed["hits"], listed["groups"])


async def test_a_person_has_groups(epilot: Organisation) -> None:
    """The answer is a plain list."""
    groups = await epilot.told("GET", f"/v2/users/{CAROL}/groups", hydrate="true")

    assert ["Operations"] == [group["name"] for group in groups]


async def test_a_group_hands_out_work_in_turn(epilot: Organisation) -> None:
    """After the last member comes the first. An empty group is an error."""
    turns = [
        (await epilot.ask("POST", f"/v1/groups/{ACCOUNTING}/user:next", described=False)).json()["crt_assignee"]["id"]
        for _ in range(4)
    ]
    empty = await epilot.ask("POST", f"/v1/groups/{EMPTY_GROUP.id}/user:next")
    unknown = await epilot.ask("POST", "/v1/groups/x/user:next")

    assert [ALICE, BOB] == turns[:2]
    assert turns[0] == turns[3]
    assert [422, 404] == [empty.status_code, unknown.status_code]


@pytest.mark.parametrize("path", ["/v2/users/x", "/v1/users/x", "/v2/users/x/groups", "/v1/groups/x"])
async def test_an_unknown_user_or_group_is_not_found(epilot: Organisation, path: str) -> None:
    """The 404 has no body; most operations do not describe it."""
    answer = await epilot.ask("GET", path, described=False)

    assert (404, b"") == (answer.status_code, answer.content)


def test_the_people_of_the_demonstration_are_linked() -> None:
    """Identities have the vendor's ids and groups. The source has one origin for each API."""
    stand_in = STAND_IN()
    source = stand_in.source_config("http://127.0.0.1:9103")

    assert {person.key for person in DEMO_PEOPLE} == stand_in.identities().keys()
    assert {"id": ALICE, "groups": [ACCOUNTING]} == stand_in.identities()["alice"]
    assert ("epilot", "bearer") == (source["vendor"], source["credentials"]["kind"])
    assert {"http://127.0.0.1:9103"} == {source["base_url"], *source["options"].values()}

"""Users and groups of the directory."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Group, GroupRef, Task, User, UserRef
from connectors.sdk.settings import BasicCredentials

Answering = Callable[..., CamundaConnector]
Asked = list[tuple[str, Any]]

DIRECTORY = {
    "alice": {"username": "alice", "name": "Alice Moreno", "email": "alice@example.com"},
    "bob": {"username": "bob", "name": "Bob Keller", "email": None},
    "carol": {"username": "carol"},
}
MEMBERS = {"accounting": ["alice", "bob", "ghost"], "sales": ["carol"], "empty": []}


def directory(asked: Asked) -> Callable[[httpx2.Request], httpx2.Response]:
    """Answers searches of users, groups and members, each in one page."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v2")
        body = msgspec.json.decode(request.content)
        asked.append((path, body))
        if path == "/users/search":
            wanted = body["filter"].get("username", {}).get("$in", DIRECTORY)
            rows: list[Any] = [DIRECTORY[name] for name in wanted if name in DIRECTORY]
        elif path == "/groups/search":
            rows = [{"groupId": group, "name": group.title(), "description": None} for group in MEMBERS]
        else:
            group = path.split("/")[2]
            if group not in MEMBERS:
                return httpx2.Response(404, json={"title": "NOT_FOUND"})
            rows = [{"username": name} for name in MEMBERS[group]]
        return httpx2.Response(200, json={"items": rows, "page": {"totalItems": len(rows), "endCursor": "end"}})

    return answer


async def test_people_are_listed_page_by_page(connector: CamundaConnector) -> None:
    """Each user once, ordered by user name. A search is left to the gateway."""
    first = await connector.list_users(search="nobody", limit=2)
    second = await connector.list_users(search="nobody", limit=2, after=first.next_cursor)
    names = [user.native_id for user in (*first.items, *second.items)]

    assert 4 == len(set(names))
    assert sorted(names) == names


async def test_a_user_has_the_members_of_the_directory(answering: Answering) -> None:
    """Server 8.8 leaves empty members out."""
    page = await answering(directory([])).list_users(limit=50)

    assert [
        User(native_id="alice", username="alice", name="Alice Moreno", email="alice@example.com"),
        User(native_id="bob", username="bob", name="Bob Keller"),
        User(native_id="carol", username="carol"),
    ] == list(page.items)
    assert (None, 3) == (page.next_cursor, page.total)


async def test_rows_without_an_id_are_left_out(answering: Answering) -> None:
    """Server 8.8 does not promise the members of a row. A repeated row counts once."""
    rows = [{}, {"username": "a"}, {"username": "a"}, {"username": None}, {"groupId": "g"}, {"name": "only a name"}]
    connector = answering(lambda _: httpx2.Response(200, json={"items": rows, "page": {}}))

    assert ["a"] == [user.native_id for user in (await connector.list_users(limit=50)).items]
    assert [Group(native_id="g", name="g")] == list((await connector.list_groups(limit=50)).items)


async def test_groups_are_listed(answering: Answering) -> None:
    """The name is an alias: tasks may name a group by it."""
    asked: Asked = []

    page = await answering(directory(asked)).list_groups(search="acc", limit=5000)

    assert Group(native_id="accounting", name="Accounting", aliases=("Accounting",)) == page.items[0]
    assert [("/groups/search", {"limit": 1000})] == [(path, body["page"]) for path, body in asked]


async def test_members_are_described_by_the_directory(answering: Answering) -> None:
    """In two calls. A user that the directory does not know has only the user name."""
    asked: Asked = []

    page = await answering(directory(asked)).list_members("accounting", limit=10)

    assert ["/groups/accounting/users/search", "/users/search"] == [path for path, _ in asked]
    assert [("alice", "Alice Moreno"), ("bob", "Bob Keller"), ("ghost", None)] == [
        (user.native_id, user.name) for user in page.items
    ]


@pytest.mark.parametrize("group_id", ["unknown", "..", "a/../b", ""])
async def test_an_unknown_group_has_no_members(group_id: str, answering: Answering) -> None:
    """An id that no group can have has no members either."""
    page = await answering(directory([])).list_members(group_id, limit=10)

    assert ([], None) == (list(page.items), page.next_cursor)


async def test_members_of_the_stand_in_have_names(connector: CamundaConnector) -> None:
    """From the directory."""
    page = await connector.list_members("accounting", limit=50)

    assert {"alice": "Alice Moreno", "bob": "Bob Keller"}.items() <= {
        user.native_id: user.name for user in page.items
    }.items()


async def test_assignable_are_the_candidates_of_a_task(task: Task, answering: Answering) -> None:
    """Candidate users and members of candidate groups, each once, in pages ordered by name."""
    asked_of = replace(
        task,
        candidate_users=(UserRef(native_id="zoe"), UserRef(native_id="alice")),
        candidate_groups=(GroupRef(native_id="accounting"), GroupRef(native_id="unknown")),
    )
    connector = answering(directory([]))

    first = await connector.list_users(assignable_to=asked_of, limit=3)
    second = await connector.list_users(assignable_to=asked_of, limit=3, after=first.next_cursor)

    assert ["alice", "bob", "ghost"] == [user.native_id for user in first.items]
    assert (["zoe"], None, 4) == ([user.native_id for user in second.items], second.next_cursor, second.total)


@pytest.mark.parametrize("groups", [(), ("unknown",), ("empty",)])
async def test_all_users_are_assignable_if_no_candidate_is_known(
    groups: tuple[str, ...], task: Task, answering: Answering
) -> None:
    """Under OIDC the directory may not know a group. The vendor accepts any assignee."""
    asked_of = replace(task, candidate_users=(), candidate_groups=tuple(GroupRef(native_id=group) for group in groups))

    page = await answering(directory([])).list_users(assignable_to=asked_of, limit=50)

    assert list(DIRECTORY) == [user.native_id for user in page.items]


async def test_a_group_that_cannot_be_read_is_an_error(task: Task, answering: Answering) -> None:
    """The list fails instead of being too short."""
    with pytest.raises(UnavailableError):
        await answering(lambda _: httpx2.Response(503)).list_users(assignable_to=task, limit=50)


async def test_people_and_groups_are_found_by_id(connector: CamundaConnector) -> None:
    """Ids that the directory does not know are absent."""
    users = await connector.get_users(["alice", "bob", "alice", "nobody"])
    groups = await connector.get_groups(["accounting", "nothing"])

    assert {key: user.name for key, user in users.items()} == {"alice": "Alice Moreno", "bob": "Bob Keller"}
    assert {key: (group.name, group.aliases) for key, group in groups.items()} == {
        "accounting": ("Accounting", ("Accounting",))
    }


async def test_a_directory_is_asked_once_per_hundred_ids(answering: Answering) -> None:
    """250 distinct names are three calls of at most 100 names."""
    asked: list[int] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(len(msgspec.json.decode(request.content)["filter"]["username"]["$in"]))
        return httpx2.Response(200, json={"items": []})

    await answering(answer).get_users([f"u{number % 250}" for number in range(500)])

    assert asked == [100, 100, 50]


async def test_the_sources_own_account_is_a_technical_one(
    task: Task, answering: Answering, settings: CamundaSettings
) -> None:
    """Where it signs in as a user of the cluster. The directory does not say which users are in use."""
    basic = BasicCredentials(kind="basic", username="bob", password=SecretStr("secret"))
    configured = settings.model_copy(update={"credentials": basic})
    named = replace(task, candidate_users=(UserRef(native_id="alice"), UserRef(native_id="bob")), candidate_groups=())

    by_user = (await answering(directory([]), configured).list_users(limit=50)).items
    candidates = (await answering(directory([]), configured).list_users(assignable_to=named, limit=50)).items
    by_client = (await answering(directory([])).list_users(limit=50)).items

    assert {"alice": False, "bob": True, "carol": False} == {user.native_id: user.is_service for user in by_user}
    assert {"alice": False, "bob": True} == {user.native_id: user.is_service for user in candidates}
    assert not any(user.is_service for user in by_client)
    assert {None} == {user.is_active for user in (*by_user, *candidates, *by_client)}

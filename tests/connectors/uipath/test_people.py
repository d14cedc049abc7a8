"""Users and groups of folders."""

from collections.abc import Callable

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.caller import Access, Identity
from connectors.sdk.errors import (
    NotFoundError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import NOW, Tenant

Scripted = Callable[..., UiPathConnector]


def task_in(folder: int) -> Task:
    return Task(
        source="uipath",
        native_id=f"{folder}-101",
        title="Review",
        state=TaskState.READY,
        rule="uipath.unassigned",
        fetched_at=NOW,
    )


async def test_a_task_can_be_assigned_to_the_users_of_its_folder(tenant: Tenant) -> None:
    """One call. Robots and groups are not users."""
    with tenant.transport.counting() as requests:
        await tenant.connector.ping()
    with tenant.transport.counting() as requests:
        page = await tenant.connector.list_users(assignable_to=task_in(828), limit=100)

    assert 1 == len(requests)
    assert requests[0].url.path.endswith(".GetTaskUsers(organizationUnitId=828)")
    assert "828" == requests[0].headers["x-uipath-organizationunitid"]
    assert tenant.identity("alice").native_id in {user.native_id for user in page.items}
    assert all(user.email for user in page.items)


async def test_people_of_all_folders_are_listed_once(tenant: Tenant) -> None:
    """A user of two folders is listed once; pages continue by id. Only the configured folders are read, if there are any."""
    everyone = await tenant.connector.list_users(limit=100)
    first = await tenant.connector.list_users(limit=3)
    second = await tenant.connector.list_users(limit=3, after=first.next_cursor)
    finance = await tenant.open(folders=[828]).list_users(limit=100)
    ids = [user.native_id for user in everyone.items]

    assert len(set(ids)) == len(ids)
    assert ids[:6] == [user.native_id for user in (*first.items, *second.items)]
    assert {user.native_id for user in finance.items} < set(ids)


async def test_groups_have_names_by_their_ids(tenant: Tenant) -> None:
    """As a task that was just assigned to a group names it by id alone. An unknown group is absent."""
    group = (await tenant.connector.list_groups(limit=100)).items[0]
    found = await tenant.connector.get_groups([group.native_id, "1"])

    assert {group.native_id: group} == found
    assert group.name != group.native_id
    with tenant.transport.counting() as requests:
        assert {} == await tenant.connector.get_groups([])
    assert [] == requests


@pytest.mark.parametrize(("held", "most", "truncated"), [(250, 100, False), (250, 40, True)])
async def test_people_of_a_folder_are_read_over_pages_that_the_vendor_cuts(
    scripted: Scripted, held: int, most: int, *, truncated: bool
) -> None:
    """Up to five pages. More are told."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        skip = int(request.url.params["$skip"])
        rows = [
            {"Id": number, "Name": "Ann", "Surname": "A", "EmailAddress": "a@b.test"}
            for number in range(skip + 1, min(skip + most, held) + 1)
        ]
        return httpx2.Response(200, json={"@odata.count": held, "value": rows})

    page = await scripted(answer).list_users(assignable_to=task_in(828), limit=500)

    assert (min(held, 5 * most), truncated) == (len(page.items), page.truncated)


async def test_more_folders_than_are_read_are_told(scripted: Scripted) -> None:
    """The list of users is not all users."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        rows = (
            [{"Id": number, "Key": "k"} for number in range(1, 31)]
            if request.url.path.endswith("/odata/Folders")
            else []
        )
        return httpx2.Response(200, json={"@odata.count": len(rows), "value": rows})

    assert (await scripted(answer).list_users(limit=500)).truncated


async def test_unassigned_tasks_are_for_people_with_rights_in_the_folder(tenant: Tenant) -> None:
    """Users by id, groups by id or name. One call for each folder, and one for the list of folders."""
    assert {} == tenant.connector.info.access
    await tenant.connector.ping()
    with tenant.transport.counting() as requests:
        await tenant.connector.look_at_access()
    access = tenant.connector.info.access or {}
    alice, named = tenant.identity("alice"), Identity(native_id="0", groups=("accounting",))

    assert {"828", "1204", "1377"} == access.keys()
    assert 4 == len(requests)
    assert ["828"] == [key for key, one in access.items() if one.holds(alice)]
    assert ["828"] == [key for key, one in access.items() if one.holds(named)]
    assert not any(one.holds(Identity(native_id="0")) for one in access.values())


async def test_a_folder_that_the_account_may_not_read_is_left_out(scripted: Scripted) -> None:
    """The others are known. A source that is away changes nothing."""
    statuses = {828: 200, 1204: 403}

    def answer(request: httpx2.Request) -> httpx2.Response:
        folder = int(request.headers["x-uipath-organizationunitid"])
        rows = [{"Id": 7, "Type": "DirectoryUser", "Name": "Ann", "Surname": "A", "EmailAddress": "a@b.test"}]
        return httpx2.Response(statuses[folder], json={"@odata.count": 1, "value": rows})

    connector = scripted(answer, folders=[828, 1204])
    await connector.look_at_access()
    known = connector.info.access
    statuses[828] = 503
    with pytest.raises(UnavailableError):
        await connector.look_at_access()

    assert {"828": Access(frozenset({"7"}))} == known == connector.info.access


async def test_folders_of_the_tasks_of_a_list_can_be_asked_for(tenant: Tenant) -> None:
    """Unassigned tasks of some folders are one exact question."""
    query = TaskQuery(states=frozenset({TaskState.READY}), has_candidates=False, access_keys=frozenset({"828"}))
    found = await tenant.drain(query)

    assert query == tenant.connector.pushdown(query)
    assert found
    assert all(query.matches(task) and task.access_key == "828" for task in found)
    assert {task.native_id for task in await tenant.drain() if query.matches(task)} == {one.native_id for one in found}


async def test_groups_are_those_of_the_directory(tenant: Tenant) -> None:
    """With the ids that identities name."""
    groups = (await tenant.connector.list_groups(limit=100)).items

    assert set(tenant.identity("alice").groups) <= {group.native_id for group in groups}
    assert "Accounting" in {group.name for group in groups}


async def test_a_cursor_of_another_list_is_refused(scripted: Scripted) -> None:
    """Without a call."""
    with pytest.raises(ValidationFailedError):
        await scripted(lambda request: httpx2.Response(500)).list_users(limit=5, after="x")


async def test_a_task_id_of_another_form_is_not_found(tenant: Tenant) -> None:
    """Its folder cannot be known."""
    task = (await tenant.drain())[0]
    with pytest.raises(NotFoundError):
        await tenant.connector.list_users(assignable_to=replace(task, native_id="x"), limit=5)


async def test_people_of_a_folder_are_not_said_to_be_in_use(tenant: Tenant) -> None:
    """The vendor does not say it. Robots and applications are no people."""
    everyone = (await tenant.connector.list_users(limit=500)).items

    assert {(None, False)} == {(user.is_active, user.is_service) for user in everyone}
    assert not any("robot" in (user.name or "").casefold() for user in everyone)

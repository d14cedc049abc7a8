"""Users, groups and definitions, with and without an identity adapter."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.commands import AddComment
from connectors.sdk.errors import (
    ValidationFailedError,
)
from connectors.sdk.model import DetailAspect, TaskState
from connectors.sdk.query import TaskQuery
from tests.connectors.littlehorse.conftest import Tenant


async def test_users_are_listed_beyond_the_bridges_default_of_ten(tenant: Tenant) -> None:
    """By offset, up to an empty page: the bridge does not count them. Their native ids are the kernel's."""
    connector = tenant.open()
    first = await connector.list_users(limit=7)
    second = await connector.list_users(limit=7, after=first.next_cursor)
    third = await connector.list_users(limit=7, after=second.next_cursor)

    assert first.next_cursor is not None
    assert (7, True) == (len(first.items), first.next_cursor.startswith("7."))
    assert ((), None, False) == (third.items, third.next_cursor, third.truncated)
    assert 12 == len({user.native_id for user in [*first.items, *second.items]})
    assert ("alice@example.com", "Alice Moreno", "alice") == (
        first.items[0].native_id,
        first.items[0].name,
        first.items[0].username,
    )
    with pytest.raises(ValidationFailedError):
        await connector.list_users(limit=8, after="x")


async def test_a_task_can_be_assigned_to_members_of_its_group(tenant: Tenant) -> None:
    """Only to them; an unknown group has no members."""
    connector = tenant.open()
    task = await tenant.one(status="UNASSIGNED", group="accounting")
    members = await connector.list_members("accounting", limit=50)
    assignable = await connector.list_users(assignable_to=task, limit=50)

    assert {"alice@example.com", "bob@example.com", "dmitri@example.com"} == {user.native_id for user in members.items}
    assert members.items == assignable.items
    assert () == (await connector.list_members("formerly-sales", limit=50)).items


async def test_groups_are_paged_here(tenant: Tenant) -> None:
    """Sorted by name. Without an admin account only the groups of the person."""
    connector = tenant.open()
    first = await connector.list_groups(limit=4)
    second = await connector.list_groups(limit=4, after=first.next_cursor)
    with tenant.as_person("alice"):
        own = await tenant.open("viewer", credentials=False).list_groups(limit=4)

    assert ["accounting", "claims", "legal", "operations", "procurement", "sales"] == [
        group.name for group in [*first.items, *second.items]
    ]
    assert ["accounting"] == [group.name for group in own.items]
    found = await connector.get_groups(["accounting", own.items[0].aliases[0], "no-such"])
    assert ["accounting", own.items[0].aliases[0]] == sorted(found, key=len)
    assert {} == await connector.get_groups([])


@pytest.mark.parametrize("claim", ["EMAIL", "PREFERRED_USERNAME", "SUB"])
async def test_users_are_found_by_the_kernels_id(tenant_with: type[Tenant], claim: str) -> None:
    """For each claim that may be the id. A part of an address finds no user, and an unknown id is absent."""
    tenant = tenant_with(user_id_claim=claim)
    connector = tenant.open(user_id_claim=claim)
    alice = tenant.identity("alice").native_id
    found = await connector.get_users([alice, alice[1:], "unknown@example.com"])

    assert {alice: "Alice Moreno"} == {key: user.name for key, user in found.items()}
    assert alice == found[alice].native_id
    await connector.aclose()


async def test_authors_have_the_kernels_id(tenant: Tenant) -> None:
    """So the author is the same user as the owner of a task, though comments have the identity provider's id."""
    connector = tenant.open()
    with tenant.as_person("alice") as alice:
        task = await tenant.one(user="alice@example.com", status="ASSIGNED")
        await tenant.open("viewer").perform(AddComment(task=task, actor=alice, text="hello"))
    [comment] = (await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))).comments or ()
    assert comment.author is not None
    found = await connector.get_users([comment.author.native_id])

    assert "alice@example.com" == comment.author.native_id
    assert ["Alice Moreno"] == [user.name for user in found.values()]


async def test_definitions_are_listed_by_bookmark(tenant: Tenant) -> None:
    """By the admin account. Without one the list is empty, without a call."""
    connector = tenant.open()
    first = await connector.list_task_definitions(limit=3)
    second = await connector.list_task_definitions(limit=3, after=first.next_cursor)
    tenant.forget()
    none = await tenant.open("viewer", credentials=False).list_task_definitions(limit=3)

    assert 5 == len({each.key for each in [*first.items, *second.items]})
    assert second.next_cursor is None
    assert ((), []) == (none.items, tenant.sent)


async def test_without_an_identity_adapter_there_is_no_directory(tenant_with: type[Tenant]) -> None:
    """No call is made for it. Tasks are listed, and the groups of a person come from the gateway's configuration."""
    tenant = tenant_with(identity_adapter=False)
    service = tenant.open(identity_adapter=False)
    viewer = tenant.open("viewer", identity_adapter=False)
    assert () == (await service.list_users(limit=5)).items
    assert () == (await service.list_members("accounting", limit=5)).items
    assert () == (await service.list_groups(limit=5)).items
    assert {} == await service.get_users(["alice@example.com"])
    assert await service.extras.get_self() is None
    assert [] == tenant.sent

    query = service.pushdown(TaskQuery(candidate_groups=frozenset({"Accounting"}), states=frozenset({TaskState.READY})))
    by_account = {task.native_id for task in await tenant.drain(service, query)}
    with tenant.as_person("alice"):
        by_alice = {task.native_id for task in await tenant.drain(viewer, query)}

    assert by_account == by_alice != set()
    await service.aclose()
    await viewer.aclose()


async def test_accounts_of_clients_are_told_from_people(scripted: Callable[..., LittlehorseConnector]) -> None:
    """By their user name. Whether a user is in use stands in no record that the connector reads."""
    rows = [
        {"id": "1", "email": "a@x.test", "username": "alice", "valid": True},
        {"id": "2", "email": "t@x.test", "username": "service-account-taskgate", "valid": True},
    ]
    connector = scripted(lambda _: httpx2.Response(200, json={"users": rows}))
    users = (await connector.list_users(limit=5)).items

    assert [("a@x.test", False, None), ("t@x.test", True, None)] == [
        (user.native_id, user.is_service, user.is_active) for user in users
    ]


async def test_an_author_has_the_name_of_the_directory(tenant: Tenant) -> None:
    """The comment itself has a user name only. Without an admin account the person's own record has the name."""
    connector = tenant.open()
    with tenant.as_person("alice") as alice:
        task = await tenant.one(user="alice@example.com", status="ASSIGNED")
        await tenant.open("viewer").perform(AddComment(task=task, actor=alice, text="hello"))
    [comment] = (await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))).comments or ()

    assert comment.author is not None
    assert ("Alice Moreno", "alice") == (comment.author.name, comment.author.username)
    with tenant.as_person("alice"):
        alone = tenant.open("viewer", credentials=False)
        [comment] = (await alone.get_detail(task, frozenset({DetailAspect.COMMENTS}))).comments or ()
    assert comment.author is not None
    assert ("Alice Moreno", "alice") == (comment.author.name, comment.author.username)

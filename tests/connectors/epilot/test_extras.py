"""Operations that the gateway does not use. test_description.py covers the others."""

from collections.abc import Callable
from typing import Any

import httpx2

from connectors.epilot import EpilotConnector
from connectors.sdk.model import User

Scripted = Callable[..., EpilotConnector]


EXAMPLE = {
    "id": "10010730",
    "display_name": "Example User",
    "email": "user@example.com",
    "status": "Active",
    "phone": None,
}


async def test_a_groups_rotation_advances(organisation: Any) -> None:
    """So do the groups of a user."""
    directory, alice = organisation.connector.extras.directory, organisation.identity("alice")
    groups = await directory.groups_of_user(alice.native_id)
    advanced = await directory.next_in_group(groups[0].id)

    assert [group.id for group in groups] == list(alice.groups)
    assert advanced.id == groups[0].id


async def test_the_owner_of_the_credentials_may_lack_an_id(scripted: Scripted) -> None:
    """None for a record without an id."""
    assert await scripted(lambda _: httpx2.Response(200, json={})).extras.directory.get_self() is None
    assert await scripted(lambda _: httpx2.Response(200, json=EXAMPLE)).extras.directory.get_self() == User(
        native_id="10010730", name="Example User", email="user@example.com", is_active=True
    )


async def test_the_account_is_named(scripted: Scripted) -> None:
    """By what its record has. A token that belongs to no person has an id only."""
    named = [
        await scripted(lambda _, body=body: httpx2.Response(200, json=body)).look_at_account()
        for body in (EXAMPLE, {"id": "token-7"}, {})
    ]

    assert ["Example User", "token-7", ""] == named

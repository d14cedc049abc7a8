"""Operations that the gateway does not use."""

from collections.abc import Callable

import httpx2

from connectors.sdk.model import User
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import Tenant

Scripted = Callable[..., UiPathConnector]


async def test_the_application_is_a_user_of_its_own(tenant: Tenant) -> None:
    """Tasks can be assigned to it."""
    user = await tenant.connector.extras.get_self()

    assert user is not None
    assert user.native_id.isdigit()


async def test_credentials_without_a_user_have_no_account(scripted: Scripted) -> None:
    """Then the vendor answers 204."""
    assert await scripted(lambda request: httpx2.Response(204)).extras.get_self() is None


async def test_the_account_has_the_members_that_are_given(scripted: Scripted) -> None:
    """In either letter case."""
    body = {"id": 7, "Name": "Ana", "surname": "Gil", "UserName": "ana", "EmailAddress": "ana@x.test", "IsActive": True}
    user = await scripted(lambda request: httpx2.Response(200, json=body)).extras.get_self()

    assert User(native_id="7", name="Ana Gil", username="ana", email="ana@x.test", is_active=True) == user

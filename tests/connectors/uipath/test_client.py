"""Credentials, and what every request carries."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.sdk.errors import UnauthenticatedError
from connectors.uipath import UiPathConnector, UiPathSettings
from sandbox.uipath import PERSONAL_TOKENS
from tests.connectors.uipath.tenant import BASE_URL, Tenant

Scripted = Callable[..., UiPathConnector]


async def test_client_credentials_give_a_token_that_is_kept(tenant: Tenant) -> None:
    """Two reads need one request for a token."""
    with tenant.transport.counting() as requests:
        await tenant.connector.ping()
        await tenant.connector.ping()
    paths = [request.url.path for request in requests]

    assert 1 == paths.count("/identity_/connect/token")
    assert 3 == len(paths)
    assert b"grant_type=client_credentials" in requests[0].content
    assert requests[1].headers["authorization"].startswith("Bearer ")


async def test_a_personal_token_is_used_as_it_is(tenant: Tenant) -> None:
    """The account is then the user of the token."""
    token = PERSONAL_TOKENS["alice"]
    config = tenant.stand_in.source_config(BASE_URL) | {"credentials": {"kind": "bearer", "token": token}}
    connector = UiPathConnector.open(UiPathSettings.model_validate(config), transport=tenant.transport)
    tenant.opened.append(connector)
    user = await connector.extras.get_self()

    assert user is not None
    assert tenant.identity("alice").native_id == user.native_id


async def test_refused_credentials_are_reported(scripted: Scripted) -> None:
    """The message does not contain the token."""
    with pytest.raises(UnauthenticatedError) as caught:
        await scripted(lambda request: httpx2.Response(401)).ping()

    assert "rt_secret" not in str(caught.value)

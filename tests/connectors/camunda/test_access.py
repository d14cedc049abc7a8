"""Credentials and pings."""

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.errors import UnauthenticatedError
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import FaultyTransport
from sandbox.camunda.stand_in import CamundaStandIn


async def test_a_ping_needs_good_credentials(connector: CamundaConnector, stand_in: CamundaStandIn) -> None:
    """It succeeds with ours and fails with others. The error does not contain them."""
    await connector.ping()
    basic = {"kind": "basic", "username": "demo", "password": "s3cr3t-wrong"}
    wrong = type(connector.settings).model_validate(
        {"key": "camunda", "name": "C8", "base_url": "https://camunda.test", "credentials": basic}
    )
    other = CamundaConnector.open(wrong, transport=httpx2.ASGITransport(app=stand_in))

    with pytest.raises(UnauthenticatedError) as caught:
        await other.ping()

    await other.aclose()
    assert "s3cr3t" not in f"{caught.value!r} {caught.value} {other.upstream!r} {wrong!r}"


async def test_a_token_is_fetched_once_and_again_after_a_401(stand_in: CamundaStandIn) -> None:
    """OAuth client credentials; a reset makes the server forget its tokens."""
    stand_in.reset(tasks=5, seed=7, now=None, scenario="oidc")
    oauth = {
        "kind": "oauth",
        "token_url": "https://camunda.test/oauth/token",
        "client_id": "taskgate",
        "client_secret": "taskgate-secret",
        "audience": "zeebe.camunda.io",
    }
    settings = CamundaSettings.model_validate(
        {"key": "c8", "name": "C8", "base_url": "https://camunda.test", "credentials": oauth}
    )
    transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
    connector = CamundaConnector.open(settings, transport=transport)

    with transport.counting() as requests:
        await connector.list_tasks(TaskQuery(), limit=1)
        await connector.list_tasks(TaskQuery(), limit=1)
        stand_in.reset(tasks=5, seed=7, now=None, scenario="oidc")
        await connector.list_tasks(TaskQuery(), limit=1)
    await connector.aclose()

    search, token = "/v2/user-tasks/search", "/oauth/token"
    assert [token, search, search, search, token, search] == [request.url.path for request in requests]


async def test_an_unprotected_cluster_needs_no_credentials(stand_in: CamundaStandIn) -> None:
    """No header is sent, and the account is not a user."""
    stand_in.reset(tasks=5, seed=7, now=None, scenario="none")
    settings = CamundaSettings.model_validate({"key": "c8", "name": "C8", "base_url": "https://camunda.test"})
    transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
    connector = CamundaConnector.open(settings, transport=transport)

    with transport.counting() as requests:
        await connector.ping()
        page = await connector.list_tasks(TaskQuery(), limit=1)
        me = await connector.extras.get_self()
    await connector.aclose()

    assert (1, None) == (len(page.items), me)
    assert not any("authorization" in request.headers for request in requests)

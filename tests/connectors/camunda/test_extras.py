"""Operations that the gateway does not use."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.errors import UnauthenticatedError
from connectors.sdk.model import User

Answering = Callable[..., CamundaConnector]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"username": "demo", "displayName": "Demo", "email": "demo@example.com"},
            User(native_id="demo", username="demo", name="Demo", email="demo@example.com"),
        ),
        ({"username": "demo", "displayName": None}, User(native_id="demo", username="demo")),
        ({"username": ""}, None),
        ({}, None),
    ],
)
async def test_self_is_the_user_of_our_credentials(
    answer: dict[str, Any], expected: User | None, answering: Answering
) -> None:
    """None for a client that is not a user."""
    assert expected == await answering(lambda _: httpx2.Response(200, json=answer)).extras.get_self()


async def test_self_is_unknown_if_the_server_refuses_to_tell(answering: Answering) -> None:
    """A client gets 403. A 401 means refused credentials, which is an error."""
    assert None is await answering(lambda _: httpx2.Response(403)).extras.get_self()
    with pytest.raises(UnauthenticatedError):
        await answering(lambda _: httpx2.Response(401)).extras.get_self()


async def test_self_is_unknown_without_credentials(settings: CamundaSettings, answering: Answering) -> None:
    """No call is made."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    open_cluster = CamundaSettings.model_validate(
        {"key": "c8", "name": "C8", "base_url": settings.base_url, "credentials": {"kind": "none"}}
    )

    assert None is await answering(refuse, open_cluster).extras.get_self()

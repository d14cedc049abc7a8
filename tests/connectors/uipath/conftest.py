"""A connector on the stand-in, without sockets, and one on scripted answers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from connectors.uipath import UiPathConnector, UiPathSettings
from tests.connectors.uipath.tenant import NOW, Tenant, settings_with

Answers = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    made = Tenant()
    yield made
    for connector in made.opened:
        await connector.aclose()


@pytest.fixture
def settings() -> UiPathSettings:
    return settings_with()


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[..., UiPathConnector]]:
    """Makes a connector whose requests get the given answers."""
    opened: list[UiPathConnector] = []

    def make(answers: Answers, **options: Any) -> UiPathConnector:
        def answer(request: httpx2.Request) -> httpx2.Response:
            given = answers(request)
            # A response that was made with its content counts as read already.
            return httpx2.Response(
                given.status_code, headers=given.headers, stream=httpx2.ByteStream(given.content), request=request
            )

        transport = httpx2.MockTransport(answer)
        opened.append(UiPathConnector.open(settings_with(**options), transport=transport, clock=lambda: NOW))
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()

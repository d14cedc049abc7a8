"""The contract suite, on the stand-in: `pytest --pyargs acme_taskgate.contract`."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from connectors.sdk import BearerCredentials, Identity
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport

from .connector import AcmeConnector
from .settings import AcmeSettings
from .stand_in import TOKEN, AcmeStandIn


class TestAcme(ConnectorContract):
    connector_type = AcmeConnector

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        # Typed for a stricter idea of an ASGI application than Starlette's.
        app: Any = AcmeStandIn()
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> AsyncIterator[AcmeConnector]:
        settings = AcmeSettings(
            key="desk",
            name="Acme Desk",
            base_url="http://desk.test/api",
            credentials=BearerCredentials(kind="bearer", token=SecretStr(TOKEN)),
        )
        connector = AcmeConnector.open(settings, transport=transport)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        return ContractSample(
            unowned=("T-1", "T-2", "T-3"),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob"),
            unknown_id="T-99",
            comment="Paid back on Monday.",
        )

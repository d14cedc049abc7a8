from collections.abc import AsyncIterator

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.contract import ConnectorContract, ContractSample, FaultyTransport
from sandbox.camunda.stand_in import CamundaStandIn


class TestCamunda(ConnectorContract):
    connector_type = CamundaConnector

    @pytest.fixture
    def transport(self, stand_in: CamundaStandIn) -> FaultyTransport:
        return FaultyTransport(httpx2.ASGITransport(app=stand_in))

    @pytest.fixture
    async def connector(self, settings: CamundaSettings, transport: FaultyTransport) -> AsyncIterator[CamundaConnector]:
        made = CamundaConnector.open(settings, transport=transport)
        yield made
        await made.aclose()

    @pytest.fixture
    def sample(self, stand_in: CamundaStandIn) -> ContractSample:
        rows = stand_in.store.tasks.rows
        unowned = [row.user_task_key for row in rows if row.state == "CREATED" and row.assignee is None]
        return ContractSample(
            unowned=tuple(unowned[:3]),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob", groups=("accounting",)),
            unknown_id="4611686018427387904",
            outcome="approve",
            data={"approved": True},
        )

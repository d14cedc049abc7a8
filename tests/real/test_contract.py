import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import CancelFlow, StartFlow
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from tests.real.cluster import Cluster

# A key of the engine's partition that it has never used.
UNKNOWN = str((1 << 51) + (1 << 50))


class TestEngine(ConnectorContract):
    """The same promises as for the stand-in. The tests share the engine, and each has its own tasks."""

    connector_type = CamundaConnector

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A process instance cannot be suspended before 8.10."""
        if "flow_verb" in metafunc.fixturenames:
            metafunc.parametrize("flow_verb", [CancelFlow], ids=["CancelFlow"])
        else:
            super().pytest_generate_tests(metafunc)

    @pytest.fixture
    def transport(self, settled: FaultyTransport) -> FaultyTransport:
        return settled

    @pytest.fixture
    async def connector(self, settings: CamundaSettings, transport: FaultyTransport) -> AsyncIterator[CamundaConnector]:
        made = CamundaConnector.open(settings, transport=transport)
        yield made
        await made.aclose()

    @pytest.fixture
    async def sample(self, cluster: Cluster, transport: FaultyTransport) -> ContractSample:
        flows = await asyncio.gather(*(cluster.start("invoice", amount=12) for _ in range(3)))
        tasks = [await cluster.tasks(flow) for flow in flows]
        return ContractSample(
            unowned=tuple(str(open_tasks[0]["userTaskKey"]) for open_tasks in tasks),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob", groups=("accounting",)),
            unknown_id=UNKNOWN,
            outcome="approve",
            data={"approved": True},
            flow=flows[0],
            start_flow=StartFlow(definition_key="invoice", data={"amount": 12}),
        )

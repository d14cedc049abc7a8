"""The contract of all vendors, on the stand-in, for each version of the server."""

from collections.abc import AsyncIterator
from typing import ClassVar

import httpx2
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import CancelFlow, StartFlow
from connectors.sdk.http import Authority, UpstreamCall, in_call
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from sandbox.camunda.auth import CLIENT_ID
from sandbox.camunda.stand_in import CamundaStandIn


class TestCamunda810(ConnectorContract):
    """The only version that has every verb."""

    connector_type = CamundaConnector
    version: ClassVar[str] = "8.10"

    @pytest.fixture
    def transport(self, stand_in: CamundaStandIn) -> FaultyTransport:
        stand_in.reset(tasks=120, seed=7, now=None, scenario=self.version)
        return FaultyTransport(httpx2.ASGITransport(app=stand_in))

    @pytest.fixture
    async def connector(
        self, versions: dict[str, CamundaSettings], transport: FaultyTransport
    ) -> AsyncIterator[CamundaConnector]:
        made = CamundaConnector.open(versions[self.version], transport=transport)
        yield made
        await made.aclose()

    @pytest.fixture
    def sample(self, stand_in: CamundaStandIn, transport: FaultyTransport) -> ContractSample:
        return self.made_sample(stand_in)

    @staticmethod
    def made_sample(stand_in: CamundaStandIn) -> ContractSample:
        """Of the data that the stand-in has now."""
        rows = stand_in.store.tasks.rows
        unowned = [row.user_task_key for row in rows if row.state == "CREATED" and row.assignee is None]
        instances = stand_in.store.instances.rows
        return ContractSample(
            unowned=tuple(unowned[:3]),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob", groups=("accounting",)),
            unknown_id="4611686018427387904",
            outcome="approve",
            data={"approved": True},
            flow=next(
                row.process_instance_key
                for row in instances
                if row.state == "ACTIVE" and row.parent_process_instance_key is None
            ),
            start_flow=StartFlow(definition_key="invoice", data={"amount": 12}),
        )


class Older(TestCamunda810):
    """Without suspending process instances: the suite would otherwise try every verb that the vendor declares."""

    __test__ = False

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "flow_verb" in metafunc.fixturenames:
            metafunc.parametrize("flow_verb", [CancelFlow], ids=["CancelFlow"])
        else:
            super().pytest_generate_tests(metafunc)


class TestCamunda89(Older):
    __test__ = True
    version = "8.9"


class TestCamunda88(Older):
    __test__ = True
    version = "8.8"


class TestCamundaAsPerson(Older):
    """With a person's exchanged token, where users claim for themselves only. Carol may do everything there."""

    __test__ = True
    version = "8.9.17+oidc"

    @pytest.fixture
    async def connector(
        self, stand_in: CamundaStandIn, transport: FaultyTransport, sample: ContractSample
    ) -> AsyncIterator[CamundaConnector]:
        config = stand_in.source_config("https://camunda.test") | {"acts_as": "exchange"}
        carol = Authority(principal="carol", identity=sample.actor, token=stand_in.token("carol", CLIENT_ID))
        with in_call(UpstreamCall(authority=carol)):
            # The tokens of the stand-in are as old as its clock says.
            made = CamundaConnector.open(
                CamundaSettings.model_validate(config), transport=transport, clock=stand_in.clock
            )
            yield made
            await made.aclose()

    @pytest.fixture
    def sample(self, stand_in: CamundaStandIn, transport: FaultyTransport) -> ContractSample:
        return replace(self.made_sample(stand_in), actor=Identity(native_id="carol"))

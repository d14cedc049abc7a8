"""The contract of all vendors, on the stand-in: as a service account, and as the caller."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector, LittlehorseSettings
from connectors.sdk.caller import Identity
from connectors.sdk.http import Authority, UpstreamCall, in_call
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from sandbox.littlehorse import LittlehorseStandIn
from sandbox.littlehorse.directory import CLIENT_ID, user_called


class TestLittlehorse(ConnectorContract):
    connector_type = LittlehorseConnector
    mode: ClassVar[dict[str, str]] = {"acts_as": "service"}

    @pytest.fixture
    def stand_in(self) -> LittlehorseStandIn:
        stand_in = LittlehorseStandIn()
        stand_in.set_up()
        stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        return stand_in

    @pytest.fixture
    def transport(self, stand_in: LittlehorseStandIn) -> FaultyTransport:
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = stand_in
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture
    async def connector(
        self, transport: FaultyTransport, stand_in: LittlehorseStandIn, sample: ContractSample
    ) -> AsyncIterator[LittlehorseConnector]:
        settings = LittlehorseSettings.model_validate(stand_in.source_config("http://littlehorse.test") | self.mode)
        carol = Authority(principal="carol", identity=sample.actor, token=stand_in.token("carol"))
        with in_call(UpstreamCall(authority=carol)):
            connector = LittlehorseConnector.open(settings, transport=transport)
            yield connector
            await connector.aclose()

    @pytest.fixture
    def sample(self, stand_in: LittlehorseStandIn) -> ContractSample:
        """Carol has the admin role in the bridge, so she may read every task."""
        carol, ines = (
            Identity(native_id=user.email or "", groups=user.groups) for user in map(user_called, ("carol", "ines"))
        )
        waiting = [
            task for task in stand_in.bridge.kernel.all() if (task.status, task.group) == ("UNASSIGNED", "operations")
        ]
        return ContractSample(
            unowned=tuple(f"{task.wf_run_id}:{task.id}" for task in waiting),
            actor=carol,
            other=ines,
            unknown_id=f"{'0' * 32}:0-1",
            data={"carrier": "Delta Freight"},
        )


class TestLittlehorseAsViewer(TestLittlehorse):
    """With the token of the person, and with the account for admin operations."""

    mode: ClassVar[dict[str, str]] = {"acts_as": "viewer", "audience": CLIENT_ID}


class TestLittlehorseByExchange(TestLittlehorse):
    """With a token that the issuer exchanges for the token of the person."""

    mode: ClassVar[dict[str, str]] = {"acts_as": "exchange"}

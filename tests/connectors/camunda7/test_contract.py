"""The contract of all vendors, on the stand-in."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import CreateTask, DeleteTask, StartFlow
from connectors.sdk.model import TaskPriority
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from sandbox.camunda7 import Camunda7StandIn


class TestCamunda7(ConnectorContract):
    connector_type = Camunda7Connector

    @pytest.fixture
    def stand_in(self) -> Camunda7StandIn:
        stand_in = Camunda7StandIn()
        stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        return stand_in

    @pytest.fixture
    def transport(self, stand_in: Camunda7StandIn) -> FaultyTransport:
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = stand_in
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture
    async def connector(
        self, transport: FaultyTransport, stand_in: Camunda7StandIn
    ) -> AsyncIterator[Camunda7Connector]:
        settings = Camunda7Settings.model_validate(stand_in.source_config("http://camunda7.test"))
        made = Camunda7Connector.open(settings, transport=transport)
        yield made
        await made.aclose()

    @pytest.fixture
    def sample(self, stand_in: Camunda7StandIn) -> ContractSample:
        free = [task for task in stand_in.store.tasks.values() if task.is_open and not task.assignee]
        invoices = [task for task in free if task.step == "approve_invoice"]
        lonely = next(task for task in free if task.instance is None)
        assert invoices[0].instance is not None
        return ContractSample(
            unowned=tuple(task.id for task in invoices),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob", groups=("accounting",)),
            unknown_id="00000000-0000-0000-0000-000000000000",
            data={"approved": True, "amount": 12, "cause": "price", "payOn": "24/12/2026"},
            starts={DeleteTask: lonely.id},
            flow=invoices[0].instance.id,
            create=CreateTask(title="Call the customer", priority=TaskPriority.HIGH),
            start_flow=StartFlow(definition_key="invoice", data={"amount": 12}),
        )

"""The promises of every connector, kept on a real engine. The tests share it, and each has its own tasks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import CreateTask, DeleteTask, StartFlow
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from tests.real.operaton.company import Company


@pytest.fixture(scope="session")
async def assorted(company: Company) -> None:
    await company.assort()


class TestOperaton(ConnectorContract):
    connector_type = Camunda7Connector

    @pytest.fixture
    def transport(self, transport: FaultyTransport) -> FaultyTransport:
        return transport

    @pytest.fixture
    async def connector(
        self, source: dict[str, Any], transport: FaultyTransport, company: Company
    ) -> AsyncIterator[Camunda7Connector]:
        made = Camunda7Connector.open(Camunda7Settings.model_validate(source), transport=transport)
        yield made
        await made.aclose()

    @pytest.fixture
    async def sample(self, company: Company, assorted: None, transport: FaultyTransport) -> ContractSample:
        rows = await company.rows("invoice", 3, amount=12)
        tasks = [str(row["id"]) for row in rows]
        lonely = f"lonely-{tasks[0]}"[:60]
        await company.post("/task/create", {"id": lonely, "name": "Call the customer", "priority": 50})
        return ContractSample(
            unowned=tuple(tasks),
            actor=Identity(native_id="alice", groups=("accounting",)),
            other=Identity(native_id="bob", groups=("accounting",)),
            unknown_id="00000000-0000-0000-0000-000000000000",
            data={"approved": True, "amount": 12, "cause": "price", "payOn": "24/12/2026"},
            starts={DeleteTask: lonely},
            flow=str(rows[0]["processInstanceId"]),
            create=CreateTask(title="Call the customer"),
            start_flow=StartFlow(definition_key="invoice", data={"amount": 12}),
        )

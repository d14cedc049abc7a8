"""The contract of all vendors, on the stand-in."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from connectors.sdk.caller import Identity
from connectors.sdk.commands import CancelFlowOfTask, CreateTask
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from connectors.uipath import UiPathConnector, UiPathSettings
from sandbox.uipath import UiPathStandIn

FINANCE = 828


class TestUiPath(ConnectorContract):
    connector_type = UiPathConnector

    @pytest.fixture
    def stand_in(self) -> UiPathStandIn:
        stand_in = UiPathStandIn()
        stand_in.reset(tasks=300, seed=7, now=None, scenario=None)
        return stand_in

    @pytest.fixture
    def transport(self, stand_in: UiPathStandIn) -> FaultyTransport:
        # Typed for a stricter idea of an ASGI application than Starlette's.
        app: Any = stand_in
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture
    async def connector(self, transport: FaultyTransport, stand_in: UiPathStandIn) -> AsyncIterator[UiPathConnector]:
        config = stand_in.source_config("http://uipath.test")
        config["options"]["allow_delete"] = True
        connector = UiPathConnector.open(UiPathSettings.model_validate(config), transport=transport)
        # Fetches a token, so that no test counts that request as one of the operation's.
        await connector.ping()
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, stand_in: UiPathStandIn) -> ContractSample:
        people = stand_in.identities()
        alice, bob = (
            Identity(native_id=people[key]["id"], groups=tuple(people[key]["groups"])) for key in ("alice", "bob")
        )
        instances = stand_in.store.instances
        running = next(
            task
            for task in stand_in.store.tasks.values()
            if task.is_open and task.job in instances and instances[task.job].status == "Running"
        )
        unowned = tuple(
            f"{task.folder}-{task.id}"
            for task in stand_in.store.tasks.values()
            if task.is_open and task.status == "Unassigned" and task.type == "ExternalTask" and task.folder == FINANCE
        )
        return ContractSample(
            unowned=unowned,
            actor=alice,
            other=bob,
            unknown_id=f"{FINANCE}-1",
            outcome="Approve",
            data={"amount": 12},
            starts={CancelFlowOfTask: f"{running.folder}-{running.id}"},
            flow=f"{running.folder}-{running.job}",
            create=CreateTask(title="Check the supplier", actor=alice, options={"folderId": str(FINANCE)}),
        )

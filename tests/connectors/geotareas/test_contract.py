"""The contract of all vendors, on the stand-in."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk.caller import Identity
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from sandbox.geotareas import GeotareasStandIn
from sandbox.geotareas.definitions import WORKFLOWS
from sandbox.geotareas.directory import ACCOUNTING


class TestGeotareas(ConnectorContract):
    connector_type = GeotareasConnector

    @pytest.fixture
    def stand_in(self) -> GeotareasStandIn:
        stand_in = GeotareasStandIn()
        stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        return stand_in

    @pytest.fixture
    def transport(self, stand_in: GeotareasStandIn) -> FaultyTransport:
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = stand_in
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture(params=["Europe/Madrid", None], ids=["zone", "zoneless"])
    async def connector(
        self, transport: FaultyTransport, stand_in: GeotareasStandIn, request: pytest.FixtureRequest
    ) -> AsyncIterator[GeotareasConnector]:
        """With every option that adds a capability; with and without a time zone."""
        options = {
            "release_groups": {"*": ACCOUNTING},
            "definition_ids": {workflow.name: workflow.id for workflow in WORKFLOWS},
        }
        config = stand_in.source_config("http://geotareas.test") | {"options": options, "time_zone": request.param}
        connector = GeotareasConnector.open(GeotareasSettings.model_validate(config), transport=transport)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, stand_in: GeotareasStandIn) -> ContractSample:
        people = stand_in.identities()
        alice, bob = (
            Identity(native_id=people[key]["id"], groups=tuple(people[key]["groups"])) for key in ("alice", "bob")
        )
        unowned = tuple(
            task.id
            for task in stand_in.store._tasks.values()
            if task.status == "PENDING" and task.user is None and task.template.name == "Release Repair Budget"
        )
        return ContractSample(
            unowned=unowned,
            actor=alice,
            other=bob,
            unknown_id="1",
            outcome="released",
            data={"budget_eur": 100},
            comment="Within the yearly budget.",
            flow=next(each.id for each in stand_in.store._instances.values() if each.status == "RUNNING"),
        )

"""An engine with data, and connectors to it without sockets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.sdk.caller import Identity
from connectors.sdk.model import Task
from connectors.sdk.testing import FaultyTransport, read
from sandbox.camunda7 import Camunda7StandIn, records

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BASE_URL = "http://camunda7.test"

ALICE = Identity(native_id="alice", groups=("accounting",))
BOB = Identity(native_id="bob", groups=("accounting",))


class House:
    """A stand-in and connectors. `transport` has the requests."""

    def __init__(self) -> None:
        self.now = NOW
        self.stand_in = Camunda7StandIn(clock=lambda: self.now)
        self.stand_in.reset(tasks=40, seed=7, now=NOW, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = self.stand_in
        self.transport = FaultyTransport(httpx2.ASGITransport(app=app, raise_app_exceptions=True))
        self.opened: list[Camunda7Connector] = []

    def open(self, **options: Any) -> Camunda7Connector:
        config = self.stand_in.source_config(BASE_URL)
        config["options"] = config["options"] | options
        made = Camunda7Connector.open(
            Camunda7Settings.model_validate(config), transport=self.transport, clock=lambda: self.now
        )
        self.opened.append(made)
        return made

    def record(self, step: str = "approve_invoice", *, owner: str | None = None) -> records.Task:
        """An open task of the stand-in."""
        return next(
            task
            for task in self.stand_in.store.tasks.values()
            if task.is_open and task.step == step and task.assignee == owner and not task.is_suspended
        )

    async def task(self, step: str = "approve_invoice", *, owner: str | None = None) -> Task:
        """The same task, as a connector reads it. Requests before it are forgotten."""
        found = await read(self.open(), self.record(step, owner=owner).id)
        self.transport.requests = []
        return found

    @property
    def sent(self) -> list[str]:
        return [f"{each.method} {each.url.path.removeprefix('/engine-rest')}" for each in self.transport.requests]

    @property
    def bodies(self) -> list[Any]:
        """Of the requests that have one."""
        return [msgspec.json.decode(each.content) for each in self.transport.requests if each.content]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    yield made
    for connector in made.opened:
        await connector.aclose()


@pytest.fixture
def connector(house: House) -> Camunda7Connector:
    return house.open()

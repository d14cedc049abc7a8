"""A connector on the stand-in, without sockets, and one on scripted answers."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector, EpilotSettings
from connectors.sdk.caller import Identity
from connectors.sdk.model import Task, TaskState
from sandbox.control import Control
from sandbox.epilot import EpilotStandIn

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BASE_URL = "http://epilot.test"
TOKEN = "eyJ.the.token"

Answers = Callable[[httpx2.Request], httpx2.Response]


class Organisation:
    """The stand-in's organisation with forty tasks, a connector to it, and the requests that were sent."""

    def __init__(self) -> None:
        self.now = NOW
        self.stand_in = EpilotStandIn(clock=lambda: self.now)
        self.stand_in.reset(tasks=40, seed=7, now=NOW, scenario=None)
        self.requests: list[httpx2.Request] = []
        # Typed as Any: httpx2 and Starlette type ASGI applications differently.
        app: Any = Control(self.stand_in)
        self.transport = httpx2.ASGITransport(app=app)
        self._opened: list[EpilotConnector] = []
        self.connector = self.open()

    def open(self, **options: Any) -> EpilotConnector:
        """A connector with these options in addition to the stand-in's own."""
        config = self.stand_in.source_config(BASE_URL)
        settings = EpilotSettings.model_validate({**config, "options": {**config["options"], **options}})
        connector = EpilotConnector.open(settings, transport=Recorder(self), clock=lambda: self.now)
        self._opened.append(connector)
        return connector

    def identity(self, key: str) -> Identity:
        person = self.stand_in.identities()[key]
        return Identity(native_id=person["id"], groups=tuple(person["groups"]))

    @property
    def asked(self) -> list[str]:
        """The requests since the last `forget`, as "METHOD /path"."""
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.requests]

    def forget(self) -> None:
        self.requests.clear()

    async def control(self, method: str, name: str, json: object) -> None:
        """A request to the stand-in's control interface."""
        async with httpx2.AsyncClient(transport=self.transport, base_url=BASE_URL) as client:
            (await client.request(method, f"/__sandbox__/{name}", json=json)).raise_for_status()

    async def aclose(self) -> None:
        for connector in self._opened:
            await connector.aclose()


class Recorder(httpx2.AsyncBaseTransport):
    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._organisation.requests.append(request)
        return await self._organisation.transport.handle_async_request(request)


@pytest.fixture
async def organisation() -> AsyncIterator[Organisation]:
    organisation = Organisation()
    yield organisation
    await organisation.aclose()


@pytest.fixture
def make_settings() -> Callable[..., EpilotSettings]:
    def make(time_zone: str | None = "Europe/Berlin", **options: Any) -> EpilotSettings:
        hosts = {"user_url": BASE_URL, "kanban_url": BASE_URL, "query_url": BASE_URL}
        return EpilotSettings.model_validate(
            {
                "key": "epilot",
                "name": "epilot",
                "vendor": "epilot",
                "base_url": BASE_URL,
                "credentials": {"kind": "bearer", "token": TOKEN},
                "time_zone": time_zone,
                "options": {**hosts, **options},
            }
        )

    return make


@pytest.fixture
def scripted(make_settings: Callable[..., EpilotSettings]) -> Callable[..., EpilotConnector]:
    """A connector whose requests get the given answers."""

    def make(answers: Answers, **options: Any) -> EpilotConnector:
        def answer(request: httpx2.Request) -> httpx2.Response:
            given = answers(request)
            # A response that was made with its content counts as read already.
            return httpx2.Response(
                given.status_code, headers=given.headers, stream=httpx2.ByteStream(given.content), request=request
            )

        return EpilotConnector.open(make_settings(**options), transport=httpx2.MockTransport(answer), clock=lambda: NOW)

    return make


@pytest.fixture
def task() -> Task:
    return Task(
        source="epilot",
        native_id="v2/exec_abc123def456/task_7hj28a",
        title="Angebot senden",
        state=TaskState.READY,
        rule="epilot.pending.unassigned",
        native_state="PENDING",
        flow_id="v2/exec_abc123def456",
        fetched_at=NOW,
    )

"""A connector with the stand-in, without sockets, and one with scripted answers."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk.model import Task, TaskState
from sandbox.control import Control
from sandbox.geotareas import GeotareasStandIn

NOW = datetime(2026, 3, 19, 12, 0, tzinfo=UTC)
BASE_URL = "http://geotareas.test"
SECRETS = {"email": "bot@acme.test", "password": "pass-w0rd", "api_key": "gtk_secret", "tenant": "acme.geotareas.test"}

Answers = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def settings() -> GeotareasSettings:
    return GeotareasSettings.model_validate(
        {
            "key": "geotareas",
            "name": "GEOtareas",
            "vendor": "geotareas",
            "base_url": BASE_URL,
            "credentials": {"kind": "login", **SECRETS},
            "time_zone": "Europe/Madrid",
        }
    )


@pytest.fixture
def task() -> Task:
    return Task(
        source="geotareas",
        native_id="674839201748392018",
        title="Send Welcome Email",
        state=TaskState.READY,
        rule="geo.pending.unassigned",
        native_state="PENDING",
        fetched_at=NOW,
    )


class Tenant:
    """The stand-in's tenant with forty tasks, its connector, and the stand-in's control interface."""

    def __init__(self) -> None:
        self.now = NOW
        self.stand_in = GeotareasStandIn(clock=lambda: self.now)
        self.stand_in.reset(tasks=40, seed=7, now=NOW, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = Control(self.stand_in)
        self.transport = httpx2.ASGITransport(app=app)
        self.connector = self.open()

    def open(self, **changes: Any) -> GeotareasConnector:
        config = self.stand_in.source_config(BASE_URL) | changes
        settings = GeotareasSettings.model_validate(config)
        return GeotareasConnector.open(settings, transport=self.transport, clock=lambda: self.now)

    async def control(self, method: str, name: str, json: object = None) -> httpx2.Response:
        async with httpx2.AsyncClient(transport=self.transport, base_url=BASE_URL) as client:
            response = await client.request(method, f"/__sandbox__/{name}", json=json)
            response.raise_for_status()
            return response

    async def paths(self) -> list[str]:
        """The requests since the last reset, as "METHOD path"."""
        requests = (await self.control("GET", "requests")).json()["requests"]
        return [f"{each['method']} {each['path'].removeprefix('/apidev/v1/')}" for each in requests]


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    tenant = Tenant()
    await tenant.control("POST", "rate-limit", {})
    yield tenant
    await tenant.connector.aclose()


@pytest.fixture
def opened(settings: GeotareasSettings) -> Callable[..., GeotareasConnector]:
    """Makes a connector whose requests, including logins, get the given answers."""

    def make(answers: Answers, **changes: Any) -> GeotareasConnector:
        def answer(request: httpx2.Request) -> httpx2.Response:
            given = answers(request)
            # A response that was made with its content counts as read already.
            return httpx2.Response(
                given.status_code, headers=given.headers, stream=httpx2.ByteStream(given.content), request=request
            )

        return GeotareasConnector.open(
            settings.model_copy(update=changes), transport=httpx2.MockTransport(answer), clock=lambda: NOW
        )

    return make


@pytest.fixture
def scripted(opened: Callable[..., GeotareasConnector]) -> Callable[..., GeotareasConnector]:
    """Makes a connector whose logins succeed and whose other requests get the given answers."""

    def make(answers: Answers, **changes: Any) -> GeotareasConnector:
        def answer(request: httpx2.Request) -> httpx2.Response:
            if request.url.path == "/apidev/v1/login":
                return httpx2.Response(200, json={"success": True, "data": {"authorization": "eyJ.jwt.one"}})
            return answers(request)

        return opened(answer, **changes)

    return make

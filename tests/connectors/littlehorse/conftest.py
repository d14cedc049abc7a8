"""Connectors on the stand-in, without sockets, for each `acts_as`; and connectors on scripted answers."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.littlehorse import LittlehorseConnector, LittlehorseSettings
from connectors.sdk.caller import Identity
from connectors.sdk.http import Authority, UpstreamCall, in_call
from connectors.sdk.model import Task
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import FaultyTransport
from sandbox.littlehorse import LittlehorseStandIn
from sandbox.littlehorse.directory import CLIENT_ID
from sandbox.littlehorse.records import TaskRun

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BASE_URL = "http://littlehorse.test"

Answers = Callable[[httpx2.Request], httpx2.Response]


class Tenant:
    """A stand-in with data, and connectors to it. `sent` and `bodies` are of the requests since `forget`."""

    def __init__(self, *, tasks: int = 40, **oddities: Any) -> None:
        self.now = NOW
        self.stand_in = LittlehorseStandIn(clock=lambda: self.now)
        self.stand_in.set_up()
        for name, value in oddities.items():
            setattr(self.stand_in.variant, name, value)
        self.stand_in.reset(tasks=tasks, seed=7, now=NOW, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = self.stand_in
        self.transport = FaultyTransport(httpx2.ASGITransport(app=app, raise_app_exceptions=True))
        self.opened: list[LittlehorseConnector] = []

    def settings(self, acts_as: str = "service", *, credentials: bool = True, **options: Any) -> LittlehorseSettings:
        config = self.stand_in.source_config(BASE_URL) | {"acts_as": acts_as}
        if acts_as == "viewer":
            config["audience"] = CLIENT_ID
        config["options"] = config["options"] | options
        if not credentials:
            del config["credentials"]
        return LittlehorseSettings.model_validate(config)

    def open(self, acts_as: str = "service", *, credentials: bool = True, **options: Any) -> LittlehorseConnector:
        settings = self.settings(acts_as, credentials=credentials, **options)
        connector = LittlehorseConnector.open(settings, transport=self.transport, clock=lambda: self.now)
        self.opened.append(connector)
        return connector

    def identity(self, person: str) -> Identity:
        found = self.stand_in.identities()[person]
        return Identity(native_id=found["id"], groups=tuple(found["groups"]))

    @contextmanager
    def as_person(self, person: str, token: str | None = None) -> Iterator[Identity]:
        """Calls within the block are made by this person, with `token` or, without one, with a token that the bridge accepts."""
        identity = self.identity(person)
        given = token or self.stand_in.token(person)
        with in_call(UpstreamCall(authority=Authority(principal=person, identity=identity, token=given))):
            yield identity

    @property
    def sent(self) -> list[str]:
        """Requests since `forget`, without those to the token endpoint, as "METHOD path"."""
        paths = ((each.method, each.url.path) for each in self.transport.requests)
        return [f"{method} {path.removeprefix('/default')}" for method, path in paths if "/realms/" not in path]

    def forget(self) -> None:
        self.transport.requests = []

    async def drain(self, connector: LittlehorseConnector, query: TaskQuery, limit: int = 800) -> list[Task]:
        found: list[Task] = []
        after: str | None = None
        while True:
            page = await connector.list_tasks(query, limit=limit, after=after)
            found += page.items
            after = page.next_cursor
            if after is None:
                return found

    async def one(self, **wanted: Any) -> Task:
        """A task whose record in the stand-in has these members, as the account reads it. `sent` is empty afterwards."""
        found = next(
            task
            for task in self.stand_in.bridge.kernel.all()
            if all(getattr(task, name) == value for name, value in wanted.items())
        )
        native_id = f"{found.wf_run_id}:{found.id}"
        task = (await self.open().get_tasks([native_id]))[native_id]
        assert isinstance(task, Task)
        self.forget()
        return task

    def record(self, task: Task) -> TaskRun:
        """The task's present record in the stand-in."""
        run, _, id = task.native_id.partition(":")
        return self.stand_in.bridge.kernel.current((run, id))

    def ids(self, *statuses: str) -> set[str]:
        """Native ids of the tasks in these statuses."""
        kernel = self.stand_in.bridge.kernel
        return {f"{task.wf_run_id}:{task.id}" for task in kernel.all() if task.status in statuses}

    @property
    def bodies(self) -> list[Any]:
        """Decoded bodies of the writes since `forget`; None for a write without a body."""
        return [
            msgspec.json.decode(each.content) if each.content else None
            for each in self.transport.requests
            if each.method != "GET" and "/realms/" not in each.url.path
        ]


def path(task: Task) -> str:
    return f"/tasks/{task.native_id.replace(':', '/')}"


def invoice(**wanted: Any) -> dict[str, Any]:
    """Members of a task that every member of accounting may claim."""
    return {"status": "UNASSIGNED", "group": "accounting", "definition": "approve-invoice", **wanted}


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    tenant = Tenant()
    yield tenant
    for connector in tenant.opened:
        await connector.aclose()


@pytest.fixture
def tenant_with() -> type[Tenant]:
    """Makes a tenant of a bridge with another configuration."""
    return Tenant


@pytest.fixture
def settings() -> LittlehorseSettings:
    return LittlehorseSettings.model_validate(
        {
            "key": "bridge",
            "name": "Bridge",
            "vendor": "littlehorse",
            "base_url": BASE_URL,
            "credentials": {"kind": "bearer", "token": "t0ken"},
            "options": {"tenant": "default"},
        }
    )


@pytest.fixture
def scripted(settings: LittlehorseSettings) -> Callable[..., LittlehorseConnector]:
    """Makes a connector that acts as a service account and gets the given answers."""

    def make(answers: Answers, **changes: Any) -> LittlehorseConnector:
        def answer(request: httpx2.Request) -> httpx2.Response:
            given = answers(request)
            # A response that was made with its content counts as read already.
            return httpx2.Response(
                given.status_code, headers=given.headers, stream=httpx2.ByteStream(given.content), request=request
            )

        options = settings.options.model_copy(update=changes)
        return LittlehorseConnector.open(
            settings.model_copy(update={"options": options}),
            transport=httpx2.MockTransport(answer),
            clock=lambda: NOW,
        )

    return make

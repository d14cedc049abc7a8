"""A whole gateway and real stand-ins on real sockets, as `taskgate demo` starts them."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.settings import load
from sandbox.config import configuration
from sandbox.registry import stand_ins
from sandbox.server import serve
from sandbox.stand_in import StandIn

Answer = dict[str, Any]

# Stand-ins use plain HTTP: loading all certificates for each small request would take longer than the request.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Seconds, as many as the settings allow: on a busy machine everything is slow, and a test must not fail because of that.
# Answers stay fresh for longer than a test takes.
# The stand-ins share the event loop with the gateway.
PATIENT_GATEWAY = {"query_deadline": 300, "mutation_deadline": 300, "admission.lag_seconds": 10}
PATIENT_SOURCE = {
    "deadline": 120,
    "connect_timeout": 60,
    "read_timeout": 120,
    "write_timeout": 120,
    "cache": "{ list_seconds = 600, detail_seconds = 600, flow_seconds = 600 }",
}


async def short_pause(seconds: float) -> None:
    """Between two looks at a write whose answer was lost: the stand-ins are quick."""
    await asyncio.sleep(seconds / 50)


class World:
    """Stand-ins and gateway. `ask` sends one operation and returns the whole answer."""

    def __init__(
        self,
        app: FastAPI,
        client: httpx2.AsyncClient,
        urls: dict[str, str],
        running: dict[str, AsyncExitStack],
        configured: Path,
        stack: AsyncExitStack,
    ) -> None:
        self.app = app
        self.client = client
        self.urls = urls
        self._running = running
        self.configured = configured
        self._stack = stack

    @asynccontextmanager
    async def cold(self) -> AsyncIterator["World"]:
        """A second gateway over the same stand-ins. It has made no calls, and the recorded requests are deleted."""
        async with gateway(self.configured) as (app, client):
            for vendor in self.urls:
                await self.control(vendor, "requests", method="DELETE")
            yield World(app, client, self.urls, self._running, self.configured, self._stack)

    async def ask(self, query: str, person: str = "alice", **variables: Any) -> Answer:
        response = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {person}"},
        )
        answer: Answer = response.json()
        return answer

    async def data(self, query: str, person: str = "alice", **variables: Any) -> Answer:
        answer = await self.ask(query, person, **variables)

        assert "errors" not in answer, answer["errors"]
        data: Answer = answer["data"]
        return data

    async def control(self, vendor: str, what: str, json: Any = None, method: str | None = None) -> Any:
        async with httpx2.AsyncClient(verify=NO_CERTIFICATES, timeout=300) as client:
            url = f"{self.urls[vendor]}/__sandbox__/{what}"
            response = await client.request(method or ("GET" if json is None else "POST"), url, json=json)
            return response.json() if response.content else None

    async def effects(self, vendor: str) -> list[tuple[str, str]]:
        listed = (await self.control(vendor, "effects"))["effects"]
        return [(effect["action"], effect["task"]) for effect in listed]

    async def requests(self, vendor: str) -> list[Answer]:
        listed: list[Answer] = (await self.control(vendor, "requests"))["requests"]
        return listed

    async def stop(self, vendor: str) -> None:
        """End the stand-in. Its port stays taken, without a server: another test could get it otherwise."""
        await self._running[vendor].aclose()
        taken = self._stack.enter_context(socket.socket())
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(self.urls[vendor].rpartition(":")[2])))


@asynccontextmanager
async def patiently_started(app: FastAPI) -> AsyncIterator[None]:
    """The looks at the accounts of the sources are over before the first query, also on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.generations.FIRST_LOOK", 120.0)
        async with app.router.lifespan_context(app):
            yield


@asynccontextmanager
async def gateway(configured: Path) -> AsyncIterator[tuple[FastAPI, httpx2.AsyncClient]]:
    """A gateway with this configuration, and a client of it."""
    app = create_app(load(configured), pause=short_pause)
    async with (
        patiently_started(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test") as client,
    ):
        yield app, client


@asynccontextmanager
async def opened(
    folder: Path, *, in_gateway: Sequence[str] = (), in_sources: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> AsyncIterator[World]:
    """A world with its configuration and journal in `folder`. Lines can be added for `[gateway]`, and for sources by
    key.

    Deadlines are long, and answers stay fresh, unless these lines say otherwise.
    """
    async with AsyncExitStack() as stack:
        chosen: list[StandIn] = [kind() for kind in stand_ins().values()]
        urls: dict[str, str] = {}
        running: dict[str, AsyncExitStack] = {}
        for stand_in in chosen:
            stand_in.set_up()
            stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
            running[stand_in.vendor] = await stack.enter_async_context(AsyncExitStack())
            urls.update(
                await running[stand_in.vendor].enter_async_context(serve([stand_in], host="127.0.0.1", base_port=0))
            )
        path = folder / "taskgate.toml"
        text = configuration(chosen, urls, "a secret of the tests")
        for head, lines in {
            "[gateway]": patient(PATIENT_GATEWAY, in_gateway),
            **{f'key = "{key}"': patient(PATIENT_SOURCE, in_sources.get(key, ())) for key in urls},
        }.items():
            assert text.count(f"{head}\n") == 1
            text = text.replace(f"{head}\n", "\n".join([head, *lines, ""]))
        path.write_text(text, encoding="utf-8")
        app, client = await stack.enter_async_context(gateway(path))
        world = World(app, client, urls, running, path, stack)
        for vendor in urls:
            # Those of the start: whose account it is.
            await world.control(vendor, "requests", method="DELETE")
        yield world


def patient(settings: Mapping[str, object], lines: Sequence[str]) -> list[str]:
    """The lines, with long times for settings that they do not have."""
    set_already = {line.partition("=")[0].strip() for line in lines}
    return [*lines, *(f"{name} = {value}" for name, value in settings.items() if name not in set_already)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as one:
        yield one

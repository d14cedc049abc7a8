"""Another configuration for an application that serves requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from connectors.sdk.model import Task
from connectors.sdk.query import Page
from connectors.sdk.registry import connector_types
from gateway.app import create_app
from gateway.cli.reload import Reloads
from gateway.federation.traffic import ignore_record
from gateway.generations import Generations
from gateway.reloading import Reloaded
from gateway.settings import Settings, load
from gateway.shared.memory import memory_state
from tests.gateway.configuration import GATEWAY, SOURCES, write_configuration

CAMUNDA, FIELD = (f"[[sources]]{each}" for each in SOURCES.split("[[sources]]")[1:])
# Linked to no source: sources come and go.
PEOPLE = """
[[people]]
key = "alice"
name = "Alice Moreno"

[[people]]
key = "bob"
name = "Bob Keller"

[[people]]
key = "carol"
name = "Carol Singh"
roles = ["task_admin"]
"""
INBOX = "{ tasks(first: 1) { sources { source { key } status } } }"
NAME = "{ viewer { user { displayName } } }"


def written(folder: Path, **parts: str) -> Path:
    return write_configuration(folder, **{"people": PEOPLE, **parts})


class Running:
    """A gateway whose file can be written again."""

    def __init__(self, folder: Path, app: FastAPI, client: httpx2.AsyncClient) -> None:
        self.folder, self.app, self.client = folder, app, client

    async def reload(self, **parts: str) -> Reloaded:
        done: Reloaded = await self.app.state.reload(load(written(self.folder, **parts)))
        return done

    async def ask(self, query: str, person: str = "carol") -> Any:
        answer = await self.client.post(
            "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {person}"}
        )
        return answer.json()

    async def sources(self) -> list[str]:
        return [each["key"] for each in (await self.ask("{ sources { key } }"))["data"]["sources"]]


@asynccontextmanager
async def opened(folder: Path, **parts: str) -> AsyncIterator[Running]:
    app = create_app(load(written(folder, **parts)))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
    ):
        yield Running(folder, app, client)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.generations.FIRST_LOOK", 0.0)


async def test_people_limits_and_sources_change(tmp_path: Path) -> None:
    """Each takes effect with the next request; what is not in the file any more is gone."""
    dave = '[[people]]\nkey = "dave"\nname = "Dave"\nroles = ["task_admin"]\n'
    async with opened(tmp_path, sources=CAMUNDA) as running:
        before = (await running.ask(NAME, "dave"), await running.sources(), await running.ask("{ a: __typename }"))
        done = await running.reload(
            gateway=f"{GATEWAY}\n[gateway.limits]\naliases = 0\n",
            people=PEOPLE.replace('key = "bob"', 'key = "robert"') + dave,
            sources=SOURCES,
        )
        after = (await running.ask(NAME, "dave"), await running.sources(), await running.ask("{ a: __typename }"))
        bob = await running.ask(NAME, "bob")
        gone = await running.reload(sources=FIELD)
        left = await running.sources()

    assert before[0]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert after[0]["data"]["viewer"]["user"]["displayName"] == "Dave"
    assert bob["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (before[1], after[1], left) == (["camunda"], ["camunda", "field"], ["field"])
    assert before[2]["data"] == {"a": "Query"}
    assert after[2]["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert done == Reloaded(changed=["gateway.limits", "people", "source field added"], needs_restart=[])
    assert "source camunda removed" in gone.changed


async def test_a_request_ends_with_the_sources_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A removed source is closed after its last request."""
    asked, go = asyncio.Event(), asyncio.Event()
    closed: list[str] = []
    kind = connector_types()["camunda"]

    async def list_tasks(self: Any, *_: Any, **__: Any) -> Page[Task]:
        asked.set()
        await go.wait()
        return Page(items=[])

    def noting(closes: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def aclose(self: Any) -> None:
            closed.append(self.source)
            await closes(self)

        return aclose

    monkeypatch.setattr(kind, "list_tasks", list_tasks)
    monkeypatch.setattr(kind, "aclose", noting(kind.aclose))
    async with opened(tmp_path) as running:
        begun = asyncio.create_task(running.ask(INBOX))
        await asked.wait()
        await running.reload(sources=FIELD)
        meanwhile, still_open = await running.sources(), list(closed)
        go.set()
        answer = await begun
        await running.app.state.retired()
        closed_then = list(closed)

    reports = {each["source"]["key"]: each["status"] for each in answer["data"]["tasks"]["sources"]}
    assert reports["camunda"] == "OK"
    assert (meanwhile, still_open, closed_then) == (["field"], [], ["camunda"])


async def test_a_key_that_a_reload_takes_away_ends_a_request_whose_body_is_on_its_way(tmp_path: Path) -> None:
    """It was right when the headers came. A body may take long."""
    keyed = [
        f'[auth]\nmode = "api_keys"\nkeys = [{{ person = "{who}", sha256 = "{sha256(key).hexdigest()}" }}]\n'
        for who, key in (("carol", b"first"), ("bob", b"second"))
    ]
    content = json.dumps({"query": NAME}).encode()
    begun, go = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield content[:5]
        begun.set()
        await go.wait()
        yield content[5:]

    app = create_app(load(written(tmp_path, auth=keyed[0])))
    answered: list[dict[str, Any]] = []
    parts = aiter(body())

    async def receive() -> dict[str, Any]:
        part = await anext(parts, b"")
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"authorization", b"Bearer first")],
    }
    async with app.router.lifespan_context(app):
        asked = asyncio.create_task(app(scope, receive, send))
        await begun.wait()
        await app.state.reload(load(written(tmp_path, auth=keyed[1])))
        go.set()
        await asked

    assert answered[0]["status"] == 401


async def test_what_did_not_change_is_the_same_object(tmp_path: Path) -> None:
    """So it keeps its connections, its cache, its circuit breaker and who signed in."""
    generations = Generations(rate_limits=memory_state().rate_limits, observe=ignore_record)
    first = await generations.open(load(written(tmp_path)))
    await generations.reload(load(written(tmp_path, people=PEOPLE.replace("Bob", "Rob"))))
    second = generations.present.newest
    slower = SOURCES.replace('name = "GEOtareas"', 'name = "GEOtareas"\ndeadline = 5')
    moved = slower.replace("http://127.0.0.1:9", "http://127.0.0.1:10", 1)
    await generations.reload(load(written(tmp_path, sources=moved)))
    third = generations.present.newest
    await generations.retired()
    await generations.aclose()

    assert second.sources == first.sources
    assert second.authenticator is first.authenticator
    assert second.people is not first.people
    assert third.sources["field"] is not first.sources["field"]
    # The same system with other times keeps its answers; another address may be another system.
    assert [third.sources[key].number for key in ("camunda", "field")] == [1, 0]


async def test_a_fault_changes_nothing_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of the file, and a source that cannot be opened: in the log, and to the one who asked."""
    path = tmp_path / "taskgate.toml"

    def cannot(*_: object, **__: object) -> None:
        raise RuntimeError("pass-never-told")

    async with opened(tmp_path, sources=CAMUNDA) as running:
        reloads = Reloads(path, running.app.state.reload)
        with capture_logs() as logged:
            written(tmp_path, people='[[people]]\nname = "Nameless"\n')
            faulty = await reloads()
            written(tmp_path, people=PEOPLE.replace("Bob", "Rob"))
            monkeypatch.setattr(connector_types()["geotareas"], "open", cannot)
            unopened = await reloads()
        sources, bob = await running.sources(), await running.ask(NAME, "bob")
        written(tmp_path, sources=CAMUNDA)
        same = await reloads()

    assert faulty == (False, ["nothing was changed:", "people[0].key: is missing"])
    assert unopened[1][1] == "source field cannot be opened: RuntimeError; the log has the reason"
    events = [line for line in logged if line["log_level"] == "error"]
    assert [line["event"] for line in events] == ["not reloaded", "source not opened", "not reloaded"]
    assert events[0]["reasons"] == ["people[0].key: is missing"]
    assert sources == ["camunda"]
    assert bob["data"]["viewer"]["user"]["displayName"] == "Bob Keller"
    assert same == (True, ["nothing has changed"])


async def test_origins_of_pages_and_deadlines_change(tmp_path: Path) -> None:
    """Pages of an origin may send from the next request on, and no more once it is gone from the file."""
    page = {"Origin": "https://page.example.com", "Access-Control-Request-Method": "POST"}
    changed = f'{GATEWAY}\ncors_origins = ["{page["Origin"]}"]\nmutation_deadline = 5\nbulk_deadline = 50\n'
    async with opened(tmp_path) as running:
        before = await running.client.options("/graphql", headers=page)
        done = await running.reload(gateway=changed)
        allowed = await running.client.options("/graphql", headers=page)
        await running.reload()
        after = await running.client.options("/graphql", headers=page)

    assert done == Reloaded(
        changed=["gateway.cors_origins", "gateway.mutation_deadline", "gateway.bulk_deadline"], needs_restart=[]
    )
    assert page["Origin"] == allowed.headers["access-control-allow-origin"]
    assert not {"access-control-allow-origin"} & {*before.headers, *after.headers}


async def test_what_needs_a_restart_is_told_and_the_rest_is_done(tmp_path: Path) -> None:
    changed = '[gateway]\nsecret = "another-secret-of-tests"\njournal = "other.sqlite3"\nquery_deadline = 5\n'
    async with opened(tmp_path) as running:
        done = await running.reload(gateway=changed)
        again = await running.reload(gateway=changed)

    assert done == Reloaded(changed=["gateway.query_deadline"], needs_restart=["gateway.secret", "gateway.journal"])
    assert list(again.lines) == [
        "nothing has changed",
        "not changed, because these need a restart: gateway.secret, gateway.journal",
    ]
    assert not (tmp_path / "other.sqlite3").exists()


def test_settings_are_told_apart(tmp_path: Path) -> None:
    """The type of `Settings` has no part that a reload would overlook."""
    settings: Settings = load(written(tmp_path))

    assert set(Settings.__slots__) == {"gateway", "auth", "people", "sources", "store", "shared", "documents"}
    assert settings == load(written(tmp_path))

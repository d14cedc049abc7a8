"""The gateway as a subgraph behind two routers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.api import sdl
from schema.subgraph import subgraph_sdl
from tests.clients.conftest import answered_by_node, on_a_socket
from tests.edge.conftest import HERE
from tests.world import World, opened

OTHER = (HERE.parent / "clients" / "invoices.graphql").read_text(encoding="utf-8")
ROUTERS = ("@apollo/gateway", "@graphql-hive/gateway")
QUERY = "{ invoices(first: 100) { number task { id title state source { name } } } }"

pytestmark = pytest.mark.server


class Asked:
    """The bodies of the requests to the gateway, in order."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def noted() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body"):
                self.bodies.append(orjson.loads(body))
            return message

        await self._app(scope, noted, send)

    def by_router(self) -> dict[str, list[str]]:
        """The documents that each router sent, between the requests that mark where it begins."""
        found: dict[str, list[str]] = {}
        router = ""
        for body in self.bodies:
            query = body["query"]
            if query in ("query Apollo { __typename }", "query Hive { __typename }"):
                router = ROUTERS[query.startswith("query Hive")]
                continue
            found.setdefault(router, []).append(query)
        return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The gateway is a subgraph."""
    async with opened(tmp_path, in_gateway=["subgraph = { enabled = true }"]) as one:
        yield one


async def test_both_routers_join_a_hundred_references_by_one_call(node: str, world: World) -> None:
    """One `_entities` call to us. A task that the person may not see is null, and so is an unknown one."""
    query = "{ tasks(first: 100) { nodes { id title state source { name } } } }"
    shown = {task["id"]: task for task in (await world.data(query))["tasks"]["nodes"]}
    all_ids = {task["id"] for task in (await world.data(query, "carol"))["tasks"]["nodes"]}
    hidden = sorted(all_ids - shown.keys())[:1]
    assert hidden
    ids = [*list(shown)[:98], *hidden, "VGFzazpjOC00MDQ="]
    asked = Asked(world.app)
    async with on_a_socket(asked) as address:
        told = await answered_by_node(
            node,
            HERE / "routers.mjs",
            {
                "url": f"{address}/graphql",
                "sdl": subgraph_sdl(sdl(), "2.3"),
                "other": OTHER,
                "tasks": ids,
                "person": "alice",
                "query": QUERY,
            },
        )

    expected = [{"number": number, "task": shown.get(each)} for number, each in enumerate(ids)]
    for router in ROUTERS:
        # A router may add that it misses the title of what it got no entity for.
        assert {98, 99} >= {error["path"][1] for error in told[router].get("errors") or ()}
        assert expected == told[router]["data"]["invoices"]
    assert dict.fromkeys(ROUTERS, 1) == {router: len(sent) for router, sent in asked.by_router().items()}
    assert all("_entities" in sent[0] for sent in asked.by_router().values())

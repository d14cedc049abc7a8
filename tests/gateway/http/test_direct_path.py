"""The GraphQL route is reached past the router, and answers what the router's way answers."""

from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from gateway.http import DirectPath


def named(name: str) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["seen"].append(name)

    return app


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"type": "http", "path": "/graphql"}, "direct"),
        ({"type": "http", "path": "/graphql", "root_path": ""}, "direct"),
        ({"type": "http", "path": "/graphql/"}, "ordinary"),
        ({"type": "http", "path": "/graphql\n"}, "ordinary"),
        ({"type": "http", "path": "/graphql", "root_path": "/graphql"}, "ordinary"),
        ({"type": "websocket", "path": "/graphql"}, "ordinary"),
        ({"type": "lifespan"}, "ordinary"),
    ],
)
async def test_only_requests_of_exactly_that_path_are_direct(scope: dict[str, Any], expected: str) -> None:
    seen: list[str] = []
    nothing: Any = None
    await DirectPath(named("ordinary"), path="/graphql", to=named("direct"))({**scope, "seen": seen}, nothing, nothing)

    assert seen == [expected]


async def test_the_bytes_of_a_kept_query_string_are_no_body(client: httpx2.AsyncClient) -> None:
    """Kept answers are found by what was sent, before it is read."""
    url = "/graphql?query=%7B__typename%7D"
    for _ in range(4):
        assert (await client.get(url)).status_code == 200
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/graphql", content=url.partition("graphql")[2], headers=headers)

    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

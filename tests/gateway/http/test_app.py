from pathlib import Path

import httpx2
import structlog

from gateway.app import create_app
from gateway.settings import load
from tests.gateway.configuration import write_configuration
from tests.gateway.conftest import OpenClient


async def test_alive_before_ready(tmp_path: Path) -> None:
    """Without its sources open the gateway lives and is not ready."""
    app = create_app(load(write_configuration(tmp_path)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        before = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]
        async with app.router.lifespan_context(app):
            during = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]

    assert ([200, 503], [200, 200]) == (before, during)


async def test_readiness_tells_how_each_source_fares(client: httpx2.AsyncClient) -> None:
    """By source key."""

    sources = (await client.get("/readyz")).json()["sources"]

    assert {"camunda": "OK", "field": "OK"} == {key: source["status"] for key, source in sources.items()}
    assert {
        "status": "OK",
        "reason": None,
        "lastSuccessAt": None,
        "rateLimits": [
            {"name": "reads", "limit": 30, "remaining": 30, "resetAt": None},
            {"name": "writes", "limit": 10, "remaining": 10, "resetAt": None},
        ],
        "cache": {"entries": 0, "hitRatio": None},
    } == sources["field"]


async def test_a_listed_origin_may_ask_from_a_browser(open_client: OpenClient) -> None:
    """The preflight answers it, and no other; cookies are never taken."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        listed = await client.options("/graphql", headers={"Origin": "https://tasks.example.com", **asked})
        foreign = await client.options("/graphql", headers={"Origin": "https://evil.example.com", **asked})

    assert listed.headers["Access-Control-Allow-Origin"] == "https://tasks.example.com"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Credentials" not in listed.headers


async def test_a_request_is_one_line_in_the_log(client: httpx2.AsyncClient) -> None:
    """Who asked what and how long it took; no token, no variables."""
    with structlog.testing.capture_logs() as lines:
        await client.post(
            "/graphql",
            json={
                "query": "query Mine($id: ID!) { task(id: $id) { id } }",
                "operationName": "Mine",
                "variables": {"id": "variable-never-told"},
            },
            headers={"Authorization": "Bearer bob"},
        )
    line = next(line for line in lines if line["event"] == "request")

    assert {
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "caller": "bob",
        "operation": "Mine",
    }.items() <= line.items()
    assert line["ms"] >= 0
    assert "never-told" not in str(lines)
    assert "Bearer" not in str(lines)

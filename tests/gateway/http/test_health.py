from pathlib import Path

import httpx2

from gateway.app import create_app
from gateway.settings import load
from tests.gateway.configuration import write_configuration


async def test_alive_before_ready(tmp_path: Path) -> None:
    """Before its sources are open, the gateway is alive and not ready."""
    app = create_app(load(write_configuration(tmp_path)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        before = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]
        async with app.router.lifespan_context(app):
            during = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]

    assert ([200, 503], [200, 200]) == (before, during)


async def test_readiness_has_the_status_of_each_source(client: httpx2.AsyncClient) -> None:
    """By source key. The one that has looked at its account may have failed by now: nothing answers at its address."""
    sources = (await client.get("/readyz")).json()["sources"]

    assert {"camunda", "field"} == sources.keys()
    assert sources["camunda"]["status"] in {"OK", "UNAVAILABLE"}
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

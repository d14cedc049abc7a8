from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from gateway.app import create_app
from gateway.http.health import source_health
from gateway.settings import load
from schema.ports import SourceInfo, SourceStatus
from tests.gateway.configuration import write_configuration

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


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
    report = (await client.get("/readyz")).json()
    sources = report["sources"]

    assert report["journal"] == {"status": "OK", "reason": None}

    assert {"camunda", "field"} == sources.keys()
    assert sources["camunda"]["status"] in {"NOT_ASKED", "UNAVAILABLE"}
    assert (sources["camunda"]["status"] == "NOT_ASKED") == (sources["camunda"]["lastFailureAt"] is None)
    assert {
        "status": "NOT_ASKED",
        "reason": None,
        "lastSuccessAt": None,
        "lastFailureAt": None,
        "rateLimits": [
            {"name": "reads", "limit": 30, "remaining": 30, "resetAt": None},
            {"name": "writes", "limit": 10, "remaining": 10, "resetAt": None},
        ],
        "cache": {"entries": 0, "hitRatio": None},
    } == sources["field"]


@pytest.mark.parametrize(
    ("status", "succeeded", "failed", "told"),
    [
        (SourceStatus.OK, None, None, "NOT_ASKED"),
        (SourceStatus.OK, NOW, None, "OK"),
        (SourceStatus.OK, NOW, NOW, "OK"),
        (SourceStatus.UNAVAILABLE, None, NOW, "UNAVAILABLE"),
        (SourceStatus.RATE_LIMITED, None, None, "RATE_LIMITED"),
    ],
)
def test_a_source_that_was_not_asked_is_not_called_ok(
    status: SourceStatus, succeeded: datetime | None, failed: datetime | None, told: str
) -> None:
    """With the times of the last success and the last failure."""
    source = SourceInfo(
        key="a",
        name="A",
        vendor="v",
        status=status,
        acts_as="service",
        last_success_at=succeeded,
        last_failure_at=failed,
    )

    health = source_health(source)

    assert (told, succeeded, failed) == tuple(health[name] for name in ("status", "lastSuccessAt", "lastFailureAt"))

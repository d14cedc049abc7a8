"""What pages of other origins may send and read."""

import httpx2
import pytest

from gateway.http.cors import ALLOWED_HEADERS
from tests.gateway.conftest import OpenClient

ORIGIN = "https://tasks.example.com"
ALLOWED = f'[gateway]\ncors_origins = ["{ORIGIN}"]\n'


async def preflight(client: httpx2.AsyncClient, header: str) -> httpx2.Response:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": header}
    return await client.options("/graphql", headers=asked)


async def test_the_headers_of_clients_and_tracing_may_be_sent(open_client: OpenClient) -> None:
    """Each by itself, and all together. Others may not."""
    async with open_client(gateway=ALLOWED) as client:
        found = [(await preflight(client, name)).status_code for name in (*ALLOWED_HEADERS, ", ".join(ALLOWED_HEADERS))]
        other = await preflight(client, "x-team")

    assert {200} == set(found)
    assert 400 == other.status_code


async def test_further_headers_are_configured(open_client: OpenClient) -> None:
    """Beside the usual ones."""
    more = f'{ALLOWED}cors_headers = ["X-Team"]\ncors_exposed_headers = ["X-Team-Answer"]\n'
    async with open_client(gateway=more) as client:
        allowed = await preflight(client, "x-team, traceparent")
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": ORIGIN})

    assert 200 == allowed.status_code
    assert {"X-Request-Id", "Retry-After", "WWW-Authenticate", "X-Team-Answer"} == set(
        answer.headers["access-control-expose-headers"].split(", ")
    )


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null"])
async def test_other_origins_get_nothing(open_client: OpenClient, origin: str) -> None:
    """The sibling: the browser keeps the answer from the page."""
    async with open_client(gateway=ALLOWED) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin})

    assert "access-control-allow-origin" not in answer.headers

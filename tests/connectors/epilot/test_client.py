"""Credentials, hosts, and answers about another record."""

from collections.abc import Callable
from typing import Any

import httpx2

from connectors.epilot import EpilotConnector, EpilotSettings
from connectors.sdk.errors import (
    MalformedResponseError,
)
from tests.connectors.epilot import example

Scripted = Callable[..., EpilotConnector]


LARGE = "application/large-response.vnd+json"


FLOW = "v2/exec_abc123def456"


async def test_every_request_has_token_and_accepts_large_answers(scripted: Scripted) -> None:
    """As the vendor's own client. The organisation's id is sent if one is configured."""
    seen: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers)
        return httpx2.Response(200, json=example.flow_execution())

    await scripted(answer).get_flows([FLOW])
    await scripted(answer, org_id="728").get_flows([FLOW])

    assert [headers["authorization"] for headers in seen] == ["Bearer eyJ.the.token"] * 2
    assert [headers["accept"] for headers in seen] == [LARGE] * 2
    assert [headers.get("x-epilot-org-id") for headers in seen] == [None, "728"]


async def test_each_api_has_its_host(make_settings: Callable[..., EpilotSettings]) -> None:
    """A configured address may have a path."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(f"{request.url.scheme}://{request.url.host}{request.url.path}")
        body: Any = {"results": []} if "query" in request.url.path else {"id": "7"}
        return httpx2.Response(200, stream=httpx2.ByteStream(httpx2.Response(200, json=body).content), request=request)

    hosts = {"user_url": "https://user.test", "kanban_url": "https://one.test/kanban/", "query_url": "http://q.test"}
    for list_by in ("kanban", "overview"):
        connector = EpilotConnector.open(
            make_settings(list_by=list_by, **hosts), transport=httpx2.MockTransport(answer)
        )
        await connector.ping()
        await connector.extras.directory.get_self()
        await connector.aclose()

    assert seen == [
        "https://one.test/kanban/v1/kanban/query/flows:execute",
        "https://user.test/v2/users/me",
        "http://q.test/v2/query/domain/workflows:execute",
        "https://user.test/v2/users/me",
    ]


async def test_an_answer_about_another_execution_is_malformed(scripted: Scripted) -> None:
    """Of either generation."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        old = request.url.path.startswith("/v1")
        return httpx2.Response(200, json=example.workflow_execution() if old else example.flow_execution())

    found = await scripted(answer).get_flows(["v2/another", "v1/another"])

    assert [type(each) for each in found.values()] == [MalformedResponseError] * 2

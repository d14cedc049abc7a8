"""The id of a request: where it comes from, and every place that shows it."""

from typing import Any

import httpx2
import pytest
import structlog

from gateway.http.request_id import chosen
from schema.execution import Execution, GraphQLResponse
from tests.gateway.conftest import OpenClient

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TYPENAME = {"query": "{ __typename }"}


@pytest.mark.parametrize("sent", ["a", "Root=1-67891233-abcdef012345678912345678", "9" * 128, "0f8fad5b-d9cb-469f"])
def test_a_plain_id_of_the_client_is_kept(sent: str) -> None:
    """Also where a trace is sent as well."""
    assert sent == chosen(sent, f"00-{TRACE}-00f067aa0ba902b7-01")


@pytest.mark.parametrize(
    "sent", ["", " ", "a b", "a\tb", "a,b", "a, b", "9" * 129, "é", '"', "<script>", "{", "$(id)", "-rf", "%0a", "'"]
)
def test_any_other_id_is_dropped_as_a_whole(sent: str) -> None:
    """Then the trace counts; without one the id is made here."""
    assert TRACE == chosen(sent, f"00-{TRACE}-00f067aa0ba902b7-01")
    assert 16 == len(chosen(sent, None))


def test_a_trace_id_is_the_request_id() -> None:
    """The trace id of a valid traceparent of any version."""
    assert [TRACE, TRACE] == [
        chosen(None, f"00-{TRACE}-00f067aa0ba902b7-01"),
        chosen(None, f"cc-{TRACE}-00f067aa0ba902b7-01-x"),
    ]


def test_a_request_without_a_valid_trace_gets_a_random_id() -> None:
    """A trace id of zeros is invalid (W3C Trace Context, 3.2.2.3)."""
    ids = {chosen(None, sent) for sent in (None, "", "00-x-y-01", f"00-{'0' * 32}-00f067aa0ba902b7-01")}

    assert {16} == {len(each) for each in ids}
    assert len(ids) == 4


async def test_answer_header_and_log_lines_have_the_same_id(client: httpx2.AsyncClient) -> None:
    """Those of a query that runs."""
    seen: list[dict[str, Any]] = []

    def keep(_: object, __: str, line: Any) -> Any:
        seen.append(dict(line))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    try:
        answer = await client.post(
            "/graphql", json={"query": "{ tasks(first: 1) { totalCount } }"}, headers={"X-Request-Id": "from-the-page"}
        )
    finally:
        structlog.configure(**before)

    assert "from-the-page" == answer.headers["X-Request-Id"] == answer.json()["extensions"]["requestId"]
    # What the gateway does for itself meanwhile belongs to no request.
    own = [line for line in seen if line["event"] == "request" or line.get("priority") == "INTERACTIVE"]
    assert 2 <= len({line["event"] for line in own})
    assert {"from-the-page"} == {line.get("request") for line in own}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"{"}, 400),
        ({"json": {"query": "{ nothing }"}}, 200),
        ({"json": TYPENAME, "headers": {"Authorization": "Bearer nobody"}}, 401),
        ({"json": TYPENAME, "headers": {"Accept": "text/css"}}, 406),
        ({"content": b"x" * 300_000, "headers": {"Content-Type": "application/json"}}, 413),
    ],
)
async def test_a_refusal_has_an_id_too(client: httpx2.AsyncClient, sent: dict[str, Any], status: int) -> None:
    """It is made here, another one for each request."""
    sent["headers"] = {"Content-Type": "application/json", **sent.get("headers", {})}
    answers = [await client.post("/graphql", **sent) for _ in range(2)]

    assert [status, status] == [answer.status_code for answer in answers]
    ids = [answer.json()["extensions"]["requestId"] for answer in answers]
    assert ids == [answer.headers["X-Request-Id"] for answer in answers]
    assert 2 == len(set(ids))


async def test_health_and_unknown_paths_have_an_id_too(client: httpx2.AsyncClient) -> None:
    """In the header: their answers are no GraphQL responses."""
    for path, status in (("/livez", 200), ("/nothing", 404)):
        answer = await client.get(path, headers={"X-Request-Id": "probe-7"})

        assert (status, "probe-7") == (answer.status_code, answer.headers["X-Request-Id"])


async def test_an_internal_error_carries_the_id_itself(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a resolver, and of the route. Clients show errors without the extensions of the response."""
    internal: dict[str, Any] = {"message": "internal error", "extensions": {"code": "INTERNAL"}}
    other: dict[str, Any] = {"message": "no", "extensions": {"code": "FORBIDDEN"}}

    async def resolver_fails(*_: object) -> GraphQLResponse:
        return GraphQLResponse([internal, other], {"x": None})

    async def route_fails(*_: object) -> GraphQLResponse:
        raise ZeroDivisionError

    headers = {"X-Request-Id": "find-me"}
    monkeypatch.setattr(Execution, "run", resolver_fails)
    of_resolver = (await client.post("/graphql", json=TYPENAME, headers=headers)).json()
    monkeypatch.setattr(Execution, "run", route_fails)
    of_route = await client.post("/graphql", json=TYPENAME, headers=headers)

    told = {**internal, "extensions": {"code": "INTERNAL", "requestId": "find-me"}}
    assert [told, other] == of_resolver["errors"]
    assert (500, [told]) == (of_route.status_code, of_route.json()["errors"])


async def test_a_page_of_another_origin_may_send_and_read_it(open_client: OpenClient) -> None:
    """So may the headers that tracing and GraphQL clients add; no others. The preflight has an id of its own."""
    origin = {"Origin": "https://tasks.example.com"}
    usual = "authorization,content-type,traceparent,tracestate,x-request-id,apollographql-client-name"
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": usual}
        listed = await client.options("/graphql", headers={**origin, **asked})
        foreign = await client.options("/graphql", headers={**origin, **asked, "Access-Control-Request-Headers": "x-a"})
        answer = await client.post("/graphql", json=TYPENAME, headers=origin)

    assert (200, 400) == (listed.status_code, foreign.status_code)
    assert "X-Request-Id" in listed.headers
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]

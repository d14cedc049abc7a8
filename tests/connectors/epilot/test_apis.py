"""Credentials, hosts, errors, and answers too large to be sent."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector, EpilotSettings
from connectors.sdk.commands import Start
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
    ValidationFailedError,
)
from connectors.sdk.model import Task
from connectors.sdk.query import TaskQuery
from tests.connectors.epilot import example

Scripted = Callable[..., EpilotConnector]

LARGE = "application/large-response.vnd+json"
FLOW = "v2/exec_abc123def456"


def large(address: object) -> httpx2.Response:
    return httpx2.Response(200, json={"$payload_ref": address}, headers={"Content-Type": LARGE})


async def test_every_request_has_token_and_accepts_large_answers(scripted: Scripted) -> None:
    """As the vendor's own client sends them; the organisation where one is configured."""
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
    """With a path before it where one is configured."""
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
        await connector.get_self()
        await connector.aclose()

    assert seen == [
        "https://one.test/kanban/v1/kanban/query/flows:execute",
        "https://user.test/v2/users/me",
        "http://q.test/v2/query/domain/workflows:execute",
        "https://user.test/v2/users/me",
    ]


async def test_a_large_answer_is_fetched_without_our_credentials(scripted: Scripted) -> None:
    """Once, from where the answer says."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if request.url.host == "bucket.s3.eu-central-1.amazonaws.com":
            return httpx2.Response(200, json=example.flow_execution())
        return large("https://bucket.s3.eu-central-1.amazonaws.com/key%2F1?X-Amz-Signature=abc%2B")

    found = await scripted(answer, org_id="728").get_flows([FLOW])

    assert list(found) == [FLOW]
    assert not isinstance(found[FLOW], ConnectorError)
    assert len(seen) == 2
    assert seen[1].method == "GET"
    assert seen[1].url.raw_path == b"/key%2F1?X-Amz-Signature=abc%2B"
    assert not {"authorization", "x-epilot-org-id", "cookie"} & set(seen[1].headers)


@pytest.mark.parametrize(
    "address",
    [
        "http://bucket.s3.amazonaws.com/key",
        "https://127.0.0.1/key",
        "https://[::1]/key",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/key",
        "https://0x7f.0.0.1/key",
        "https://localhost/key",
        "https://metadata.google.internal/key",
        "https://user:secret@bucket.s3.amazonaws.com/key",
        "http://epilot.test:8080/key",
        "https://epilot/key",
        "file:///etc/passwd",
        "ftp://bucket.test/key",
        "/key",
        "",
        "https://",
        "https://a b.test/",
        "https://bucket.test/" + "x" * 9000,
        7,
        None,
    ],
)
async def test_an_address_that_is_not_to_be_asked_is_not(scripted: Scripted, address: object) -> None:
    """Plain text to others, our own network, other schemes, credentials, nonsense."""
    seen: list[httpx2.URL] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url)
        return large(address)

    found = await scripted(answer).get_flows([FLOW])

    assert isinstance(found[FLOW], MalformedResponseError)
    assert len(seen) == 1


async def test_the_host_that_answered_may_keep_it_too(organisation: Any) -> None:
    """The stand-in does; also for a list, which is asked by POST."""
    whole = await organisation.connector.list_tasks(TaskQuery(), limit=100)
    organisation.stand_in.large_answers.most_bytes = 1000
    organisation.forget()
    again = await organisation.connector.list_tasks(TaskQuery(), limit=100)

    assert {task.version for task in again.items} == {task.version for task in whole.items}
    assert [path.split(" ")[0] for path in organisation.asked] == ["POST", "GET"]
    assert "authorization" not in organisation.requests[1].headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx2.Response(403), UnavailableError),
        (httpx2.Response(302, headers={"Location": "https://evil.test/"}), UnavailableError),
        (httpx2.Response(200, content=b"{"), MalformedResponseError),
        (httpx2.Response(200, json={"$payload_ref": "https://other.test/"}, headers={"Content-Type": LARGE}), None),
    ],
)
async def test_a_large_answer_that_cannot_be_had_leaves_a_write_open(
    scripted: Scripted, task: Task, answer: httpx2.Response, error: type[ConnectorError] | None
) -> None:
    """It was done; an address behind an address is not followed; a refusal there is none of our token."""
    asked: list[str] = []

    def answers(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return large("https://bucket.test/key") if request.url.host == "epilot.test" else answer

    with pytest.raises(error or MalformedResponseError) as caught:
        await scripted(answers).perform(Start(task=task))
    assert caught.value.maybe_applied
    assert asked == ["epilot.test", "bucket.test"]


async def test_a_large_answer_that_does_not_come_leaves_a_write_open(scripted: Scripted, task: Task) -> None:
    """The connection to the other host fails."""

    def answers(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "epilot.test":
            return large("https://bucket.test/key")
        raise httpx2.ConnectError("planted", request=request)

    with pytest.raises(UnavailableError) as caught:
        await scripted(answers).perform(Start(task=task))
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    ("answer", "error", "maybe_applied"),
    [
        (httpx2.Response(413), MalformedResponseError, True),
        (httpx2.Response(409, json={"message": "conflict"}), ConflictError, False),
        (httpx2.Response(403), ForbiddenError, False),
        (httpx2.Response(404), NotFoundError, False),
        (httpx2.Response(400, json={"message": "Task not found"}), NotFoundError, False),
        (httpx2.Response(400, json={"message": "Condition x not found on task y"}), ValidationFailedError, False),
        (
            httpx2.Response(400, json={"message": "Invalid status transition from COMPLETED to IN_PROGRESS"}),
            ConflictError,
            False,
        ),
        (httpx2.Response(400, json={"message": "Task is disabled"}), ConflictError, False),
        (httpx2.Response(400, json={"message": None}), ValidationFailedError, False),
        (httpx2.Response(400, content=b"<html>"), ValidationFailedError, False),
        (httpx2.Response(429, json={"status": 429, "error": "Too many requests"}), RateLimitedError, False),
        (httpx2.Response(500, json={"message": "Internal server error"}), UnavailableError, True),
        (httpx2.Response(504), UpstreamTimeoutError, True),
    ],
)
async def test_every_refusal_is_the_right_error(
    scripted: Scripted,
    task: Task,
    answer: httpx2.Response,
    error: type[ConnectorError],
    maybe_applied: bool,
) -> None:
    """By status, by the words where the status says too little; the words are not repeated."""
    with pytest.raises(ConnectorError) as caught:
        await scripted(lambda _: answer).perform(Start(task=task))

    assert type(caught.value) is error
    assert caught.value.maybe_applied is maybe_applied
    assert "COMPLETED" not in str(caught.value)
    assert caught.value.native_status == answer.status_code


async def test_retry_after_is_kept(scripted: Scripted, task: Task) -> None:
    """Seconds, as the vendor sends them."""
    answer = httpx2.Response(429, headers={"Retry-After": "30"})

    with pytest.raises(RateLimitedError) as caught:
        await scripted(lambda _: answer).perform(Start(task=task))
    assert caught.value.retry_at is not None


async def test_an_answer_about_another_execution_is_malformed(scripted: Scripted) -> None:
    """Of either generation."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        old = request.url.path.startswith("/v1")
        return httpx2.Response(200, json=example.workflow_execution() if old else example.flow_execution())

    found = await scripted(answer).get_flows(["v2/another", "v1/another"])

    assert [type(each) for each in found.values()] == [MalformedResponseError] * 2

"""The vendor's refusals and broken connections as errors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.sdk.commands import Complete
from connectors.sdk.errors import (
    AlreadyAssignedError,
    BrokenError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    OverloadedError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
    ValidationFailedError,
)
from connectors.sdk.model import DetailAspect, Task

Answering = Callable[..., CamundaConnector]

ASSIGNED = "Command 'CLAIM' rejected with code 'INVALID_STATE': Expected to claim user task with key '1', but it has already been assigned"

# Status, title, detail; the error of a read; the error of a write and whether it may have been applied.
PROBLEMS = [
    (400, "INVALID_ARGUMENT", "No assignee provided", ValidationFailedError, ValidationFailedError, False),
    (401, "Unauthorized", None, UnauthenticatedError, UnauthenticatedError, False),
    (403, "FORBIDDEN", "Insufficient permissions", ForbiddenError, ForbiddenError, False),
    (404, "NOT_FOUND", "no such user task was found", NotFoundError, ConflictError, False),
    (409, "INVALID_STATE", "it is in state 'COMPLETING'", RejectedError, ConflictError, False),
    (409, "INVALID_STATE", ASSIGNED, RejectedError, AlreadyAssignedError, False),
    (415, "Unsupported Media Type", None, RejectedError, RejectedError, False),
    (429, "Too Many Requests", None, RateLimitedError, RateLimitedError, False),
    (500, "INTERNAL", "boom", UnavailableError, UnavailableError, True),
    (500, "RESOURCE_EXHAUSTED", None, OverloadedError, OverloadedError, False),
    (502, "ABORTED", "may or may not have been accepted", UnavailableError, UnavailableError, True),
    (503, "RESOURCE_EXHAUSTED", "Expected to execute", OverloadedError, OverloadedError, False),
    (503, "UNAVAILABLE", "no leader", UnavailableError, UnavailableError, True),
    (
        503,
        "UNAVAILABLE",
        "Expected to handle request, but request could not be delivered",
        UnavailableError,
        UnavailableError,
        False,
    ),
    (504, "DEADLINE_EXCEEDED", "request timed out", UpstreamTimeoutError, UpstreamTimeoutError, True),
    (302, None, None, MalformedResponseError, MalformedResponseError, True),
]

TRANSPORT: list[tuple[type[Exception], type[ConnectorError], bool]] = [
    (httpx2.ConnectError, UnavailableError, False),
    (httpx2.ConnectTimeout, UnavailableError, False),
    (httpx2.PoolTimeout, UnavailableError, False),
    (httpx2.ReadTimeout, UpstreamTimeoutError, True),
    (httpx2.WriteTimeout, UpstreamTimeoutError, True),
    (httpx2.ReadError, UnavailableError, True),
    (httpx2.WriteError, UnavailableError, True),
    (httpx2.RemoteProtocolError, UnavailableError, True),
]


async def error_of_read(connector: CamundaConnector, task: Task) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await connector.get_detail(task, {DetailAspect.FORM})
    return caught.value


async def error_of_write(connector: CamundaConnector, task: Task) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await connector.perform(Complete(task=task))
    return caught.value


@pytest.mark.parametrize(("status", "title", "detail", "read", "write", "maybe"), PROBLEMS)
async def test_an_answer_becomes_an_error(
    status: int,
    title: str | None,
    detail: str | None,
    read: type[ConnectorError],
    write: type[ConnectorError],
    maybe: bool,
    task: Task,
    answering: Answering,
) -> None:
    """By status and title. Only a write may have been applied."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": "/v2/x"}
    connector = answering(
        lambda _: httpx2.Response(status, json=body, headers={"content-type": "application/problem+json"})
    )

    of_read, of_write = await error_of_read(connector, task), await error_of_write(connector, task)

    assert (read, False, status) == (type(of_read), of_read.maybe_applied, of_read.native_status)
    assert (write, maybe, status) == (type(of_write), of_write.maybe_applied, of_write.native_status)


@pytest.mark.parametrize(("raised", "expected", "maybe"), TRANSPORT)
async def test_a_broken_connection_becomes_an_error(
    raised: type[Exception], expected: type[ConnectorError], maybe: bool, task: Task, answering: Answering
) -> None:
    """Before there is a connection nothing was sent; after that a write may have arrived."""

    def fail(request: httpx2.Request) -> httpx2.Response:
        raise raised("planted")

    connector = answering(fail)

    of_read, of_write = await error_of_read(connector, task), await error_of_write(connector, task)

    assert (expected, False) == (type(of_read), of_read.maybe_applied)
    assert (expected, maybe) == (type(of_write), of_write.maybe_applied)


@pytest.mark.parametrize("status", [404, 409, 403, 400, 500, 503])
async def test_a_body_that_is_no_problem_document_becomes_an_error(
    status: int, task: Task, answering: Answering
) -> None:
    """Pages of proxies are not quoted. To a write they are no refusal: it may have been applied."""
    connector = answering(lambda _: httpx2.Response(status, text="<h1>gateway s3cr3t</h1>"))

    of_read, of_write = await error_of_read(connector, task), await error_of_write(connector, task)

    assert not any("s3cr3t" in f"{error} {error!r}" for error in (of_read, of_write))
    assert (False, True) == (isinstance(of_read, BrokenError), of_write.maybe_applied)


@pytest.mark.parametrize(
    ("body", "is_own"),
    [
        ({"type": "about:blank", "title": "NOT_FOUND", "status": 404}, True),
        ({"title": "NOT_FOUND", "status": 404, "detail": "x", "instance": "/v2/x"}, True),
        ({"title": "NOT_FOUND", "status": 409}, False),
        ({"title": "NOT_FOUND"}, False),
        ({"status": 404}, False),
        ({"message": "no route"}, False),
        (["NOT_FOUND"], False),
    ],
)
async def test_a_refusal_of_a_write_is_a_problem_document_with_its_status(
    body: object, is_own: bool, task: Task, answering: Answering
) -> None:
    """Any other one comes from something in between."""
    error = await error_of_write(answering(lambda _: httpx2.Response(404, json=body)), task)

    assert (is_own, not is_own) == (isinstance(error, ConflictError), error.maybe_applied)


async def test_retry_after_is_read_from_backpressure(task: Task, answering: Answering) -> None:
    """A proxy may add Retry-After; the broker does not."""
    body = {"title": "RESOURCE_EXHAUSTED"}
    connector = answering(lambda _: httpx2.Response(503, json=body, headers={"Retry-After": "30"}))

    error = await error_of_write(connector, task)

    assert isinstance(error, RateLimitedError)
    assert error.retry_at is not None
    assert timedelta(0) < error.retry_at - datetime.now(UTC) <= timedelta(seconds=30)


async def test_a_long_detail_is_cut(task: Task, answering: Answering) -> None:
    """A listener's reason may be any text: at most 300 characters are kept, in one line."""
    connector = answering(lambda _: httpx2.Response(409, json={"title": "INVALID_STATE", "detail": "a\n" * 5000}))

    error = await error_of_write(connector, task)

    assert len(error.message) <= 300 + len("no longer actionable: ")
    assert "\n" not in error.message


async def test_an_expired_token_is_renewed_once_and_never_shown(task: Task, answering: Answering) -> None:
    """After a second 401 the error is UNAUTHENTICATED. It contains neither token nor client secret."""
    from connectors.camunda.settings import CamundaSettings

    settings = CamundaSettings.model_validate(
        {
            "key": "camunda",
            "name": "C8",
            "base_url": "https://camunda.test",
            "credentials": {
                "kind": "oauth",
                "token_url": "https://login.test/oauth/token",
                "client_id": "gateway",
                "client_secret": "s3cr3t-client",
                "audience": "zeebe.camunda.io",
            },
        }
    )
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        if request.url.host == "login.test":
            return httpx2.Response(200, json={"access_token": "s3cr3t-token", "expires_in": 300})
        return httpx2.Response(401, json={"title": "Unauthorized", "status": 401})

    connector = answering(answer, settings)

    error = await error_of_write(connector, task)

    assert asked == ["login.test", "camunda.test"] * 2
    assert isinstance(error, UnauthenticatedError)
    assert "s3cr3t" not in f"{error} {error!r} {settings!r} {connector.upstream!r}"

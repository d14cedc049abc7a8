"""The vendor's refusals as errors."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.epilot import EpilotConnector
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

Scripted = Callable[..., EpilotConnector]


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
        (httpx2.Response(400, json={"error": "invalid"}), ValidationFailedError, False),
        (httpx2.Response(400, json={"message": None}), MalformedResponseError, True),
        (httpx2.Response(400, content=b"<html>"), MalformedResponseError, True),
        (httpx2.Response(404, content=b"<html>"), MalformedResponseError, True),
        (httpx2.Response(409), MalformedResponseError, True),
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
    """By status, and for status 400 by the vendor's message, which is not repeated."""
    with pytest.raises(ConnectorError) as caught:
        await scripted(lambda _: answer).perform(Start(task=task))

    assert type(caught.value) is error
    assert caught.value.maybe_applied is maybe_applied
    assert "COMPLETED" not in str(caught.value)
    assert caught.value.native_status == answer.status_code


async def test_retry_after_is_kept(scripted: Scripted, task: Task) -> None:
    """The vendor sends seconds."""
    answer = httpx2.Response(429, headers={"Retry-After": "30"})

    with pytest.raises(RateLimitedError) as caught:
        await scripted(lambda _: answer).perform(Start(task=task))
    assert caught.value.retry_at is not None

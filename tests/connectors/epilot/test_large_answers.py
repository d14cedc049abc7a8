"""Answers that the vendor keeps at another address."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector
from connectors.sdk.commands import Start
from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    UnavailableError,
)
from connectors.sdk.model import Task
from connectors.sdk.query import TaskQuery
from tests.connectors.epilot import example

Scripted = Callable[..., EpilotConnector]


LARGE = "application/large-response.vnd+json"


FLOW = "v2/exec_abc123def456"


def large(address: object) -> httpx2.Response:
    return httpx2.Response(200, json={"$payload_ref": address}, headers={"Content-Type": LARGE})


async def test_a_large_answer_is_fetched_without_our_credentials(scripted: Scripted) -> None:
    """One request to the address in the answer."""
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
    ("answer", "error"),
    [
        (httpx2.Response(403), UnavailableError),
        (httpx2.Response(302, headers={"Location": "https://evil.test/"}), UnavailableError),
        (httpx2.Response(200, content=b"{"), MalformedResponseError),
        (httpx2.Response(200, json={"$payload_ref": "https://other.test/"}, headers={"Content-Type": LARGE}), None),
    ],
)
async def test_after_a_write_an_unreadable_large_answer_is_maybe_applied(
    scripted: Scripted, task: Task, answer: httpx2.Response, error: type[ConnectorError] | None
) -> None:
    """The vendor has performed the write. A second address is not followed, and a 401 or 403 there says nothing about our token."""
    asked: list[str] = []

    def answers(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return large("https://bucket.test/key") if request.url.host == "epilot.test" else answer

    with pytest.raises(error or MalformedResponseError) as caught:
        await scripted(answers).perform(Start(task=task))
    assert caught.value.maybe_applied
    assert asked == ["epilot.test", "bucket.test"]


async def test_after_a_write_a_failed_connection_is_maybe_applied(scripted: Scripted, task: Task) -> None:
    """The connection to the other host fails."""

    def answers(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "epilot.test":
            return large("https://bucket.test/key")
        raise httpx2.ConnectError("planted", request=request)

    with pytest.raises(UnavailableError) as caught:
        await scripted(answers).perform(Start(task=task))
    assert caught.value.maybe_applied


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
async def test_an_address_that_is_not_allowed_is_not_requested(scripted: Scripted, address: object) -> None:
    """Unencrypted, in a private network, with another scheme, with credentials, or not an address."""
    seen: list[httpx2.URL] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url)
        return large(address)

    found = await scripted(answer).get_flows([FLOW])

    assert isinstance(found[FLOW], MalformedResponseError)
    assert len(seen) == 1


async def test_the_host_that_answered_may_keep_a_large_answer(organisation: Any) -> None:
    """As the stand-in does, here for a list that is requested by POST."""
    whole = await organisation.connector.list_tasks(TaskQuery(), limit=100)
    organisation.stand_in.large_answers.most_bytes = 1000
    organisation.forget()
    again = await organisation.connector.list_tasks(TaskQuery(), limit=100)

    assert {task.version for task in again.items} == {task.version for task in whole.items}
    assert [path.split(" ")[0] for path in organisation.asked] == ["POST", "GET"]
    assert "authorization" not in organisation.requests[1].headers

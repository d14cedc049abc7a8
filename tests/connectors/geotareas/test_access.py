"""Logins, refusals and secrets."""

import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest
from pydantic import ValidationError

from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk import errors
from connectors.sdk.commands import Complete
from connectors.sdk.model import Task
from connectors.sdk.query import TaskQuery

Scripted = Callable[..., GeotareasConnector]

LIST = "GET workflow/tasks"
SECRETS = ("bot@acme.test", "pass-w0rd", "gtk_secret", "acme.geotareas.test", "eyJ.jwt.one")


def refusal(code: str, *, with_data: bool = False) -> dict[str, Any]:
    error = {"code": code, "message": "No."}
    return {"success": False, "data": None, "error": error} if with_data else {"success": False, "error": error}


async def test_many_requests_log_in_once(tenant: Any) -> None:
    """The other requests wait for the token."""
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(tenant.connector.ping)

    assert (await tenant.paths()).count("POST login") == 1


async def test_a_refused_token_is_renewed_once(tenant: Any) -> None:
    """The vendor's tokens expire after an hour of its clock. The request is sent once more."""
    await tenant.connector.ping()
    tenant.now += timedelta(hours=2)
    await tenant.connector.ping()

    assert await tenant.paths() == ["POST login", LIST, LIST, "POST login", LIST]


async def test_a_wrong_key_is_final_after_one_new_login(tenant: Any) -> None:
    """A 401 may be about the API key. There is no second new login."""
    config = tenant.stand_in.source_config("")["credentials"] | {"api_key": "gtk_wrong"}
    connector = tenant.open(credentials=config)

    with pytest.raises(errors.UnauthenticatedError, match="API key"):
        await connector.ping()
    assert await tenant.paths() == ["POST login", LIST, "POST login", LIST]
    await connector.aclose()


async def test_a_wrong_password_is_refused_and_then_blocks_the_account(tenant: Any) -> None:
    """After five failures in half a minute, the sixth error has the time to retry."""
    config = tenant.stand_in.source_config("")["credentials"] | {"password": "pass-w0rd"}
    connector = tenant.open(credentials=config)
    for _ in range(5):
        with pytest.raises(errors.UnauthenticatedError, match="check email, password and tenant"):
            await connector.ping()

    with pytest.raises(errors.RateLimitedError) as caught:
        await connector.ping()
    assert caught.value.retry_at is not None
    assert await tenant.paths() == ["POST login"] * 6
    await connector.aclose()


async def test_a_login_without_permission_is_forbidden(tenant: Any, task: Task) -> None:
    """A login that may only read cannot complete a task."""
    credentials = tenant.stand_in.source_config("")["credentials"]
    reader = {"email": "auditor@demo.geotareas.example", "password": "geotareas-reader-password"}
    connector = tenant.open(credentials=credentials | reader)
    await connector.ping()

    with pytest.raises(errors.ForbiddenError, match="APICLI_WORKFLOW_EXECUTE"):
        await connector.perform(Complete(task=task, outcome="sent"))
    await connector.aclose()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx2.Response(400, json=refusal("VALIDATION_ERROR", with_data=True)), errors.UnauthenticatedError),
        (httpx2.Response(401, json=refusal("UNAUTHORIZED", with_data=True)), errors.UnauthenticatedError),
        (httpx2.Response(429, json=refusal("RATE_LIMITED")), errors.RateLimitedError),
        (httpx2.Response(502, text="<html>"), errors.UnavailableError),
        (httpx2.Response(200, text="<html>"), errors.MalformedResponseError),
        (httpx2.Response(200, json={"success": True, "data": {}}), errors.MalformedResponseError),
        (
            httpx2.Response(200, json={"success": True, "data": {"authorization": "a\r\nx: y"}}),
            errors.MalformedResponseError,
        ),
        (httpx2.Response(200, json=refusal("UNAUTHORIZED")), errors.UnauthenticatedError),
    ],
)
async def test_a_failed_login_applies_nothing(
    opened: Scripted, task: Task, response: httpx2.Response, expected: type[errors.ConnectorError]
) -> None:
    """The write was not sent."""
    connector = opened(lambda _: response)

    with pytest.raises(expected) as caught:
        await connector.perform(Complete(task=task, outcome="sent"))
    assert not caught.value.maybe_applied


async def test_a_login_sends_neither_key_nor_token(opened: Scripted) -> None:
    """Its headers are tenant and Content-Type. Every other request has all three."""
    seen: list[dict[str, str | None]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        names = ("authorization", "x-api-key", "tenant")
        seen.append({name: request.headers.get(name) for name in names})
        data: object = {"authorization": "eyJ.jwt.one"} if request.method == "POST" else []
        return httpx2.Response(200, json={"success": True, "data": data})

    await opened(answer).ping()

    assert seen == [
        {"authorization": None, "x-api-key": None, "tenant": "acme.geotareas.test"},
        {"authorization": "Bearer eyJ.jwt.one", "x-api-key": "gtk_secret", "tenant": "acme.geotareas.test"},
    ]


REFUSALS = [
    (400, refusal("VALIDATION_ERROR"), errors.ValidationFailedError, False),
    (400, refusal("BAD_REQUEST"), errors.UnauthenticatedError, False),
    (401, refusal("UNAUTHORIZED", with_data=True), errors.UnauthenticatedError, False),
    (403, refusal("FORBIDDEN"), errors.ForbiddenError, False),
    (404, refusal("NOT_FOUND", with_data=True), errors.NotFoundError, False),
    (409, refusal("CONFLICT"), errors.ValidationFailedError, False),
    (429, refusal("RATE_LIMITED"), errors.RateLimitedError, False),
    (302, "", errors.MalformedResponseError, True),
    (500, refusal("INTERNAL_ERROR"), errors.UnavailableError, True),
    (502, "<html>", errors.UnavailableError, True),
    (504, "<html>", errors.UpstreamTimeoutError, True),
    (200, refusal("VALIDATION_ERROR"), errors.ValidationFailedError, False),
    (200, refusal("NOT_FOUND"), errors.NotFoundError, False),
    (200, refusal("INTERNAL_ERROR"), errors.UnavailableError, True),
    (200, refusal("NEW"), errors.MalformedResponseError, True),
]


@pytest.mark.parametrize(("status", "body", "expected", "maybe_applied"), REFUSALS)
async def test_a_refusal_is_its_error(
    scripted: Scripted,
    task: Task,
    status: int,
    body: object,
    expected: type[errors.ConnectorError],
    maybe_applied: bool,
) -> None:
    """By code and status, with both forms of the body and without one. Only a write may have been applied."""
    headers = {"Retry-After": "17"}
    given = {"text": body} if isinstance(body, str) else {"json": body}
    connector = scripted(lambda _: httpx2.Response(status, headers=headers, **given))

    with pytest.raises(errors.ConnectorError) as written:
        await connector.perform(Complete(task=task, outcome="sent"))
    with pytest.raises(errors.ConnectorError) as read:
        await connector.list_tasks(TaskQuery(), limit=1)

    assert (expected, expected) == (type(written.value), type(read.value))
    assert (maybe_applied, False) == (written.value.maybe_applied, read.value.maybe_applied)
    if isinstance(written.value, errors.RateLimitedError):
        assert written.value.retry_at is not None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, "<html>", errors.ValidationFailedError),
        (404, "<html>", errors.NotFoundError),
        (409, "", errors.ValidationFailedError),
        (418, {"error": "text"}, errors.RejectedError),
        (404, {"success": True}, errors.NotFoundError),
        (404, {"success": False}, errors.NotFoundError),
    ],
)
async def test_a_refusal_without_the_vendors_envelope_leaves_a_write_open(
    scripted: Scripted, task: Task, status: int, body: object, expected: type[errors.ConnectorError]
) -> None:
    """Something in between gave it. A read is refused by its status."""
    given: dict[str, Any] = {"text": body} if isinstance(body, str) else {"json": body}
    connector = scripted(lambda _: httpx2.Response(status, **given))

    with pytest.raises(errors.MalformedResponseError) as written:
        await connector.perform(Complete(task=task, outcome="sent"))
    with pytest.raises(expected):
        await connector.list_tasks(TaskQuery(), limit=1)

    assert written.value.maybe_applied


@pytest.mark.parametrize(
    ("failure", "expected", "maybe_applied"),
    [
        (httpx2.ConnectError("no"), errors.UnavailableError, False),
        (httpx2.ConnectTimeout("no"), errors.UnavailableError, False),
        (httpx2.ReadTimeout("no"), errors.UpstreamTimeoutError, True),
        (httpx2.ReadError("no"), errors.UnavailableError, True),
        (httpx2.RemoteProtocolError("no"), errors.UnavailableError, True),
    ],
)
async def test_a_broken_connection_says_whether_a_write_may_be_applied(
    scripted: Scripted, task: Task, failure: Exception, expected: type[errors.ConnectorError], maybe_applied: bool
) -> None:
    """A write is sent once in every case."""
    calls = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal calls
        calls += 1
        raise failure

    with pytest.raises(expected) as caught:
        await scripted(answer).perform(Complete(task=task, outcome="sent"))
    assert (maybe_applied, 1) == (caught.value.maybe_applied, calls)


async def test_the_vendors_429_has_the_time_to_retry(tenant: Any) -> None:
    """From Retry-After."""
    await tenant.control("POST", "rate-limit", {"limit": 2})
    await tenant.connector.ping()

    with pytest.raises(errors.RateLimitedError) as caught:
        await tenant.connector.ping()
    assert caught.value.retry_at is not None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17", "X-RateLimit-Reset": "1"}, 17),
        ({"X-RateLimit-Reset": "in 40"}, 40),
        ({"X-RateLimit-Reset": "in -40"}, 0),
        ({"X-RateLimit-Reset": "in 999999999"}, 300),
        ({"X-RateLimit-Reset": "9" * 12}, None),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({}, None),
    ],
)
async def test_without_retry_after_the_end_of_the_window_counts(
    scripted: Scripted, headers: dict[str, str], seconds: int | None
) -> None:
    """In Unix seconds. A past time is now, and the longest wait is five minutes."""
    before = int(time.time())
    sent = {name: str(before + int(text[3:])) if text.startswith("in") else text for name, text in headers.items()}
    connector = scripted(lambda _: httpx2.Response(429, headers=sent))

    with pytest.raises(errors.RateLimitedError) as caught:
        await connector.list_tasks(TaskQuery(), limit=1)
    at = caught.value.retry_at
    assert (seconds is None) == (at is None)
    if at is not None and seconds is not None:
        assert before + seconds - 5 <= at.timestamp() <= time.time() + seconds


async def test_a_blocked_account_waits_for_the_end_of_its_block(tenant: Any) -> None:
    """Sixty seconds after five failed logins, as the vendor documents. After that requests succeed."""
    wrong = tenant.stand_in.source_config("")["credentials"] | {"password": "pass-w0rd"}
    impostor = tenant.open(credentials=wrong)
    for _ in range(5):
        with pytest.raises(errors.UnauthenticatedError):
            await impostor.ping()

    with pytest.raises(errors.RateLimitedError, match="blocked for 60 s"):
        await tenant.connector.ping()
    tenant.now += timedelta(seconds=60)
    await tenant.connector.ping()
    await impostor.aclose()


@pytest.mark.parametrize("secret", SECRETS[1:])
async def test_a_vendor_that_repeats_a_secret_is_not_quoted(scripted: Scripted, secret: str, task: Task) -> None:
    """Keys and tokens have a known prefix. No documented operation returns password or tenant."""
    body = {"success": False, "error": {"code": secret, "message": f"Bad {secret}\nfor gtk_secret"}}
    connector = scripted(lambda _: httpx2.Response(400, json=body))

    with pytest.raises(errors.ValidationFailedError) as caught:
        await connector.perform(Complete(task=task, outcome="sent"))
    assert not any(each in f"{caught.value} {caught.value.native_code}" for each in SECRETS)


def test_secrets_are_not_printed(settings: GeotareasSettings) -> None:
    """Neither by the settings nor by the connector."""
    connector = GeotareasConnector.open(settings)
    shown = "".join((repr(settings), str(settings), settings.model_dump_json(), repr(connector), repr(vars(connector))))

    assert not [each for each in SECRETS if each in shown]


async def test_a_refused_login_does_not_print_secrets(opened: Scripted) -> None:
    """Neither in the text nor in the traceback, although the vendor repeats them."""
    said = {"success": False, "error": {"code": "UNAUTHORIZED", "message": " ".join(SECRETS)}}
    connector = opened(lambda _: httpx2.Response(401, json=said))

    with pytest.raises(errors.UnauthenticatedError) as caught:
        await connector.ping()
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [each for each in SECRETS if each in text]


@pytest.mark.parametrize(
    ("name", "value"), [("api_key", "gtk_a\r\nx: y"), ("api_key", ""), ("tenant", "acmé"), ("password", "")]
)
def test_a_credential_that_no_header_can_carry_is_refused(settings: GeotareasSettings, name: str, value: str) -> None:
    """At the start, not at the first request."""
    credentials = {"email": "a@b.c", "password": "p", "api_key": "gtk_a", "tenant": "acme"} | {name: value}
    config = settings.model_dump(exclude={"credentials"}) | {"credentials": credentials}

    with pytest.raises(ValidationError):
        GeotareasSettings.model_validate(config)

"""One method a call, and what the vendor's refusals mean."""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, TypedDict, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    Answer,
    ConnectorError,
    Exchange,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    Token,
    TokenCredentials,
    UnauthenticatedError,
    Upstream,
    ValidationFailedError,
    error_from_status,
    retry_at,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LOGIN = "/apidev/v1/login"
TASKS = "/apidev/v1/workflow/tasks"
TASK = TASKS + "/{}"
INSTANCES = "/apidev/v1/workflow/instances"
DEFINITIONS = "/apidev/v1/workflow/definitions"

# Seconds that a JWT is valid; there is no refresh (page Login).
TOKEN_LIFETIME = 3600

# Status of each documented code, for refusals that come with a 2xx status.
STATUS_OF_CODE = {
    "BAD_REQUEST": 400,
    "VALIDATION_ERROR": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
}

# Captured data may hold decimals, which the vendor wants as numbers.
_CAPTURED = msgspec.json.Encoder(decimal_format="number")
# How integration keys and JWTs begin: a vendor's text with one of them is not repeated.
_SECRET = re.compile(r"gtk_|eyJ")
_CODE = re.compile(r"[A-Z_]{1,40}")
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")
_LONGEST_MESSAGE = 200


class _Native(TypedDict):
    native_status: int
    native_code: str | None


class Listing(Struct, Generic[T_co], frozen=True):
    """One page with each record's own bytes; `total` is None where the vendor left it out."""

    rows: Sequence[tuple[T_co, Raw]]
    total: int | None


class GeotareasClient:
    """The documented operations, without the envelope: what returns did succeed."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def list_tasks(
        self, *, limit: int, offset: int, filters: wire.TaskFilters | None = None
    ) -> Listing[wire.TaskRow]:
        return await self._list(TASKS, wire.TaskRow, limit, offset, filters)

    async def list_instances(
        self, *, limit: int, offset: int, filters: wire.InstanceFilters | None = None
    ) -> Listing[wire.InstanceRow]:
        return await self._list(INSTANCES, wire.InstanceRow, limit, offset, filters)

    async def list_definitions(
        self, *, limit: int, offset: int, filters: wire.DefinitionFilters | None = None
    ) -> Listing[wire.DefinitionRow]:
        return await self._list(DEFINITIONS, wire.DefinitionRow, limit, offset, filters)

    async def get_task(self, task_id: str) -> tuple[wire.TaskRecord, Raw]:
        answer = await self._upstream.read("GET", TASK, task_id)
        data = _envelope(answer).data
        record = _decode(answer, data, wire.TaskRecord)
        _check_id(answer, task_id, record.id)
        return record, data

    async def complete(
        self, task_id: str, *, result_code: str, captured_data: dict[str, object] | None, comment: str | None
    ) -> wire.Completed:
        body: dict[str, object] = {"result_code": result_code}
        if captured_data is not None:
            body["captured_data"] = Raw(_CAPTURED.encode(captured_data))
        if comment is not None:
            body["comment"] = comment
        answer = await self._upstream.write("POST", TASK + "/complete", task_id, json=body)
        completed = _decode(answer, _envelope(answer).data, wire.Completed)
        _check_id(answer, task_id, completed.task_id)
        return completed

    async def reassign(
        self, task_id: str, *, user_id: str | None = None, group_id: str | None = None, comment: str | None = None
    ) -> wire.Reassigned:
        """Give exactly one of both ids; what the vendor does with two is not documented."""
        sent = {"assign_to_user_id": user_id, "assign_to_group_id": group_id, "comment": comment}
        body = {name: value for name, value in sent.items() if value is not None}
        answer = await self._upstream.write("POST", TASK + "/reassign", task_id, json=body)
        reassigned = _decode(answer, _envelope(answer).data, wire.Reassigned)
        _check_id(answer, task_id, reassigned.task_id)
        return reassigned

    async def _list(
        self, path: str, type_: type[T], limit: int, offset: int, filters: Mapping[str, object] | None
    ) -> Listing[T]:
        params: dict[str, str | int] = {"limit": limit, "offset": offset}
        params.update((name, str(value)) for name, value in (filters or {}).items())
        return _listing(await self._upstream.read("GET", path, params=params), type_)


def login_credentials(settings: GeotareasSettings) -> TokenCredentials:
    """A JWT from the account's login, beside the two headers that every request but the login carries."""
    given = settings.credentials
    tenant = given.tenant.get_secret_value()
    body = {"email": given.email.get_secret_value(), "password": given.password.get_secret_value()}
    content = msgspec.json.encode(body)

    async def log_in(upstream: Exchange) -> Token:
        answer = await upstream.exchange(
            "POST",
            upstream.url(LOGIN),
            content=content,
            headers={"tenant": tenant, "Content-Type": "application/json"},
        )
        if answer.status in {400, 401, 403}:
            raise UnauthenticatedError(
                "refused the login; check email, password and tenant of the source's credentials",
                native_status=answer.status,
            )
        if answer.status == 429:
            raise RateLimitedError(
                "refuses logins for now: an account has 5 in 30 s, and is blocked for 60 s after 5 that failed",
                retry_at=_listens_again(answer),
                native_status=429,
            )
        if not answer.ok:
            raise error_from_status(answer)
        return Token(_decode(answer, _envelope(answer).data, wire.Login).authorization, TOKEN_LIFETIME)

    fixed = {"X-API-Key": given.api_key.get_secret_value(), "tenant": tenant}
    return TokenCredentials(log_in, fixed=fixed)


def parse_error(answer: Answer) -> ConnectorError:
    """The error behind an answer that is not 2xx.

    Both forms of the error body are read, on the pages Authentication (without `data`) and Login (with). A body that
    is neither comes from a proxy: then the status alone decides.
    """
    envelope = answer.try_decode(wire.Envelope)
    error = None if envelope is None else envelope.error
    return _refusal(answer, answer.status, error or wire.ErrorBody())


def _refusal(answer: Answer, status: int, error: wire.ErrorBody) -> ConnectorError:
    said = _quotable(error.message)
    known: _Native = {"native_status": answer.status, "native_code": _code(error)}
    if status == 400 and error.code == "BAD_REQUEST":
        return UnauthenticatedError("misses a header; check tenant and api_key of the source's credentials", **known)
    if status in {400, 409}:
        # No code is documented for a task that is completed already: it comes as any other validation error.
        return ValidationFailedError(f"refused the request{said}", **known)
    if status == 404:
        return NotFoundError(f"found no such thing{said}", **known)
    if status == 429:
        return RateLimitedError(
            "asked too often: 30 reads and 10 writes a minute", retry_at=_listens_again(answer), **known
        )
    message = {
        401: "refused our JWT or API key; check the source's credentials",
        403: "lets the account not do this; it needs APICLI_WORKFLOW_READ, for writes APICLI_WORKFLOW_EXECUTE",
    }.get(status)
    return error_from_status(replace(answer, status=status), message, _code(error))


def _listens_again(answer: Answer) -> datetime | None:
    """By Retry-After, else by X-RateLimit-Reset, the Unix second in which the current window ends."""
    at = retry_at(answer.headers.get("retry-after"))
    reset = answer.headers.get("x-ratelimit-reset", "")
    if at is not None or not _UNIX_SECONDS.fullmatch(reset):
        return at
    return retry_at(str(max(0, int(reset) - int(time.time()))))


def _check_id(answer: Answer, asked: str, answered: str) -> None:
    if asked != answered:
        raise MalformedResponseError(
            "answered about another task", maybe_applied=answer.is_write, native_status=answer.status
        )


def _code(error: wire.ErrorBody) -> str | None:
    return error.code if error.code and _CODE.fullmatch(error.code) else None


def _quotable(message: str | None) -> str:
    if not message or _SECRET.search(message):
        return ""
    text = "".join(each if each.isprintable() else " " for each in message[:_LONGEST_MESSAGE])
    return f": {text.strip()}"


def _envelope(answer: Answer) -> wire.Envelope:
    """The envelope of a success; a 2xx answer that says `success: false` is the error it names."""
    envelope = answer.decode(wire.Envelope)
    if envelope.success:
        return envelope
    error = envelope.error or wire.ErrorBody()
    status = STATUS_OF_CODE.get(error.code or "")
    if status is not None:
        raise _refusal(answer, status, error)
    raise MalformedResponseError(
        "answered with success false and no known code",
        maybe_applied=answer.is_write,
        native_status=answer.status,
        native_code=_code(error),
    )


def _decode(answer: Answer, data: Raw, type_: type[T]) -> T:
    return replace(answer, body=bytes(data)).decode(type_)


def _listing(answer: Answer, type_: type[T]) -> Listing[T]:
    envelope = _envelope(answer)
    rows = _decode(answer, envelope.data, list[type_])  # type: ignore[valid-type]
    raws = _decode(answer, envelope.data, list[Raw])
    return Listing(list(zip(rows, raws, strict=True)), None if envelope.meta is None else envelope.meta.total)

"""One method per documented operation, and the login."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from connectors.geotareas import wire
from connectors.geotareas.errors import error_of_success, login_error, other_task
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    JSON_OK,
    Announced,
    Answer,
    Decoded,
    Exchange,
    Token,
    TokenCredentials,
    Upstream,
    decode_json,
    decode_record,
    encode_json_numbers,
    received_token,
)

T = TypeVar("T")
Row = TypeVar("Row", bound=wire.TaskRow | wire.InstanceRow | wire.DefinitionRow)
Row_co = TypeVar("Row_co", bound=wire.TaskRow | wire.InstanceRow | wire.DefinitionRow, covariant=True)

LOGIN = "/apidev/v1/login"
TASKS = "/apidev/v1/workflow/tasks"
TASK = TASKS + "/{}"
INSTANCES = "/apidev/v1/workflow/instances"
DEFINITIONS = "/apidev/v1/workflow/definitions"

# Seconds that a JWT is valid; there is no refresh (page Login).
TOKEN_LIFETIME = 3600


class Rows(Struct, Generic[Row_co], frozen=True):
    """One page, with the bytes of each record, whether it fits or not. `total` is None if the vendor left it out."""

    rows: Sequence[tuple[Decoded[Row_co], Raw]]
    total: int | None

    def announced(self) -> Announced[tuple[Decoded[Row_co], Raw]]:
        return Announced(self.rows, self.total)


def row_key(row: tuple[Decoded[Row], Raw]) -> str | bytes:
    """The id of a record, or its bytes if the id cannot be read."""
    found, raw = row
    return bytes(raw) if found.record is None else found.record.id


class GeotareasClient:
    """The documented operations, without the envelope around answers. A refusal is raised as a ConnectorError."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def list_tasks(
        self, *, limit: int, offset: int, filters: wire.TaskFilters | None = None
    ) -> Rows[wire.TaskRow]:
        return await self._list(TASKS, wire.TaskRow, limit, offset, filters)

    async def list_instances(
        self, *, limit: int, offset: int, filters: wire.InstanceFilters | None = None
    ) -> Rows[wire.InstanceRow]:
        return await self._list(INSTANCES, wire.InstanceRow, limit, offset, filters)

    async def list_definitions(
        self, *, limit: int, offset: int, filters: wire.DefinitionFilters | None = None
    ) -> Rows[wire.DefinitionRow]:
        return await self._list(DEFINITIONS, wire.DefinitionRow, limit, offset, filters)

    async def get_task(self, task_id: str) -> tuple[Decoded[wire.TaskRecord], Raw]:
        answer = await self._upstream.read("GET", TASK, task_id)
        data = _data(answer)
        found = decode_record(data, wire.TaskRecord)
        if found.record is not None and found.record.id != task_id:
            raise other_task(answer)
        return found, data

    async def complete(
        self, task_id: str, *, result_code: str, captured_data: dict[str, object] | None, comment: str | None
    ) -> wire.Completed:
        body: dict[str, object] = {"result_code": result_code}
        if captured_data is not None:
            body["captured_data"] = encode_json_numbers(captured_data)
        if comment is not None:
            body["comment"] = comment
        answer = await self._upstream.write("POST", TASK + "/complete", task_id, success=JSON_OK, json=body)
        completed = _decode(answer, _data(answer), wire.Completed)
        if completed.task_id != task_id:
            raise other_task(answer)
        return completed

    async def reassign(
        self, task_id: str, *, user_id: str | None = None, group_id: str | None = None, comment: str | None = None
    ) -> wire.Reassigned:
        """Exactly one of both ids: what the vendor does with two is not documented."""
        sent = {"assign_to_user_id": user_id, "assign_to_group_id": group_id, "comment": comment}
        body = {name: value for name, value in sent.items() if value is not None}
        answer = await self._upstream.write("POST", TASK + "/reassign", task_id, success=JSON_OK, json=body)
        reassigned = _decode(answer, _data(answer), wire.Reassigned)
        if reassigned.task_id != task_id:
            raise other_task(answer)
        return reassigned

    async def _list(
        self, path: str, type_: type[Row], limit: int, offset: int, filters: Mapping[str, object] | None
    ) -> Rows[Row]:
        params: dict[str, str | int] = {"limit": limit, "offset": offset}
        params.update((name, str(value)) for name, value in (filters or {}).items())
        answer = await self._upstream.read("GET", path, params=params)
        envelope = _envelope(answer)
        raws = _decode(answer, envelope.data, list[Raw])
        return Rows([(decode_record(raw, type_), raw) for raw in raws], envelope.total)


def login_credentials(settings: GeotareasSettings) -> TokenCredentials:
    """The account's login gives a JWT. Every request but the login also carries the API key and the tenant."""
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
        if not answer.ok:
            raise login_error(answer)
        given_token = _decode(answer, _data(answer), wire.Login).authorization
        return received_token(given_token, lifetime=TOKEN_LIFETIME, native_status=answer.status)

    fixed = {"X-API-Key": given.api_key.get_secret_value(), "tenant": tenant}
    return TokenCredentials(log_in, fixed=fixed)


def _envelope(answer: Answer) -> wire.Envelope:
    envelope = answer.decode(wire.Envelope)
    if not envelope.success:
        raise error_of_success(answer, envelope.error or wire.ErrorBody())
    return envelope


def _data(answer: Answer) -> Raw:
    return _envelope(answer).data


def _decode(answer: Answer, data: Raw, type_: type[T]) -> T:
    return decode_json(data, type_, maybe_applied=answer.is_write, native_status=answer.status)

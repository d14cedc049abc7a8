"""One request with what an operation needs to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.camunda.auth import Caller, Permissions
from sandbox.camunda.engine import Engine
from sandbox.camunda.errors import ProblemError, bad_request, invalid_argument
from sandbox.camunda.formats import is_key, partition_of
from sandbox.camunda.store import SearchStore, StoreSearches
from sandbox.camunda.variants import Release

_ONLY_PARTITION = 1


@dataclass(frozen=True, slots=True)
class Call:
    request: Request
    body: Any
    caller: Caller
    release: Release
    store: SearchStore
    searches: StoreSearches
    engine: Engine

    def key(self, name: str) -> str:
        value: str = self.request.path_params[name]
        if not is_key(value):
            raise bad_request(f"Failed to convert '{name}' with value: '{value}'")
        return str(int(value))

    def routed(self, key: str) -> str:
        """Return the key of a command's target. Raises 503 for another partition: the stand-in has only one."""
        if partition_of(key) != _ONLY_PARTITION:
            raise ProblemError(503, "UNAVAILABLE", "Expected to handle request, but request could not be delivered")
        return key

    def members(self, allowed: Mapping[str, type]) -> Mapping[str, Any]:
        """Read the body of a command. Raises 400 for unknown members; null counts as absent."""
        return members(self.body, allowed, "")

    def operation_reference(self, allowed: Mapping[str, type]) -> Mapping[str, Any]:
        """Read a body that may also have an operation reference."""
        wanted = self.members({"operationReference": int, **allowed})
        reference = wanted.get("operationReference", 1)
        if reference < 1:
            raise invalid_argument(f"The value for operationReference is '{reference}' but must be > 0.")
        return wanted

    def accepts(self, media_type: str) -> bool:
        """Whether the client accepts the media type. A client without an `Accept` header accepts all."""
        ranges = {
            each.partition(";")[0].strip().lower() for each in self.request.headers.get("accept", "*/*").split(",")
        }
        return not ranges.isdisjoint({media_type, media_type.partition("/")[0] + "/*", "*/*"})

    @property
    def permissions(self) -> Permissions:
        return Permissions(self.caller)

    def answer(self, content: Any) -> Response:
        return Response(self.release.encoded(content), media_type="application/json")


def members(body: Any, allowed: Mapping[str, type], path: str) -> Mapping[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise bad_request("Failed to read request")
    for name, value in body.items():
        if name not in allowed or not (value is None or _is(value, allowed[name])):
            raise bad_request(f"Request property [{path}{name}] cannot be parsed")
    return {name: value for name, value in body.items() if value is not None}


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


async def read_body(request: Request) -> Any:
    content = await request.body()
    if not content:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ProblemError(415, "Unsupported Media Type", f"Content-Type '{kind}' is not supported.")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise bad_request("Failed to read request") from error


def no_content() -> Response:
    return Response(status_code=204)

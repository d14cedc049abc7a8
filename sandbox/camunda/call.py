"""One request with what an endpoint needs to answer it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.camunda.authentication import Caller
from sandbox.camunda.engine import Engine
from sandbox.camunda.keys import is_key, partition_of
from sandbox.camunda.problems import ProblemError, bad_request, invalid_argument
from sandbox.camunda.release import Release
from sandbox.camunda.searchables import Searchables
from sandbox.camunda.store import Store
from sandbox.people import ALL_PEOPLE

_ONLY_PARTITION = 1


@dataclass(frozen=True, slots=True)
class Call:
    request: Request
    body: Any
    caller: Caller
    release: Release
    store: Store
    searchables: Searchables
    engine: Engine

    def key(self, name: str) -> str:
        value: str = self.request.path_params[name]
        if not is_key(value):
            raise bad_request(f"Failed to convert '{name}' with value: '{value}'")
        return str(int(value))

    def routed(self, key: str) -> str:
        """Give the key of what a command is for if the gateway finds its partition, of which there is one."""
        if partition_of(key) != _ONLY_PARTITION:
            raise ProblemError(503, "UNAVAILABLE", "Expected to handle request, but request could not be delivered")
        return key

    def members(self, allowed: Mapping[str, type]) -> Mapping[str, Any]:
        """Read a command's closed body; null counts as absent."""
        return members(self.body, allowed, "")

    def operation_reference(self, allowed: Mapping[str, type]) -> Mapping[str, Any]:
        """Read a body that may have an operation reference."""
        wanted = self.members({"operationReference": int, **allowed})
        reference = wanted.get("operationReference", 1)
        if reference < 1:
            raise invalid_argument(f"The value for operationReference is '{reference}' but must be > 0.")
        return wanted

    def accepts(self, media_type: str) -> bool:
        """Tell whether the client reads that; a client that names nothing reads everything."""
        ranges = {
            each.partition(";")[0].strip().lower() for each in self.request.headers.get("accept", "*/*").split(",")
        }
        return not ranges.isdisjoint({media_type, media_type.partition("/")[0] + "/*", "*/*"})

    @property
    def groups(self) -> tuple[str, ...]:
        return next((person.groups for person in ALL_PEOPLE if person.key == self.caller.id), ())

    def answer(self, content: Any) -> Response:
        return Response(self.release.encoded(content), media_type="application/json")


Answer = Callable[[Call], Response]
Endpoint = tuple[str, str, Answer]
"""Method, path below `/v2`, and what answers."""


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

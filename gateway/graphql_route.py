"""GraphQL over HTTP: one ASGI route that reads a request, signs in, runs the schema and writes JSON.

Every refusal is a GraphQL answer (`{"errors": [...]}` with `extensions.code`), whatever is wrong with the request.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import structlog
from graphql import OperationType
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from connectors.sdk.caller import Caller
from gateway.auth import Authenticator, UnauthenticatedError
from schema.context import Context
from schema.port import Federation

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
# orjson stops at 254 levels; a variable needs far fewer.
OPERATIONS_BY_GET = {OperationType.QUERY}
OPERATIONS_BY_POST = {OperationType.QUERY, OperationType.MUTATION}

log = structlog.get_logger("taskgate.graphql")


class RefusedError(Exception):
    """The request cannot be run: a status, a code for programs, a text for people."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


class Params(Struct, frozen=True):
    """A well-formed GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class GraphQLRoute:
    """`federation` is asked for at each request: it opens after the application is made."""

    def __init__(
        self,
        schema: BaseSchema,
        *,
        authenticator: Authenticator,
        federation: Callable[[], Federation],
        max_body_bytes: int,
    ) -> None:
        self._schema = schema
        self._authenticator = authenticator
        self._federation = federation
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        media = JSON
        try:
            media = _media(request.headers)
            params, allowed = await self._params(request)
            caller = self._caller(request)
            response = await self._run(params, allowed, caller, media)
        except RefusedError as refused:
            response = _answer(
                {"errors": [{"message": refused.message, "extensions": {"code": refused.code}}]},
                refused.status,
                media,
                refused.headers,
            )
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    def _caller(self, request: Request) -> Caller:
        try:
            return self._authenticator.caller(request.headers.get("authorization"))
        except UnauthenticatedError as error:
            raise RefusedError(401, "UNAUTHENTICATED", str(error), {"WWW-Authenticate": "Bearer"}) from error

    async def _params(self, request: Request) -> tuple[Params, set[OperationType]]:
        match request.method:
            case "GET" | "HEAD":
                return _from_query_string(request), OPERATIONS_BY_GET
            case "POST":
                return _from_body(await self._body(request), request.headers), OPERATIONS_BY_POST
            case _:
                raise RefusedError(405, "METHOD_NOT_ALLOWED", "send GET or POST", {"Allow": "GET, POST"})

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body_bytes:
                raise RefusedError(413, "REQUEST_TOO_LARGE", f"the body may have {self._max_body_bytes} bytes at most")
        return bytes(body)

    async def _run(self, params: Params, allowed: set[OperationType], caller: Caller, media: str) -> Response:
        context = Context(caller, self._federation())
        try:
            result = await self._schema.execute(
                params.query,
                variable_values=params.variables,
                operation_name=params.operation_name,
                context_value=context,
                allowed_operation_types=allowed,
            )
        except InvalidOperationTypeError as error:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "send mutations by POST", {"Allow": "POST"}) from error
        if not isinstance(result, ExecutionResult):
            # Parsing or validation failed: nothing was run.
            answer = {"errors": [_error(error) for error in result.errors or ()]}
            return _answer(answer, 400, media, {})
        answer = {"data": result.data}
        if result.errors:
            answer = {"errors": [_error(error) for error in result.errors], **answer}
        request_error = result.data is None and all(error.path is None for error in result.errors or ())
        if request_error:
            answer.pop("data")
        return _answer(answer, 400 if request_error else 200, media, {})


def _error(error: Any) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = dict(formatted.get("extensions") or {})
    extensions.setdefault("code", "GRAPHQL_VALIDATION_FAILED" if error.path is None else "INTERNAL")
    formatted["extensions"] = extensions
    return formatted


def _from_query_string(request: Request) -> Params:
    query = request.query_params
    if "query" not in query:
        raise RefusedError(
            400, "BAD_REQUEST", "send a GraphQL document as `query`: by POST in a JSON body, or by GET in the address"
        )
    variables = None
    if "variables" in query:
        variables = _json(query["variables"].encode(), "variables")
    return _checked({"query": query["query"], "variables": variables, "operationName": query.get("operationName")})


def _from_body(body: bytes, headers: Headers) -> Params:
    content_type = headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if content_type != JSON:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", f"send Content-Type: {JSON}", {"Accept": JSON})
    return _checked(_json(body, "the body"))


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "BAD_REQUEST", f"{what} is not JSON in UTF-8, or nested too deep") from error


def _checked(body: Any) -> Params:
    if not isinstance(body, dict):
        what = (
            "batches are not supported: send one operation" if isinstance(body, list) else "the body must be an object"
        )
        raise RefusedError(400, "BAD_REQUEST", what)
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise RefusedError(400, "BAD_REQUEST", "`query` must be a GraphQL document as a string")
    if variables is not None and not isinstance(variables, dict):
        raise RefusedError(400, "BAD_REQUEST", "`variables` must be an object")
    if name is not None and not isinstance(name, str):
        raise RefusedError(400, "BAD_REQUEST", "`operationName` must be a string")
    if body.get("extensions") is not None and not isinstance(body["extensions"], dict):
        raise RefusedError(400, "BAD_REQUEST", "`extensions` must be an object")
    return Params(query, variables, name or None)


def _media(headers: Headers) -> str:
    """The media type that the client wants most of the two that there are; 406 when it wants neither."""
    accept = headers.get("accept")
    if accept is None or not accept.strip():
        return JSON
    best, best_rank = None, (0.0, 0)
    for place, wanted in enumerate((GRAPHQL_RESPONSE, JSON)):
        quality = _quality(accept, wanted)
        # Where both are wanted alike, JSON is what every client reads.
        rank = (quality, place)
        if quality > 0 and rank > best_rank:
            best, best_rank = wanted, rank
    if best is None:
        raise RefusedError(406, "NOT_ACCEPTABLE", f"this address answers {GRAPHQL_RESPONSE} or {JSON}")
    return best


def _quality(accept: str, wanted: str) -> float:
    """The q-value of `wanted`; the most specific range counts."""
    found, found_rank = 0.0, -1
    kind = wanted.split("/", 1)[0]
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        rank = {wanted: 2, f"{kind}/*": 1, "*/*": 0}.get(name, -1)
        if rank <= found_rank:
            continue
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        found, found_rank = quality, rank
    return found


def _answer(content: dict[str, Any], status: int, media: str, headers: dict[str, str]) -> Response:
    return Response(
        orjson.dumps(content, default=_exact, option=orjson.OPT_UTC_Z),
        status,
        {"Content-Type": f"{media}; charset=utf-8", **headers},
    )


def _exact(value: object) -> Any:
    """Decimals of form data: a number where a double holds it exactly, its text otherwise."""
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")

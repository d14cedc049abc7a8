"""GraphQL over HTTP: one ASGI route that reads a request, signs in, runs the schema and writes JSON.

Every refusal is a GraphQL answer (`{"errors": [...]}` with `extensions.code`), whatever is wrong with the request.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, execute
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from connectors.sdk.caller import Caller
from gateway.auth import Authenticator, UnauthenticatedCallerError
from gateway.documents import DocumentError, Documents
from gateway.graphql_request import GraphQLRequest, RefusedError, header, read_request
from gateway.media_types import GRAPHQL_RESPONSE, JSON, preferred
from schema.api import Schema
from schema.context import Context
from schema.errors import client_error
from schema.port import Federation

ASKED = "taskgate.asked"
"""Key of the ASGI scope: what the line in the log may say of the request, by name."""

_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


class GraphQLRoute:
    """`federation` is asked for at each request: it opens after the application is made.

    `suggestions` False strips "Did you mean ...?" from errors, which would tell the schema to whoever guesses.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        authenticator: Authenticator,
        federation: Callable[[], Federation],
        max_body_bytes: int,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        # Strawberry runs a text; what is parsed and validated already can only be run below it.
        self._core = schema._schema  # noqa: SLF001
        self._documents = Documents(self._core)
        self._authenticator = authenticator
        self._federation = federation
        self._max_body_bytes = max_body_bytes
        self._suggestions = suggestions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        media = JSON
        asked: dict[str, str] = scope.setdefault(ASKED, {})
        try:
            media = _media_type(scope)
            # Who may not ask at all is told so before the body is read.
            caller = self._caller(scope)
            asked["caller"] = caller.key
            request = await read_request(scope, receive, self._max_body_bytes)
            response = await self._run(request, caller, media, asked)
        except RefusedError as refused:
            answer = {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
            response = _response(answer, refused.status, media, refused.headers)
        await response(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        try:
            return self._authenticator.caller(scope["headers"])
        except UnauthenticatedCallerError as error:
            raise RefusedError(401, "UNAUTHENTICATED", str(error), {"WWW-Authenticate": error.challenge}) from error

    async def _run(self, request: GraphQLRequest, caller: Caller, media: str, asked: dict[str, str]) -> Response:
        try:
            document = self._documents.read(request.query)
            operation = self._documents.operation(document, request.operation_name, request.variables)
        except DocumentError as error:
            return self._failed([self._error(each, error.code) for each in error.errors], media)
        if operation.name is not None:
            asked["operation"] = operation.name.value
        if operation.operation is OperationType.MUTATION and not request.may_write:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Send mutations by POST.", {"Allow": "POST"})
        executed = execute(
            self._core,
            document,
            context_value=Context(caller, self._federation()),
            variable_values=request.variables,
            operation_name=request.operation_name,
            executor_class=self._schema.execution_context_class,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        )
        result = executed if isinstance(executed, ExecutionResult) else await executed
        errors = [self._error(client_error(error), "BAD_USER_INPUT") for error in result.errors or ()]
        # Without data and without a path nothing ran: a variable does not fit.
        if result.data is None and errors and all("path" not in error for error in errors):
            return self._failed(errors, media)
        return _response({"errors": errors, "data": result.data} if errors else {"data": result.data}, 200, media, {})

    @staticmethod
    def _failed(errors: list[dict[str, Any]], media: str) -> Response:
        """Nothing ran, so there is no data.

        GraphQL over HTTP, application/json: 200, since a client of it cannot tell our 400 from that of a proxy.
        """
        return _response({"errors": errors}, 400 if media == GRAPHQL_RESPONSE else 200, media, {})

    def _error(self, error: GraphQLError, code: str) -> dict[str, Any]:
        formatted: dict[str, Any] = {**error.formatted}
        if not self._suggestions:
            formatted["message"] = _SUGGESTION.sub("", formatted["message"])
        formatted["extensions"] = {"code": code, **(error.extensions or {})}
        return formatted


def _media_type(scope: Scope) -> str:
    media = preferred(header(scope, b"accept"))
    if media is None:
        raise RefusedError(406, "NOT_ACCEPTABLE", f"This address answers {GRAPHQL_RESPONSE} or {JSON}.")
    return media


def _response(content: dict[str, Any], status: int, media: str, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), status, {"Content-Type": f"{media}; charset=utf-8", **headers})

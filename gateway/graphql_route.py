"""GraphQL over HTTP: one ASGI route that reads a request, signs in, runs the schema and writes JSON.

Every refusal is a GraphQL answer (`{"errors": [...]}` with `extensions.code`), whatever is wrong with the request.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from connectors.sdk.caller import Caller
from gateway.auth import Authenticator, UnauthenticatedCallerError
from gateway.graphql_request import GraphQLRequest, RefusedError, header, read_request
from gateway.media_types import GRAPHQL_RESPONSE, JSON, preferred
from schema.context import Context
from schema.port import Federation

_QUERIES = {OperationType.QUERY}
_QUERIES_AND_MUTATIONS = {OperationType.QUERY, OperationType.MUTATION}
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


class GraphQLRoute:
    """`federation` is asked for at each request: it opens after the application is made.

    `suggestions` False strips "Did you mean ...?" from errors, which would tell the schema to whoever guesses.
    """

    def __init__(
        self,
        schema: BaseSchema,
        *,
        authenticator: Authenticator,
        federation: Callable[[], Federation],
        max_body_bytes: int,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        self._authenticator = authenticator
        self._federation = federation
        self._max_body_bytes = max_body_bytes
        self._suggestions = suggestions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        media = preferred(header(scope, b"accept"))
        try:
            if media is None:
                raise RefusedError(406, "NOT_ACCEPTABLE", f"This address answers {GRAPHQL_RESPONSE} or {JSON}.")
            # Who may not ask at all is told so before the body is read.
            caller = self._caller(scope)
            request = await read_request(scope, receive, self._max_body_bytes)
            response = await self._run(request, caller, media)
        except RefusedError as refused:
            answer = {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
            response = _response(answer, refused.status, media or JSON, refused.headers)
        await response(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        try:
            return self._authenticator.caller(scope["headers"])
        except UnauthenticatedCallerError as error:
            raise RefusedError(401, "UNAUTHENTICATED", str(error), {"WWW-Authenticate": error.challenge}) from error

    async def _run(self, request: GraphQLRequest, caller: Caller, media: str) -> Response:
        try:
            result = await self._schema.execute(
                request.query,
                variable_values=request.variables,
                operation_name=request.operation_name,
                context_value=Context(caller, self._federation()),
                allowed_operation_types=_QUERIES_AND_MUTATIONS if request.may_write else _QUERIES,
            )
        except InvalidOperationTypeError as error:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Send mutations by POST.", {"Allow": "POST"}) from error
        except CannotGetOperationTypeError as error:
            raise RefusedError(
                400, "BAD_REQUEST", "The document has no operation of that operationName, or several and no name."
            ) from error
        errors = [self._error(error) for error in result.errors or ()]
        # Without data and without a path, the request failed before anything ran: parsing, validation, variables.
        request_error = result.data is None and bool(errors) and all("path" not in error for error in errors)
        answer: dict[str, Any] = {"errors": errors} if errors else {}
        if not request_error:
            answer["data"] = result.data
        return _response(answer, 400 if request_error else 200, media, {})

    def _error(self, error: GraphQLError) -> dict[str, Any]:
        formatted: dict[str, Any] = {**error.formatted}
        if not self._suggestions:
            formatted["message"] = _SUGGESTION.sub("", formatted["message"])
        code = "GRAPHQL_VALIDATION_FAILED" if error.path is None else "INTERNAL"
        formatted["extensions"] = {"code": code, **(error.extensions or {})}
        return formatted


def _response(content: dict[str, Any], status: int, media: str, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), status, {"Content-Type": f"{media}; charset=utf-8", **headers})

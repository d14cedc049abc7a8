"""GraphQL over HTTP: one ASGI route that reads a request, signs the caller in, runs the schema and writes JSON.

Every refusal is a GraphQL response: `{"errors": [...]}` with `extensions.code`.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, aclosing
from typing import Any

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.sdk.caller import Caller
from gateway.auth import Authenticator, SignInUnavailableError, UnauthenticatedCallerError
from gateway.federation.traffic import CallContext, OperationRecords, RequestCost, in_context
from gateway.http.access_log import LOGGED, LONGEST
from gateway.http.caller_budgets import CallerBudgets
from gateway.http.entity_tag import entity_tag, is_known
from gateway.http.hanging_up import hung_up
from gateway.http.incremental_answer import incremental_answer
from gateway.http.json_answer import JsonAnswer
from gateway.http.kept_answers import KeptAnswer, Key
from gateway.http.load_limit import LoadLimit
from gateway.http.media_types import (
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    JSON,
    MULTIPART,
    STREAMS,
    preferred,
    preferred_stream,
    prefers_html,
)
from gateway.http.operation_record import OperationRecord, codes_of
from gateway.http.operation_streams import OperationStreams, SignedInClient, with_request_id
from gateway.http.request import RefusedError, asks, header, read_sent, request_sent
from gateway.http.request_id import request_id
from gateway.http.requested_document import requested_document
from gateway.http.serving import Serving
from gateway.http.streamed_answer import EventStream, Multipart, Responses, StreamedAnswer
from gateway.http.token_end import end_of
from schema.core.context import Context
from schema.execution import GraphQLOperation, GraphQLResponse, RequestError

_HEADERS = {
    # The same URL gives each caller another answer, which may change at any moment.
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Authorization",
    "X-Content-Type-Options": "nosniff",
}
_FIXED = {
    media: [
        *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
        (b"content-type", f"{media}; charset=utf-8".encode()),
    ]
    for media in (JSON, GRAPHQL_RESPONSE)
}
# A browser may keep the answer of a GET, for the same person, and asks each time whether it still holds.
_REVALIDATED = {"Cache-Control": "private, no-cache"}
_OFFERED = f"This URL answers with {GRAPHQL_RESPONSE} or {JSON}, and subscriptions with {EVENT_STREAM} or {MULTIPART}."
_log = structlog.get_logger("taskgate.http")


class GraphQLRoute:
    """`serving` is entered for each request: a reload changes it, and requests that are read whole go on as they began.

    `load` bounds what is carried out side by side. `resource_metadata` gives the address where a client finds the identity
    provider (RFC 9728), None without one. `observe` gets what became of each request. `page` answers a browser that opens
    the URL: a GET without a query that prefers text/html.
    """

    def __init__(
        self,
        serving: Callable[[], AbstractContextManager[Serving]],
        *,
        load: LoadLimit,
        resource_metadata: Callable[[Scope], str | None] = lambda _scope: None,
        page: Callable[[Scope], Response] | None = None,
        observe: Callable[[OperationRecord], None] = lambda _record: None,
    ) -> None:
        self._serving = serving
        self._load = load
        self._resource_metadata = resource_metadata
        self._page = page
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = (
            self._page(scope) if self._page is not None and _opens_page(scope) else await self._answer(scope, receive)
        )
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | JsonAnswer | StreamedAnswer:
        media = JSON
        logged: dict[str, Any] = scope.setdefault(LOGGED, {})
        extensions: dict[str, Any] = {"requestId": request_id(scope)}
        try:
            media = _media_type(scope)
            # Before anything else: a refused request must cost next to nothing.
            async with self._load.place():
                with self._serving() as serving:
                    caller = await self._admitted(serving, scope, logged, extensions)
                    sent = await read_sent(scope, receive, serving.max_body_bytes)
                with self._serving() as now:
                    # A body may take long: what a reload took away meanwhile, such as the key itself, counts no more.
                    if now is not serving:
                        caller = await self._caller(now.authenticator, scope)
                    return await self._signed_in(now, scope, sent, caller, media, logged, extensions)
        except RefusedError as refused:
            logged["refused"] = refused.code
            self._observe(OperationRecord(codes=(refused.code,)))
            if refused.status in {401, 503}:
                # What an operator needs to know. It repeats nothing of the token.
                logged["reason"] = str(refused)
            error = {"message": str(refused), "extensions": {"code": refused.code}}
            return _response({"errors": [error], "extensions": extensions}, refused.status, media, refused.headers)
        except Exception:  # noqa: BLE001 the last place where it can become a GraphQL response
            # Errors of resolvers are in the response already. This one happened before or after they ran.
            _log.exception("internal error")
            self._observe(OperationRecord(codes=("INTERNAL",)))
            error = _found_by({"message": "internal error", "extensions": {"code": "INTERNAL"}}, extensions)
            return _response({"errors": [error], "extensions": extensions}, 500, media, {})

    async def _admitted(
        self, serving: Serving, scope: Scope, logged: dict[str, Any], extensions: dict[str, Any]
    ) -> Caller:
        # Before the body is read: a caller without a valid token costs no more than this.
        caller = await self._caller(serving.authenticator, scope)
        logged["caller"] = caller.key
        budgets = serving.budgets
        _take(lambda: budgets.take_request(caller.key), budgets, caller, extensions)
        return caller

    async def _signed_in(
        self,
        serving: Serving,
        scope: Scope,
        sent: bytes,
        caller: Caller,
        media: str,
        logged: dict[str, Any],
        extensions: dict[str, Any],
    ) -> Response | JsonAnswer | StreamedAnswer:
        if not serving.is_direct:
            request_sent(scope["method"], sent)
        token = serving.authenticator.token(scope["headers"])
        key = None if serving.kept is None or media in STREAMS else serving.kept.key(caller, token, _named(scope, sent))
        if serving.kept is not None and key is not None:
            found = serving.kept.find(key, caller)
            if found is not None:
                return self._given_again(serving, scope, found, caller, media, logged, extensions)
        return await self._run(serving, scope, sent, caller, token, media, logged, extensions, key)

    async def _run(
        self,
        serving: Serving,
        scope: Scope,
        sent: bytes,
        caller: Caller,
        token: str | None,
        media: str,
        logged: dict[str, Any],
        extensions: dict[str, Any],
        key: Key | None,
    ) -> Response | JsonAnswer | StreamedAnswer:
        # Only now: a kept answer is found by the bytes of a request that was well-formed before.
        request = request_sent(scope["method"], sent)
        stream = preferred_stream(header(scope, b"accept"))
        try:
            text = requested_document(serving.documents, request)
            operation = serving.execution.read(
                text, request.operation_name, request.variables, is_streamed=stream is not None
            )
        except RequestError as error:
            self._observe(OperationRecord(codes=codes_of(error.answer)))
            if media == EVENT_STREAM:
                return _streamed(serving.streams, media, _once(error.answer), None)
            return _answered(error.answer, media, extensions)
        if request.query is not None:
            serving.documents.keep(text, request.document)
        if operation.name is not None:
            logged["operation"] = operation.name[:LONGEST]
        if operation.is_mutation and not request.may_write:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Send mutations by POST.", {"Allow": "POST"})
        budgets = serving.budgets
        _take(lambda: budgets.take_cost(caller.key, operation.cost), budgets, caller, extensions)
        if operation.is_incremental:
            client = _client(scope, caller, token)
            accept, found_by = header(scope, b"accept"), extensions["requestId"]
            parts = await incremental_answer(serving.streams, operation, client, found_by, accept=accept, media=media)
            return parts if isinstance(parts, StreamedAnswer) else _answered(parts, media, extensions)
        if stream is not None and (operation.is_subscription or media in STREAMS):
            if stream == MULTIPART and not operation.is_subscription:
                raise RefusedError(406, "NOT_ACCEPTABLE", _OFFERED)
            client = _client(scope, caller, token)
            answers = _responses(serving.streams, operation, client, extensions["requestId"])
            return _streamed(serving.streams, stream, answers, client.expires_at)
        cost = RequestCost()
        keeping = (
            None
            if serving.kept is None or key is None or not serving.execution.may_be_kept(operation)
            else serving.kept.begin(key)
        )
        began = time.monotonic()
        context = CallContext(
            caller=caller,
            token=token,
            request_id=extensions["requestId"],
            asked_at=began,
            operation_records=OperationRecords(),
            has_left=hung_up(scope),
            parts=None if keeping is None else keeping.parts,
        )
        with in_context(context.counted_by(cost).with_deadline(serving.deadlines.of(operation))):
            answer = await serving.execution.run(operation, Context(caller, serving.federation))
        self._observe(
            OperationRecord(
                kind="mutation" if operation.is_mutation else "query",
                name=operation.name,
                codes=codes_of(answer),
                seconds=time.monotonic() - began,
            )
        )
        logged["upstream_calls"] = cost.sent
        logged["waited_ms"] = round(cost.waited_seconds * 1000, 1)
        if answer.ran:
            extensions["taskgate"] = {**_cost(cost), **_remaining(serving.budgets, caller)}
        if not answer.ran or answer.errors or (keeping is None and scope["method"] != "GET"):
            return _answered(answer, media, extensions)
        data = orjson.dumps(answer.data)
        if serving.kept is not None and keeping is not None and key is not None and cost.requests == 0:
            serving.kept.keep(key, keeping, data, caller=caller, cost=operation.cost, name=operation.name)
        return _with_data(data, media, extensions, scope)

    def _given_again(
        self,
        serving: Serving,
        scope: Scope,
        kept: KeptAnswer,
        caller: Caller,
        media: str,
        logged: dict[str, Any],
        extensions: dict[str, Any],
    ) -> Response | JsonAnswer:
        """A kept answer, with what an answer made now would leave in budgets, log and metrics."""
        if kept.name is not None:
            logged["operation"] = kept.name[:LONGEST]
        budgets = serving.budgets
        _take(lambda: budgets.take_cost(caller.key, kept.cost), budgets, caller, extensions)
        self._observe(OperationRecord(kind="query", name=kept.name))
        logged["upstream_calls"] = 0
        logged["waited_ms"] = 0.0
        extensions["taskgate"] = {**_cost(RequestCost()), **_remaining(budgets, caller)}
        return _with_data(kept.data, media, extensions, scope)

    async def _caller(self, authenticator: Authenticator, scope: Scope) -> Caller:
        try:
            return await authenticator.caller(scope["headers"])
        except UnauthenticatedCallerError as error:
            challenge = error.challenge(self._resource_metadata(scope))
            raise RefusedError(401, "UNAUTHENTICATED", str(error), {"WWW-Authenticate": challenge}) from error
        except SignInUnavailableError as error:
            headers = {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
            raise RefusedError(503, "SIGN_IN_UNAVAILABLE", str(error), headers) from error


def _take(take: Callable[[], None], budgets: CallerBudgets, caller: Caller, extensions: dict[str, Any]) -> None:
    """What a request takes from the caller's budget. A refusal tells what is left of it."""
    try:
        take()
    except RefusedError:
        extensions["taskgate"] = _remaining(budgets, caller)
        raise


def _remaining(budgets: CallerBudgets, caller: Caller) -> dict[str, Any]:
    left = budgets.remaining(caller.key)
    return {} if left is None else {"callerRemaining": left}


def _cost(cost: RequestCost) -> dict[str, Any]:
    """For `extensions.taskgate`: what the operation cost upstream, without what other people's tasks cost."""
    told = cost.told
    return {
        "upstreamCalls": told.sent,
        "waits": told.waits,
        "waitedMs": round(told.waited_seconds * 1000, 1),
        "retries": told.retries,
        "refusals": told.refusals,
    }


def _answered(answer: GraphQLResponse, media: str, extensions: Mapping[str, Any]) -> JsonAnswer:
    """200; where nothing was executed, 400 under the newer media type.

    GraphQL over HTTP: under application/json a client could not tell our 400 from one of a proxy.
    """
    written = answer.written()
    if "errors" in written:
        written["errors"] = [_found_by(error, extensions) for error in written["errors"]]
    return _response({**written, "extensions": extensions}, 200 if answer.ran or media == JSON else 400, media, {})


def _with_data(data: bytes, media: str, extensions: Mapping[str, Any], scope: Scope) -> Response | JsonAnswer:
    """As `_answered`, of an answer without errors whose data are written. By GET it has a tag; 304 if the client has it."""
    headers: dict[str, str] = {}
    if scope["method"] == "GET":
        tag = entity_tag(media, data)
        headers = {**_REVALIDATED, "ETag": tag}
        if is_known(header(scope, b"if-none-match"), tag):
            return Response(status_code=304, headers={**_HEADERS, **headers})
    return _written(b'{"data":%b,"extensions":%b}' % (data, orjson.dumps(extensions)), 200, media, headers)


def _named(scope: Scope, sent: bytes) -> bytes:
    """What kept answers know a request by. A body may be the bytes of another one's query string."""
    method: str = scope["method"]
    return b"%b %b" % (method.encode(), sent)


def _found_by(error: dict[str, Any], extensions: Mapping[str, Any]) -> dict[str, Any]:
    """An INTERNAL error with the request id, by which its reason is found in the log: clients often show errors alone."""
    told = error.get("extensions", {})
    if told.get("code") != "INTERNAL":
        return error
    return {**error, "extensions": {**told, "requestId": extensions["requestId"]}}


def _opens_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and prefers_html(header(scope, b"accept")) and not asks(scope["query_string"])


def _media_type(scope: Scope) -> str:
    """Of a single answer, or of a stream where the client takes nothing else."""
    accept = header(scope, b"accept")
    media = preferred(accept) or preferred_stream(accept)
    if media is None:
        raise RefusedError(406, "NOT_ACCEPTABLE", _OFFERED)
    return media


async def _responses(
    streams: OperationStreams, operation: GraphQLOperation, client: SignedInClient, request_id: str
) -> Responses:
    async with aclosing(streams.responses(operation, client, request_id)) as responses:
        async for response in responses:
            yield with_request_id(response.written(), request_id), response.ran


async def _once(response: GraphQLResponse) -> Responses:
    yield response.written(), response.ran


def _streamed(streams: OperationStreams, media: str, responses: Responses, expires_at: float | None) -> StreamedAnswer:
    framing = EventStream() if media == EVENT_STREAM else Multipart()
    return StreamedAnswer(framing, responses, ending=streams.ending, expires_at=expires_at)


def _client(scope: Scope, caller: Caller, token: str | None) -> SignedInClient:
    sent = header(scope, b"authorization")
    bearer = None if sent is None else sent.partition(" ")[2].strip()
    return SignedInClient(caller=caller, token=token, expires_at=end_of(bearer))


def _response(content: dict[str, Any], status: int, media: str, headers: dict[str, str]) -> JsonAnswer:
    return _written(orjson.dumps(content), status, media, headers)


def _written(content: bytes, status: int, media: str, headers: dict[str, str]) -> JsonAnswer:
    # A single answer to a client that takes streams only is a refusal.
    media = JSON if media in STREAMS else media
    return JsonAnswer(content, status, _FIXED[media], headers)

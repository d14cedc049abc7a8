"""GraphQL over WebSocket: the protocol graphql-transport-ws.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack, aclosing
from typing import Any

import orjson
import structlog
from starlette.types import Message, Receive, Scope, Send

from gateway.auth import SignInUnavailableError, UnauthenticatedCallerError
from gateway.http.access_log import LONGEST
from gateway.http.incremental_answer import NOT_IN_PARTS
from gateway.http.operation_streams import SignedInClient, with_request_id
from gateway.http.origins import may_connect
from gateway.http.request import GraphQLRequest, RefusedError, json_of, request_of
from gateway.http.request_id import request_id
from gateway.http.requested_document import requested_document
from gateway.http.serving import Serving
from gateway.http.token_end import end_of
from schema.execution import RequestError

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
PING_SECONDS = 15.0
UNKNOWN_BYTES = 16 * 1024
"""Bytes of a message from a client that has not signed in yet."""
LONGEST_ID = 200

BAD, UNAUTHORIZED, FORBIDDEN, BAD_PROTOCOL = 4400, 4401, 4403, 4406
INIT_TIMEOUT, SUBSCRIBER_EXISTS, TOO_MANY = 4408, 4409, 4429
GOING_AWAY, TRY_LATER = 4001, 1013

_log = structlog.get_logger("taskgate.http")


class _CloseError(Exception):
    """The socket is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class GraphQLSockets:
    """The ASGI endpoint. `close_all` ends all sockets with 4001, so that clients connect again elsewhere."""

    def __init__(
        self,
        serving: Callable[[], AbstractContextManager[Serving]],
        *,
        origins: Callable[[], Collection[str]] = tuple,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`serving` is entered for sign-in and for each query and mutation, as for requests; `origins` may open sockets."""
        self._serving = serving
        self._origins = origins
        self._now = now
        self._open: set[_Socket] = set()
        self._is_closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if not may_connect(scope, self._origins()) or self._is_closing:
            # Before it was accepted: the client gets 403.
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": BAD_PROTOCOL, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        socket = _Socket(self._serving, scope, receive, send, now=self._now)
        self._open.add(socket)
        began = time.perf_counter()
        try:
            await socket.serve()
        finally:
            self._open.discard(socket)
            _log.info("socket", ms=round((time.perf_counter() - began) * 1000, 1), **socket.logged)

    @property
    def open(self) -> int:
        """Sockets that are open now."""
        return len(self._open)

    def close_all(self, *, for_ever: bool = False) -> None:
        """`for_ever`: no further one is opened."""
        self._is_closing = self._is_closing or for_ever
        for socket in self._open:
            socket.end(GOING_AWAY, "Connect again.")


class _Socket:
    """One socket."""

    def __init__(
        self,
        serving: Callable[[], AbstractContextManager[Serving]],
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        now: Callable[[], float],
    ) -> None:
        self._serving = serving
        self._scope, self._receive, self._send = scope, receive, send
        with serving() as present:
            self._max_bytes, self._per_connection = present.max_body_bytes, present.streams.per_connection
        self._now = now
        self._id = request_id(scope)
        self._has_init = False
        self._client: SignedInClient | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        # They end by themselves: a write that was sent is not cut off.
        self._writing: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._expiry: asyncio.TimerHandle | None = None
        self._is_gone = False
        self.logged: dict[str, Any] = {"request": self._id}

    def end(self, code: int, reason: str) -> None:
        if not self._ending.done():
            self._ending.set_result((code, reason))

    async def serve(self) -> None:
        """Until the client leaves, or `end` is called."""
        reading, pinging = asyncio.create_task(self._read()), asyncio.create_task(self._keep_alive())
        waited: list[asyncio.Future[Any]] = [reading, pinging, self._ending]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not reading.cancelled() and reading.exception() is not None:
                _log.error("internal error", exc_info=reading.exception())
                self.end(1011, "internal error")
        finally:
            if self._expiry is not None:
                self._expiry.cancel()
            tasks = [reading, pinging, *(task for task in self._running.values() if task not in self._writing)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._ending.done() and not self._is_gone:
                code, reason = self._ending.result()
                self.logged["code"] = code
                await self._out({"type": "websocket.close", "code": code, "reason": reason})
            self._is_gone = True
            await asyncio.gather(*self._writing, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS) as waiting:
                while (message := await self._receive())["type"] == "websocket.receive":
                    if await self._take(self._decoded(message)):
                        waiting.reschedule(None)
            self._is_gone = True
            self.logged["code"] = message.get("code")
        except TimeoutError:
            self.end(INIT_TIMEOUT, "Connection initialisation timeout")
        except _CloseError as closing:
            self.end(closing.code, closing.reason)

    async def _keep_alive(self) -> None:
        """Pings, so that no proxy in between takes the socket for dead; and the end of the token."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            if self._client is not None:
                await self._tell({"type": "ping"})

    def _decoded(self, message: Message) -> dict[str, Any]:
        text = message.get("text")
        most = UNKNOWN_BYTES if self._client is None else self._max_bytes
        if text is None or len(text) > most or len(text.encode(errors="replace")) > most:
            raise _CloseError(BAD, "Invalid message received")
        try:
            found = json_of(text.encode(), "The message")
        except (RefusedError, UnicodeEncodeError):
            raise _CloseError(BAD, "Invalid message received") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise _CloseError(BAD, "Invalid message received")
        return found

    async def _take(self, message: dict[str, Any]) -> bool:
        """Whether the client is signed in after this message."""
        match message["type"]:
            case "connection_init":
                await self._sign_in(_payload_of(message))
            case "ping":
                payload = _payload_of(message)
                await self._tell({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "pong":
                _payload_of(message)
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._running.pop(_id_of(message), None)
                if task is not None and task not in self._writing:
                    task.cancel()
            case _:
                raise _CloseError(BAD, "Invalid message received")
        return self._client is not None

    async def _sign_in(self, payload: dict[str, Any] | None) -> None:
        if self._has_init:
            raise _CloseError(TOO_MANY, "Too many initialisation requests")
        self._has_init = True
        headers = _headers_of(payload, self._scope["headers"])
        try:
            with self._serving() as serving:
                caller = await serving.authenticator.caller(headers)
                token = serving.authenticator.token(headers)
        except UnauthenticatedCallerError as error:
            self.logged["reason"] = str(error)
            raise _CloseError(FORBIDDEN, "Forbidden") from None
        except SignInUnavailableError as error:
            self.logged["reason"] = str(error)
            raise _CloseError(TRY_LATER, "Sign-in is not available now; try again.") from None
        self.logged["caller"] = caller.key
        sent = [value for name, value in headers if name == b"authorization"]
        bearer = sent[0].partition(b" ")[2].strip().decode("latin-1") if sent else None
        end = end_of(bearer)
        self._client = SignedInClient(caller=caller, token=token, expires_at=end)
        if end is not None:
            left = max(0.0, end - self._now())
            self._expiry = asyncio.get_running_loop().call_later(left, self.end, FORBIDDEN, "The token has expired.")
        await self._tell({"type": "connection_ack"})

    # Operations

    def _subscribe(self, message: dict[str, Any]) -> None:
        operation_id, client = _id_of(message), self._client
        if client is None:
            raise _CloseError(UNAUTHORIZED, "Unauthorized")
        payload = message.get("payload")
        if not isinstance(payload, dict):
            raise _CloseError(BAD, "Invalid message received")
        try:
            request = request_of(payload)
        except RefusedError as refused:
            raise _CloseError(BAD, str(refused)) from None
        if operation_id in self._running:
            raise _CloseError(SUBSCRIBER_EXISTS, f"Subscriber for {operation_id} already exists")
        if len(self._running) + len(self._writing) >= self._per_connection:
            raise _CloseError(TOO_MANY, "Too many subscriptions")
        task = asyncio.get_running_loop().create_task(self._run(operation_id, request, client))
        self._running[operation_id] = task
        task.add_done_callback(lambda done: self._ended(operation_id, done))

    def _ended(self, operation_id: str, task: "asyncio.Task[None]") -> None:
        self._writing.discard(task)
        if self._running.get(operation_id) is task:
            del self._running[operation_id]

    async def _run(self, operation_id: str, request: GraphQLRequest, client: SignedInClient) -> None:
        this = asyncio.current_task()
        try:
            errors = await self._told(operation_id, request, client, this)
        except RefusedError as refused:
            errors = [{"message": str(refused), "extensions": {"code": refused.code}}]
        except Exception:  # noqa: BLE001 the last place where it can become a message
            _log.exception("internal error")
            errors = [{"message": "internal error", "extensions": {"code": "INTERNAL", "requestId": self._id}}]
        if self._ending.done():
            # No mark of the end: the client is to come back.
            return
        if self._running.get(operation_id) is this:
            # From here on the client may use the id again.
            del self._running[operation_id]
            if errors is None:
                await self._tell({"id": operation_id, "type": "complete"})
            else:
                await self._tell({"id": operation_id, "type": "error", "payload": errors})

    async def _told(
        self,
        operation_id: str,
        request: GraphQLRequest,
        client: SignedInClient,
        this: "asyncio.Task[Any] | None",
    ) -> list[dict[str, Any]] | None:
        """Sends what the operation gives; the errors if it gives nothing."""
        with ExitStack() as pinned:
            serving = pinned.enter_context(self._serving())
            serving.budgets.take_request(client.caller.key)
            try:
                text = requested_document(serving.documents, request)
                operation = serving.execution.read(text, request.operation_name, request.variables, is_streamed=True)
            except RequestError as error:
                return error.answer.errors
            if operation.is_incremental:
                # The protocol's `next` carries whole answers.
                raise RefusedError(406, "NOT_ACCEPTABLE", f"{NOT_IN_PARTS} Send it over HTTP.")
            if request.query is not None:
                serving.documents.keep(text, request.document)
            serving.budgets.take_cost(client.caller.key, operation.cost)
            if operation.is_mutation and this is not None:
                self._writing.add(this)
            if operation.name is not None:
                self.logged["operation"] = operation.name[:LONGEST]
            if operation.is_subscription:
                # It ends with a reload. What is closed then must not wait for it.
                pinned.close()
            async with aclosing(serving.streams.responses(operation, client, self._id)) as responses:
                async for response in responses:
                    written = with_request_id(response.written(), self._id)
                    if not response.ran:
                        errors: list[dict[str, Any]] = written["errors"]
                        return errors
                    await self._tell({"id": operation_id, "type": "next", "payload": written})
        return None

    # Sending

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._out({"type": "websocket.send", "text": orjson.dumps(message).decode()})

    async def _out(self, message: Message) -> None:
        if self._is_gone:
            return
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            # It was closed meanwhile.
            self._is_gone = True


def _payload_of(message: dict[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if not isinstance(payload, dict | None):
        raise _CloseError(BAD, "Invalid message received")
    return payload


def _id_of(message: dict[str, Any]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise _CloseError(BAD, "Invalid message received")
    return found


def _headers_of(payload: dict[str, Any] | None, headers: Collection[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of the handshake; `Authorization` of the payload, also within its `headers`, stands for a missing one."""
    found = [(name, value) for name, value in headers if name == b"authorization"]
    if found or payload is None:
        return found
    inner = payload.get("headers")
    for members in (payload, inner if isinstance(inner, dict) else {}):
        for name, value in members.items():
            if name.lower() == "authorization" and isinstance(value, str):
                found.append((b"authorization", value.encode("latin-1", errors="replace")))
    return found

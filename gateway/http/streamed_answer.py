"""Answers that are streams: server-sent events (graphql-sse, distinct connections), multipart subscriptions and parts.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any, Protocol

import orjson
from starlette.types import Receive, Scope, Send

from gateway.http.media_types import EVENT_STREAM, MULTIPART

PING_SECONDS = 15.0


class Framing(Protocol):
    """How responses are written. `opening` makes proxies pass on the head at once."""

    @property
    def media_type(self) -> str: ...
    @property
    def opening(self) -> bytes: ...
    @property
    def ping(self) -> bytes: ...
    @property
    def closing(self) -> bytes: ...

    def frame(self, response: Mapping[str, Any], *, ran: bool) -> bytes:
        """`ran` False: nothing was executed, and nothing follows."""
        ...


class EventStream:
    """Lines end with a line feed alone: some clients split at nothing else."""

    media_type = f"{EVENT_STREAM}; charset=utf-8"
    opening = b":\n\n"
    ping = b":\n\n"
    closing = b"event: complete\ndata:\n\n"

    def frame(self, response: Mapping[str, Any], *, ran: bool) -> bytes:
        return b"event: next\ndata: %b\n\n" % orjson.dumps(response)


class Multipart:
    """Subscriptions. Each part ends with the next boundary, so that the client can read it at once."""

    media_type = f"{MULTIPART}; boundary=graphql; subscriptionSpec=1.0"
    opening = b"\r\n--graphql"
    closing = b"--\r\n"

    @property
    def ping(self) -> bytes:
        return _part(b"{}")

    def frame(self, response: Mapping[str, Any], *, ran: bool) -> bytes:
        told = {"payload": response} if ran else {"payload": None, "errors": response["errors"]}
        return _part(orjson.dumps(told))


class IncrementalMultipart:
    """An answer in parts, for @defer and @stream. `spec` is the parameter that the client named, and is told back.

    https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md
    """

    opening, closing = Multipart.opening, Multipart.closing
    # Its readers know no empty part, and it ends within the deadline of the query.
    ping = b""

    def __init__(self, spec: str | None) -> None:
        self.media_type = f"{MULTIPART}; boundary=graphql" + ("" if spec is None else f"; {spec}")

    def frame(self, response: Mapping[str, Any], *, ran: bool) -> bytes:
        return _part(orjson.dumps(response))


def _part(body: bytes) -> bytes:
    return b"\r\nContent-Type: application/json\r\n\r\n%b\r\n--graphql" % body


_HEADERS = {
    "cache-control": "private, no-store",
    "vary": "Accept, Authorization",
    "x-content-type-options": "nosniff",
    # nginx would hold events back.
    "x-accel-buffering": "no",
    # Compression would hold them back, too.
    "content-encoding": "identity",
}

Responses = AsyncGenerator[tuple[Mapping[str, Any], bool], None]
"""Responses as they are sent, and whether anything was executed."""


class StreamedAnswer:
    """An ASGI response. It is cut off, without the mark of the end, at `expires_at` and when `ending` is set.

    Clients connect again after that: the mark would say that no event will ever follow.
    """

    def __init__(
        self,
        framing: Framing,
        responses: Responses,
        *,
        ending: asyncio.Event,
        expires_at: float | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._framing = framing
        self._responses = responses
        self._ending = ending
        self._expires_at = expires_at
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {**_HEADERS, "content-type": self._framing.media_type}
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
        )
        pump = asyncio.create_task(self._pump(send))
        others = [
            asyncio.create_task(each)
            for each in (self._ping(send), _until_gone(receive), self._ending.wait(), self._until_expired())
        ]
        try:
            await asyncio.wait([pump, *others], return_when=asyncio.FIRST_COMPLETED)
            is_whole = pump.done() and not self._ending.is_set()
        finally:
            for task in (pump, *others):
                task.cancel()
            await asyncio.gather(pump, *others, return_exceptions=True)
        with suppress(OSError):
            await _write(send, self._framing.closing if is_whole else b"", more=False)

    async def _pump(self, send: Send) -> None:
        await _write(send, self._framing.opening)
        async with aclosing(self._responses) as responses:
            async for response, ran in responses:
                await _write(send, self._framing.frame(response, ran=ran))

    async def _ping(self, send: Send) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            await _write(send, self._framing.ping)

    async def _until_expired(self) -> None:
        if self._expires_at is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(max(0.0, self._expires_at - self._now()))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})

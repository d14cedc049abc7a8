"""The control interface in front of a stand-in: recording, faults, limits, fresh data.

Requests and answers are held in memory as a whole, so that a fault can replace the answer to an applied change.
"""

import asyncio
import html
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.faults import Fault, Faults
from sandbox.offers import offers
from sandbox.rate_limit import RateLimit
from sandbox.recording import RecordedRequest, Recording, masked_headers, masked_text
from sandbox.stand_in import Limits, StandIn, iso_millis

PREFIX = "/__sandbox__/"
CUT = "sandbox.cut"
"""ASGI extension of the sandbox's server: a function that ends the connection, with a reset if its argument is true."""

DEFAULT_TASKS = 40
DEFAULT_SEED = 7


class ResetRequest(msgspec.Struct, forbid_unknown_fields=True):
    tasks: int = DEFAULT_TASKS
    seed: int = DEFAULT_SEED
    now: datetime | None = None
    scenario: str | None = None


class SettingsRequest(msgspec.Struct, forbid_unknown_fields=True):
    read_lag_ms: int = 0
    read_cache_ms: int = 0
    row_ms: float = 0


class RateLimitRequest(msgspec.Struct, forbid_unknown_fields=True):
    limit: int | None = None
    write_limit: int | None = None
    window_ms: int = 60_000


@dataclass(slots=True)
class _Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


T = TypeVar("T")


class Control:
    """ASGI middleware. It waits `latency_ms` before every request except those to the control interface."""

    def __init__(self, stand_in: StandIn, *, latency_ms: float = 0) -> None:
        self.stand_in = stand_in
        self._latency = latency_ms / 1000
        self._recording = Recording()
        self._faults = Faults()
        limits = stand_in.default_limits()
        self._rate_limit = None if limits is None else RateLimit(limits, stand_in.clock)
        bodies: dict[str, type[msgspec.Struct]] = {
            "reset": ResetRequest,
            "settings": SettingsRequest,
            "rate-limit": RateLimitRequest,
        }
        self._routes: dict[tuple[str, str], Callable[[bytes], Response | None]] = {
            ("GET", ""): lambda _: _json(offers(stand_in.vendor, PREFIX, bodies), option=orjson.OPT_INDENT_2),
            ("GET", "requests"): lambda _: _json({"requests": [asdict(each) for each in self._recording.all()]}),
            ("DELETE", "requests"): lambda _: self._recording.clear(),
            ("GET", "effects"): lambda _: _json({"effects": [asdict(each) for each in stand_in.effects.all()]}),
            ("DELETE", "effects"): lambda _: stand_in.effects.clear(),
            ("POST", "faults"): lambda body: self._faults.plant(_decode(body, Fault)),
            ("DELETE", "faults"): lambda _: self._faults.clear(),
            ("POST", "reset"): lambda body: self._reset(_decode(body, ResetRequest)),
            ("POST", "settings"): lambda body: self._set(_decode(body, SettingsRequest)),
            ("POST", "rate-limit"): lambda body: self._limit(_decode(body, RateLimitRequest)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.stand_in(scope, receive, send)
            return
        body = await _whole_body(receive)
        if f"{scope['path']}/".startswith(PREFIX):
            await self._control(
                scope["method"], scope["path"].removeprefix(PREFIX.rstrip("/")).removeprefix("/"), body
            )(scope, receive, send)
            return
        if scope["method"] == "GET" and re.fullmatch(self.stand_in.page_paths or "(?!)", scope["path"]):
            await _page(self.stand_in.vendor, scope["path"])(scope, receive, send)
            return
        if self._latency:
            await asyncio.sleep(self._latency)
        await self._vendor(scope, body, receive, send)

    def _control(self, method: str, name: str, body: bytes) -> Response:
        route = self._routes.get((method, name))
        if route is None:
            known = any(name == path for _, path in self._routes)
            return _json({"error": f"no {method} of {PREFIX}{name}"}, 405 if known else 404)
        try:
            return route(body) or Response(status_code=204)
        except (msgspec.DecodeError, re.error, ValueError) as error:
            return _json({"error": str(error)}, 400)

    async def _vendor(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        method, path = scope["method"], (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        record = RecordedRequest(
            iso_millis(self.stand_in.clock()),
            method,
            path,
            scope["query_string"].decode("latin-1"),
            None,
            masked_headers(scope["headers"]),
            masked_text(body.decode(errors="replace")),
        )
        self._recording.add(record)
        headers: dict[str, str] = {}
        if self._rate_limit is not None:
            admission = self._rate_limit.admit(write=self.stand_in.is_write(method, path))
            headers = self.stand_in.rate_headers(admission.limit, admission.remaining, admission.reset_epoch)
            if admission.retry_after_s is not None:
                refusal = self.stand_in.rate_limited(admission.retry_after_s, headers)
                record.status = refusal.status_code
                await refusal(scope, receive, send)
                return
        fault = self._faults.take(method, path)
        answer = await self._answer(fault, scope, body, receive)
        if answer is None:
            await _cut(scope, receive, reset=True)
            return
        record.status = answer.status
        answer.headers.extend((name.lower().encode(), value.encode()) for name, value in headers.items())
        await _send(answer, scope, receive, send, truncated=fault is not None and fault.kind == "truncate")

    async def _answer(self, fault: Fault | None, scope: Scope, body: bytes, receive: Receive) -> _Answer | None:
        """Answer the request, or do what the fault says. None: the connection is to be reset."""
        if fault is None:
            return await _call(self.stand_in, scope, body, receive)
        if fault.kind in ("delay", "status", "reset_before"):
            await asyncio.sleep(fault.delay_ms / 1000)
            if fault.kind == "status":
                return _planted(fault)
            return await _call(self.stand_in, scope, body, receive) if fault.kind == "delay" else None
        applied = await _call(self.stand_in, scope, body, receive)
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.kind == "status_after":
            return _planted(fault)
        if fault.kind == "reset_after":
            return None
        if fault.kind == "malformed":
            return _Answer(200, [(b"content-type", b"application/json")], b'{"items": [{"broken": ')
        return applied

    def _reset(self, wanted: ResetRequest) -> None:
        """Make fresh data. Clear recording, faults and effects: they belong to the old data."""
        self.stand_in.reset(tasks=wanted.tasks, seed=wanted.seed, now=wanted.now, scenario=wanted.scenario)
        self.stand_in.effects.clear()
        self._recording.clear()
        self._faults.clear()

    def _set(self, wanted: SettingsRequest) -> None:
        self.stand_in.settings.read_lag_ms = wanted.read_lag_ms
        self.stand_in.settings.read_cache_ms = wanted.read_cache_ms
        self.stand_in.settings.row_ms = wanted.row_ms

    def _limit(self, wanted: RateLimitRequest) -> None:
        if wanted.limit is None:
            self._rate_limit = None
        else:
            limits = Limits(wanted.limit, wanted.write_limit, wanted.window_ms)
            self._rate_limit = RateLimit(limits, self.stand_in.clock)


def _page(vendor: str, path: str) -> Response:
    """In place of the vendor's own page, so that links for people lead somewhere."""
    shown = html.escape(path.rsplit("/", 1)[-1])
    return HTMLResponse(f"<!doctype html><title>{vendor}</title><p>{vendor}'s page of {shown}: a stand-in has no more.")


def _decode(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(body or b"{}", type=kind)


def _json(content: Any, status: int = 200, *, option: int = 0) -> Response:
    return Response(orjson.dumps(content, option=option), status, media_type="application/json")


async def _whole_body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)


async def _call(stand_in: StandIn, scope: Scope, body: bytes, receive: Receive) -> _Answer:
    answer = _Answer(500, [], b"")
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    await stand_in(scope, replay, collect)
    return answer


def _planted(fault: Fault) -> _Answer:
    content, kind = fault.content()
    headers = {"content-type": kind} | {name.lower(): value for name, value in fault.headers.items()}
    return _Answer(fault.status, [(name.encode(), value.encode()) for name, value in headers.items()], content)


async def _send(answer: _Answer, scope: Scope, receive: Receive, send: Send, *, truncated: bool) -> None:
    headers = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
    if answer.status >= 200 and answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if truncated:
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await _cut(scope, receive, reset=False)
    else:
        await send({"type": "http.response.body", "body": answer.body})


async def _cut(scope: Scope, receive: Receive, *, reset: bool) -> None:
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        raise ConnectionResetError("the sandbox cut the connection")
    cut(reset)
    # Wait until the server knows of the disconnect: before that, it treats an incomplete answer as an error.
    while (await receive())["type"] != "http.disconnect":
        pass

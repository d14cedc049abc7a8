"""A transport through which reads show earlier writes: it waits for the engine's export and measures the delay."""

import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx2

from tests.real.cluster import Answer, until

_TASK = re.compile(r"(.*/v2)/user-tasks/(-?\d+)(/assignment|/assignee|/completion|)$")
_CANCELLATION = re.compile(r"(.*/v2)/process-instances/(-?\d+)/cancellation$")
_CREATION = re.compile(r"(.*/v2)/process-instances$")

Shown = Callable[[], Awaitable[bool]]


class Settled(httpx2.AsyncBaseTransport):
    """`lags` are the seconds between a write's answer and the first read that shows it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.lags: list[float] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if request.method == "GET" or response.status_code not in {200, 204} or request.url.path.endswith("/search"):
            return response
        body = await response.aread()
        await response.aclose()
        shown = self._shown(request, body)
        if shown is not None:
            began = time.monotonic()
            await until(shown, bool)
            self.lags.append(time.monotonic() - began)
        kept = {name: value for name, value in response.headers.items() if name != "content-encoding"}
        # The body must still be read, as from a socket.
        return httpx2.Response(response.status_code, headers=kept, stream=httpx2.ByteStream(body))

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _shown(self, request: httpx2.Request, answered: bytes) -> Shown | None:
        """A function that tells whether reads show the write; None for a write that changes no readable data."""
        url, sent = str(request.url), json.loads(request.content or b"{}")
        if match := _TASK.match(url):
            base, key, what = match.groups()
            return lambda: self._task_shows(request, f"{base}/user-tasks/{key}", what, sent)
        if match := _CANCELLATION.match(url):
            base, key = match.groups()
            return lambda: self._ended(request, base, key)
        if match := _CREATION.match(url):
            base, key = match[1], str(json.loads(answered)["processInstanceKey"])
            return lambda: self._has_tasks(request, base, key)
        return None

    async def _ask(self, request: httpx2.Request, method: str, url: str, body: Answer | None = None) -> Answer | None:
        """The answer to another request of the same caller; None unless the status is 200."""
        headers = {"Authorization": request.headers["Authorization"]} if "Authorization" in request.headers else {}
        asked = httpx2.Request(method, url, json=body, headers=headers, extensions=request.extensions)
        response = await self._inner.handle_async_request(asked)
        content = await response.aread()
        await response.aclose()
        answer: Answer | None = json.loads(content) if response.status_code == 200 else None
        return answer

    async def _task_shows(self, request: httpx2.Request, url: str, what: str, sent: Answer) -> bool:
        row = await self._ask(request, "GET", url)
        if row is None:
            return False
        if what == "/completion":
            return bool(row["state"] == "COMPLETED")
        if row["state"] != "CREATED":
            return False
        if what == "/assignment":
            return bool(row["assignee"] == sent["assignee"])
        if what == "/assignee":
            return not row["assignee"]
        return all(_same(value, row[name]) for name, value in sent.get("changeset", {}).items() if value is not None)

    async def _ended(self, request: httpx2.Request, base: str, key: str) -> bool:
        instance = await self._ask(request, "GET", f"{base}/process-instances/{key}")
        open_tasks = {"filter": {"processInstanceKey": key, "state": {"$in": ["CREATED", "CANCELING"]}}}
        left = await self._ask(request, "POST", f"{base}/user-tasks/search", open_tasks)
        return instance is not None and instance["state"] == "TERMINATED" and left is not None and not left["items"]

    async def _has_tasks(self, request: httpx2.Request, base: str, key: str) -> bool:
        open_tasks = {"filter": {"processInstanceKey": key, "state": "CREATED"}}
        there = await self._ask(request, "POST", f"{base}/user-tasks/search", open_tasks)
        return bool(there is not None and there["items"])


def _same(sent: Any, shown: Any) -> bool:
    """Dates are compared as times, and lists without their order. An empty text resets a date."""
    if sent == "":
        return shown is None
    if isinstance(sent, str) and isinstance(shown, str):
        return datetime.fromisoformat(sent) == datetime.fromisoformat(shown)
    if isinstance(sent, list):
        return sorted(sent) == sorted(shown)
    return bool(sent == shown)

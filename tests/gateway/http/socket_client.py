"""A client of the gateway's socket, within the process."""

import asyncio
import json
from typing import Any, Self

import httpx2

PROTOCOL = "graphql-transport-ws"


class Socket:
    """Speaks ASGI with the application of an HTTP client. `closed` is the code of the end."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        headers: dict[str, str] | None = None,
        protocols: tuple[str, ...] = (PROTOCOL,),
    ) -> None:
        self._app: Any = client._transport.app  # type: ignore[attr-defined]
        sent = {"host": "gateway", **(headers or {})}
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("gateway", 80),
            "subprotocols": list(protocols),
            "state": {},
        }
        self._inward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._app(self._scope, self._inward.get, self._outward.put))
        self._inward.put_nowait({"type": "websocket.connect"})
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._running is not None
        self._inward.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self._running, 5)

    async def accepted(self) -> str | None:
        """The chosen protocol."""
        message = await self._next()
        assert message["type"] == "websocket.accept"
        chosen: str | None = message.get("subprotocol")
        return chosen

    async def open(self, token: str | None = None) -> "Socket":
        """Signed in."""
        assert await self.accepted() == PROTOCOL
        payload = {} if token is None else {"payload": {"Authorization": f"Bearer {token}"}}
        self.send({"type": "connection_init", **payload})
        assert await self.receive() == {"type": "connection_ack"}
        return self

    def send(self, message: object) -> None:
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        self._inward.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._inward.put_nowait({"type": "websocket.receive", "bytes": data})

    def subscribe(self, operation_id: str, query: str, **more: Any) -> None:
        self.send({"id": operation_id, "type": "subscribe", "payload": {"query": query, **more}})

    async def receive(self) -> Any:
        message = await self._next()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def closed(self) -> int:
        """The code with which the gateway closes the socket, after whatever else it sends."""
        while (message := await self._next())["type"] != "websocket.close":
            pass
        code: int = message["code"]
        return code

    async def _next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._outward.get(), 5)

"""An answer of JSON that is written already, as ASGI messages."""

from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

RawHeaders = list[tuple[bytes, bytes]]


class JsonAnswer:
    """`fixed` are headers that are as they are sent, `headers` further ones."""

    __slots__ = ("_content", "_headers", "status")

    def __init__(
        self, content: bytes, status: int, fixed: Iterable[tuple[bytes, bytes]], headers: dict[str, str]
    ) -> None:
        self._content = content
        self.status = status
        self._headers: RawHeaders = [*fixed]
        for name, value in headers.items():
            raw = name.lower().encode("latin-1")
            self._headers = [each for each in self._headers if each[0] != raw]
            self._headers.append((raw, value.encode("latin-1")))
        self._headers.append((b"content-length", b"%d" % len(content)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._content})

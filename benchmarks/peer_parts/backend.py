"""The one backend: tasks with assignees and the people, as JSON over REST, at the least cost that Python has."""

import asyncio
from typing import Any
from urllib.parse import unquote

import orjson
import uvloop

TASKS = 100
PEOPLE = 20
ROWS = tuple(
    {
        "id": f"t{number}",
        "title": f"Approve invoice {number}",
        "state": "RESERVED",
        "priorityScore": number % 100,
        "dueAt": f"2026-07-{1 + number % 28:02}T09:00:00.000Z",
        "createdAt": f"2026-06-01T{number // 60:02}:{number % 60:02}:00.000Z",
        "assigneeId": f"u{number % PEOPLE}",
    }
    for number in range(TASKS)
)
USERS = {
    f"u{number}": {"id": f"u{number}", "displayName": f"Person {number}", "email": f"person{number}@example.com"}
    for number in range(PEOPLE)
}


class Backend(asyncio.Protocol):
    """`GET /tasks?first=N`, `GET /users?id=A&id=B`, also `?id=A,B`. `GET /calls` tells how many calls those were so far.
    After `GET /slow?ms=N` each answer to such a call comes N milliseconds later.

    Requests are small and have no body: each ends with its head.
    """

    calls = 0
    seconds = 0.0
    _pages: dict[bytes, bytes] = {}  # noqa: RUF012 shared by all connections on purpose

    def __init__(self) -> None:
        self._waiting = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head, self._waiting = self._waiting[:end], self._waiting[end + 4 :]
            target = head.split(b" ", 2)[1]
            answer = self._answer(target)
            if Backend.seconds and target.startswith((b"/tasks", b"/users")):
                asyncio.get_running_loop().call_later(Backend.seconds, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def _answer(self, target: bytes) -> bytes:
        if target == b"/calls":
            return _response(orjson.dumps(Backend.calls))
        if target.startswith(b"/slow?ms="):
            Backend.seconds = int(target.partition(b"=")[2]) / 1000
            return _response(b"0")
        Backend.calls += 1
        answer = self._pages.get(target)
        if answer is None:
            answer = self._pages[target] = _response(_content(target.decode()))
        return answer


def _content(target: str) -> bytes:
    path, _, query = target.partition("?")
    values = unquote(",".join(pair.partition("=")[2] for pair in query.split("&"))).split(",")
    if path == "/tasks":
        return orjson.dumps({"nodes": ROWS[: int(values[0])]})
    return orjson.dumps([USERS[value] for value in dict.fromkeys(values) if value in USERS])


def _response(content: bytes) -> bytes:
    # The first lets a gateway keep the answer, if it is told to.
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=600\r\ncontent-length: %d\r\n\r\n%b"
        % (len(content), content)
    )


def serve(pipe: Any, other_end: Any) -> None:
    """Sends the port, then serves until the other end of `pipe` is closed there."""
    other_end.close()

    async def served() -> None:
        server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.poll, None)

    uvloop.run(served())

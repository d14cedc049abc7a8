"""A stand-in for Acme Desk: its documented operations with fourteen tickets that are always the same.

`python -m acme_taskgate.stand_in` serves it on a free port and prints the address.
"""

import json
import socket
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

TOKEN = "acme-secret-4711"
LARGEST_PAGE = 100
OPENED = datetime(2026, 6, 1, 8, tzinfo=UTC)
SUBJECTS = ("Refund a double payment", "Send the missing invoice", "Correct the delivery address", "Renew the contract")
TEAMS = ("accounting", "operations", None)

Ticket = dict[str, Any]


def sample() -> dict[str, Ticket]:
    """T-1 to T-9 are open; bob has every fourth of them. T-10 to T-14 are closed."""
    tickets: dict[str, Ticket] = {}
    for number in range(1, 15):
        is_closed, is_taken = number > 9, number % 4 == 0
        opened = OPENED + timedelta(hours=number)
        tickets[f"T-{number}"] = {
            "id": f"T-{number}",
            "status": "closed" if is_closed else "taken" if is_taken else "open",
            "subject": f"{SUBJECTS[number % 4]} ({number})",
            "holder": "bob" if is_taken else None,
            "team": TEAMS[number % 3],
            "opened": _written(opened),
            "due": _written(opened + timedelta(days=7)) if number % 2 else None,
            "closed": _written(opened + timedelta(days=1)) if is_closed else None,
        }
    return tickets


class AcmeStandIn:
    """An ASGI application with tickets of its own."""

    def __init__(self) -> None:
        self.tickets = sample()
        self._app = Starlette(
            routes=[
                Route("/api/me", self._me),
                Route("/api/tickets", self._list),
                Route("/api/tickets/{id}", self._get),
                Route("/api/tickets/{id}/{verb}", self._act, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if Request(scope).headers.get("authorization") == f"Bearer {TOKEN}":
            await self._app(scope, receive, send)
        else:
            await _refused(401, "token")(scope, receive, send)

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"login": "taskgate"})

    async def _list(self, request: Request) -> Response:
        """Oldest first. `after` is the last id of the previous page."""
        params = request.query_params
        limit = params.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= LARGEST_PAGE:
            return _refused(400, "limit")
        rows = list(self.tickets.values())
        if "after" in params:
            if params["after"] not in self.tickets:
                return _refused(400, "after")
            rows = rows[list(self.tickets).index(params["after"]) + 1 :]
        if "closed" in params:
            rows = [row for row in rows if (row["status"] == "closed") is (params["closed"] == "true")]
        page = rows[: int(limit)]
        return JSONResponse({"tickets": page, "next": page[-1]["id"] if len(rows) > len(page) else None})

    async def _get(self, request: Request) -> Response:
        ticket = self.tickets.get(request.path_params["id"])
        return _refused(404, "ticket") if ticket is None else JSONResponse(ticket)

    async def _act(self, request: Request) -> Response:
        ticket = self.tickets.get(request.path_params["id"])
        body = _read(await request.body())
        if ticket is None:
            return _refused(404, "ticket")
        if body is None:
            return _refused(400, "by")
        if ticket["status"] == "closed":
            return _refused(409, "closed")
        match request.path_params["verb"]:
            case "take" if ticket["holder"] is None:
                ticket.update(status="taken", holder=body["by"])
            case "take":
                return _refused(409, "taken")
            case "drop" | "close" if ticket["holder"] != body["by"]:
                return _refused(409, "not_holder")
            case "drop":
                ticket.update(status="open", holder=None)
            case "close":
                ticket.update(status="closed", closed=_written(datetime.now(UTC)), note=body.get("note"))
            case _:
                return _refused(404, "verb")
        return JSONResponse(ticket)


def _read(body: bytes) -> dict[str, str] | None:
    """The body of a verb; None if it does not name the person."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("by"), str) and value["by"] else None


def _refused(status: int, code: str) -> Response:
    return JSONResponse({"code": code}, status)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}/api\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(AcmeStandIn(), log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()

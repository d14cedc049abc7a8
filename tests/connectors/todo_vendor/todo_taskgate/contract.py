"""The contract suite, against a to-do service in memory: `pytest --pyargs todo_taskgate.contract`."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from connectors.sdk import Identity
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport, Reply

from . import TodoConnector, TodoSettings


class FakeTodos:
    """Eight to-dos; bob owns the fourth, the last three are done."""

    def __init__(self) -> None:
        self.todos = {
            str(n): {
                "id": n,
                "title": f"To-do {n}",
                "done": n > 5,
                "owner": "bob" if n == 4 else None,
                "team": "office",
                "due": "2026-06-01T12:00:00Z",
            }
            for n in range(1, 9)
        }

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("Authorization") != "Bearer todo-secret":
            return Reply.json({}, status=401).response()
        match request.method, request.url.path.removeprefix("/api/").split("/"):
            case "GET", ["me"]:
                return Reply.json({"login": "taskgate"}).response()
            case "GET", ["todos"]:
                offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
                todos = list(self.todos.values())
                return Reply.json({"items": todos[offset : offset + limit], "total": len(todos)}).response()
            case "GET", ["todos", todo_id] if todo_id in self.todos:
                return Reply.json(self.todos[todo_id]).response()
            case "POST", ["todos", todo_id, "complete"] if not self.todos[todo_id]["done"]:
                self.todos[todo_id].update(done=True, owner=json.loads(request.content)["by"])
                return Reply.json(self.todos[todo_id]).response()
            case "POST", _:
                return Reply.json({}, status=409).response()
            case _:
                return Reply.json({}, status=404).response()


class TestTodo(ConnectorContract):
    connector_type = TodoConnector

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        return FaultyTransport(httpx2.MockTransport(FakeTodos()))

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> AsyncIterator[TodoConnector]:
        settings = TodoSettings.model_validate(
            {
                "key": "todo",
                "name": "To-dos",
                "base_url": "https://todo.test/api",
                "credentials": {"kind": "bearer", "token": "todo-secret"},
            }
        )
        connector = TodoConnector.open(settings, transport=transport)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        return ContractSample(
            unowned=("1", "2", "3"),
            actor=Identity(native_id="alice", groups=("office",)),
            other=Identity(native_id="bob"),
            unknown_id="99",
        )

"""docs/connectors.md is run: its files are those of a package that passes the suite, its excerpts are verbatim, its snippets work."""

import ast
import inspect
import json
import re
import textwrap
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import connectors.sdk
import connectors.sdk.testing
from connectors.sdk import Capability, Connector, Identity, Listing, Task, TaskState
from connectors.sdk.errors import ConnectorError
from connectors.sdk.settings import NoCredentials
from connectors.sdk.testing import COMMANDS, ConnectorContract, ContractSample, FaultyTransport, Reply
from gateway.settings import load
from tests.connectors.sdk.test_contract_messages import MISTAKES
from tests.connectors.todo_vendor.todo_taskgate import TodoSettings
from tests.connectors.todo_vendor.todo_taskgate.contract import FakeTodos
from tests.connectors.todo_vendor.todo_taskgate.contract import TestTodo as TestTodo  # noqa: PLC0414 the suite of the page
from tests.connectors.todo_vendor.todo_taskgate.more import LargeTodoConnector
from tests.documents import Page

HERE = Path(__file__).parent
GUIDE = Page("docs/connectors.md")
TODO, ACME = HERE / "todo_vendor", HERE / "sixth_vendor"
DOORS = (connectors.sdk, connectors.sdk.testing)
OFFERED = {name for door in DOORS for name in vars(door)["__all__"]}

NAMED_BLOCK = re.compile(r"`((?:acme|todo)_taskgate/\w+\.py)`[^`]*\n\n```python\n(.*?)```", re.DOTALL)
"""A block of code below the name of a file."""


class LargeFake(FakeTodos):
    """With owners that can be set, notes and users."""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("Authorization") != "Bearer todo-secret":
            return Reply.json({}, status=401).response()
        match request.method, request.url.path.removeprefix("/api/").split("/"):
            case "PUT", ["todos", todo_id, "owner"]:
                self.todos[todo_id]["owner"] = json.loads(request.content)["owner"]
                return Reply.json(self.todos[todo_id]).response()
            case "GET", ["todos", _, "notes"]:
                return Reply.json([{"id": 1, "by": "bob", "text": "Soon.", "at": "2026-05-01T08:00:00Z"}]).response()
            case "GET", ["users"]:
                offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
                users = [{"login": login} for login in ("alice", "bob", "carol")]
                return Reply.json({"items": users[offset : offset + limit], "total": 3}).response()
            case _:
                return super().__call__(request)


class TestLargeTodo(ConnectorContract):
    connector_type = LargeTodoConnector

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        return FaultyTransport(httpx2.MockTransport(LargeFake()))

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> AsyncIterator[Connector[Any]]:
        settings = {"key": "todo", "name": "To-dos", "base_url": "https://todo.test/api"}
        credentials = {"kind": "bearer", "token": "todo-secret"}
        connector = LargeTodoConnector.open(
            TodoSettings.model_validate({**settings, "credentials": credentials}), transport=transport
        )
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        alice, bob = Identity(native_id="alice", groups=("office",)), Identity(native_id="bob")
        return ContractSample(unowned=("1", "2", "3"), actor=alice, other=bob, unknown_id="99")


def blocks() -> list[tuple[str | None, str]]:
    """Each Python block, with the file that it is from."""
    named = {code: name for name, code in NAMED_BLOCK.findall(GUIDE.text)}
    return [(named.get(code), code) for code in GUIDE.blocks("python")]


def text_of(name: str) -> str:
    folder = ACME if name.startswith("acme") else TODO
    return (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["todo_taskgate/__init__.py", "todo_taskgate/contract.py"])
def test_the_smallest_example_is_shown_in_full(name: str) -> None:
    """To the letter."""
    assert [text_of(name)] == [code for shown, code in blocks() if shown == name]


def test_the_smallest_example_is_small() -> None:
    assert len(text_of("todo_taskgate/__init__.py").splitlines()) <= 120


def test_the_package_is_described_as_shown() -> None:
    """And its entry point leads to the connector."""
    shown = GUIDE.blocks("toml")[0]
    entry = tomllib.loads(shown)["project"]["entry-points"]["taskgate.connectors"]

    assert (TODO / "pyproject.toml").read_text(encoding="utf-8") == shown
    assert {"todo": "todo_taskgate:TodoConnector"} == entry


def test_excerpts_are_verbatim() -> None:
    """Each part of a block that names a file stands in that file, apart from its indentation."""
    excerpts = [(name, part) for name, code in blocks() if name for part in code.strip("\n").split("\n\n\n")]

    assert len(excerpts) > 12
    assert [] == [(name, part) for name, part in excerpts if part not in text_of(name) and not is_indented(part, name)]


def is_indented(part: str, name: str) -> bool:
    """Whether the file has the lines of `part` one level deeper."""
    return textwrap.indent(part, "    ") in text_of(name)


def test_snippets_work() -> None:
    """Those without the name of a file, one after the other."""
    namespace: dict[str, object] = {}
    snippets = [code for name, code in blocks() if name is None]
    for code in snippets:
        exec(compile(code, "docs/connectors.md", "exec"), namespace)  # noqa: S102 our own page

    assert len(snippets) >= 5


def test_the_configuration_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a vendor of the tree in place of the one of the page, which is not installed here."""
    monkeypatch.setenv("TODO_TOKEN", "t")
    text = GUIDE.blocks("toml")[1].replace('vendor = "todo"', 'vendor = "camunda"')
    path = tmp_path / "taskgate.toml"
    path.write_text(f'[gateway]\nsecret = "a secret of the tests"\n[auth]\nmode = "demo"\n{text}', encoding="utf-8")

    settings = load(path)

    assert "todo" == settings.sources[0].key
    assert ("office",) == settings.people[0].caller().identities["todo"].groups


def defined_in_the_sdk() -> set[str]:
    """Every class of the sdk, private ones left out."""
    root = Path(connectors.sdk.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in root.rglob("*.py")]
    return {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


@pytest.mark.slow
def test_every_name_of_the_sdk_is_offered() -> None:
    """Classes that the page names, and all that its code imports, are in `__all__` of a front door."""
    code = " ".join([*re.findall(r"`([^`\n]+)`", GUIDE.text), *GUIDE.blocks("python")])
    classes = set(re.findall(r"\b[A-Z]\w+", code)) & defined_in_the_sdk()
    imported = {
        alias.name
        for block in GUIDE.blocks("python")
        if "import" in block
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("connectors.sdk")
        for alias in node.names
    }

    assert len(classes) > 40
    assert set() == (classes | imported) - OFFERED


def column(head: str) -> list[str]:
    """The names in the first column of a table."""
    return [name for row in GUIDE.rows(head) for name in re.findall(r"`(\w+)`", row[0])]


def test_tables_list_what_is_there() -> None:
    """Required members, states, arguments of `handles`, members of the sample, kinds of credentials."""
    parameters = inspect.signature(Task).parameters.values()
    required = [each.name for each in parameters if each.default is inspect.Parameter.empty]

    assert required == column("required")
    assert list(TaskState) == column("state")
    assert set(Capability.__struct_fields__) == set(column("argument"))
    assert set(ContractSample.__struct_fields__) == set(column("member of the sample"))
    assert {"transport", "connector", "sample"} == set(column("fixture"))
    assert all(hasattr(Task, member) for member in column("member"))
    assert NoCredentials.__name__ == column("credentials")[0]


def test_methods_are_those_of_a_connector() -> None:
    """The required ones are abstract, the optional ones have a default; each list is named."""
    sentence = GUIDE.text.split("five methods: ", 1)[1].split(". Verbs", 1)[0]
    optional = column("method")

    assert Connector.__abstractmethods__ == set(re.findall(r"`(\w+)`", sentence))
    assert [] == [name for name in optional if not hasattr(Connector, name) or name in Connector.__abstractmethods__]
    assert {f"Listing.{each.name}" for each in Listing} == set(re.findall(r"`(Listing\.\w+)`", GUIDE.text))


def test_defaults_of_a_capability_are_as_shown() -> None:
    shown = {row[0].strip("`"): row[1].strip("`") for row in GUIDE.rows("argument")}
    actual = {field: getattr(Capability(), field) for field in Capability.__struct_fields__}

    assert {name: str(value) if value != "" else '""' for name, value in actual.items() if name != "support"} == {
        name: text for name, text in shown.items() if name != "support"
    }
    assert "Support.NATIVE" == shown["support"]


def test_every_command_is_named() -> None:
    assert [] == [command.__name__ for command in COMMANDS if f"`{command.__name__}`" not in GUIDE.text]


def test_errors_are_those_of_the_sdk() -> None:
    """In the table of answers."""
    named = [re.findall(r"`(\w+)`", row[1])[0] for row in GUIDE.rows("the vendor answers")]

    assert all(issubclass(getattr(connectors.sdk, name), ConnectorError) for name in named)


@pytest.mark.parametrize("row", GUIDE.rows("mistake"), ids=lambda row: row[0])
def test_a_failure_says_what_the_page_says(row: list[str]) -> None:
    """The messages are those of the broken connectors in the tests of the suite."""
    assert [] != [message for *_, message in MISTAKES if row[1] in message]

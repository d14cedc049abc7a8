"""A Chromium that opens pages of a gateway on this machine and reaches no other host."""

import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from starlette.types import ASGIApp

from gateway.graphiql.assets import is_complete
from tests.clients.conftest import on_a_socket
from tests.conversation import Conversation

HERE = Path(__file__).parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Visit(Struct, frozen=True):
    """The result of each step, requests of the page to other hosts, and errors in the console."""

    told: list[Any]
    abroad: list[str]
    complaints: list[str]


Visitor = Callable[..., Awaitable[Visit]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium: $CHROMIUM, or the first that is installed with a usual name."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("the page is looked at in Chromium, which is not on this machine: install it, or set CHROMIUM")
    return found


@pytest.fixture(scope="session")
def visit(chromium: str) -> Iterator[Visitor]:
    """A function that takes an application and steps of visit.mjs: tuples of name and arguments. One browser makes all
    visits, which reach the application and the origins of `also`.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page is visited by a program of Node.js 20 or newer, which is not on this machine")
    if not (HERE / "node_modules" / ".installed").exists():
        pytest.skip("the packages of tests/browser/package.json are not installed: run make test, which installs them")

    with Conversation([node, HERE / "visit.mjs", chromium], HERE) as browser:

        async def visited(app: ASGIApp, *steps: tuple[str, ...], also: Sequence[str] = ()) -> Visit:
            async with on_a_socket(app) as address:
                seen = await browser.told({"address": address, "steps": steps, "also": also})
                assert "failed" not in seen, seen["failed"]
                return Visit(**seen)

        yield visited


@pytest.fixture
def graphiql_files() -> None:
    """npm's files in the tree."""
    if not is_complete():
        pytest.skip("GraphiQL's files are not here: run make graphiql where Node.js and the npm registry are")

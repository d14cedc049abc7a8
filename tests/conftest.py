"""Shared by all tests: a network that reaches only this machine, marks, and the vendors' API descriptions."""

import gc
import ipaddress
import os
import socket
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from gateway.store.sqlite import SqliteJournal
from schema.compiled import CompiledExecutor
from tests.world import world as world  # noqa: PLC0414 a fixture of all tests

# The number of examples of property tests: HYPOTHESIS_PROFILE is `long` in `make test-long` and `few` in `make check`.
# There are no deadlines, because machines are shared.
settings.register_profile("few", max_examples=10, deadline=None)
settings.register_profile("quick", max_examples=30, deadline=None)
settings.register_profile("long", max_examples=3000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# The default shows each frame with its variables and colours the code, which takes up to a second for each traceback.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Each operation is compiled at once: most tests ask each question once.
CompiledExecutor.plans.warm_up = 1

DESCRIPTIONS = Path(__file__).resolve().parents[2] / "shared" / "specs"


# The parts in which `make test` runs the tests side by side (see the Makefile), and the ports of each: below the ports that
# the system assigns.
PARTS = 4
FIRST_PORT, PORTS = 20_000, 3_000


# Tests with the mark `server` start a server or another program, those with the mark `slow` take more than a
# quarter of a second of CPU time.
# `make check` leaves both out.
SERVER_FIXTURES = {"bridge", "npm_registry", "world"}
SERVER_FOLDERS = {"browser", "clients", "real", "vendor_clients"}
SLOW_FOLDERS = {"sandbox"}
FAST = "not server and not slow"
TESTS = Path(__file__).parent
running: list[pytest.Item] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out folders and contract suites without a test for `make check`: reading them takes seconds."""
    if config.option.markexpr != FAST or not collection_path.is_relative_to(TESTS):
        return None
    parts = collection_path.relative_to(TESTS).parts
    is_marked = parts[:1] and parts[0] in SERVER_FOLDERS | SLOW_FOLDERS
    return True if is_marked or collection_path.match("connectors/*/test_contract.py") else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests are long-lived objects: without this, looking through them again and again for garbage would take a
    tenth of the time of the tests.
    """
    gc.disable()
    result = yield
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that get a server from a fixture or by their folder, tests of stand-ins, and contract suites. Others mark
    themselves.
    """
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        folder = item.path.relative_to(TESTS).parts[0]
        if SERVER_FIXTURES.intersection(fixtures) or folder in SERVER_FOLDERS:
            item.add_marker("server")
        if folder in SLOW_FOLDERS:
            item.add_marker("slow")
        bases = getattr(getattr(item, "cls", None), "__mro__", ())
        if any(base.__name__ == "ConnectorContract" for base in bases):
            item.add_marker("slow")


def pytest_runtest_logstart(nodeid: str) -> None:
    running.clear()


def pytest_runtest_setup(item: pytest.Item) -> None:
    running.append(item)


class UnmarkedServerError(RuntimeError):
    """A test without the mark `server` starts a server: add `pytestmark = pytest.mark.server`."""


@pytest.fixture(autouse=True, scope="session")
def marked_servers() -> Iterator[None]:
    """A test that starts a server without the mark would make `check` slow unnoticed."""

    def guarded(start: Callable[..., Any]) -> Callable[..., Any]:
        def started(*arguments: Any, **options: Any) -> Any:
            if running and running[0].get_closest_marker("server") is None:
                raise UnmarkedServerError(running[0].nodeid)
            return start(*arguments, **options)

        return started

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "listen", guarded(socket.socket.listen))
        patch.setattr(subprocess.Popen, "__init__", guarded(subprocess.Popen.__init__))
        yield


class NetworkClosedError(RuntimeError):
    """Not an OSError: code under test would take that for an unavailable upstream."""


def _is_here(host: object) -> bool:
    if host is None or host in {"", b"", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def closed_network() -> Iterator[None]:
    """Sockets reach only this machine, and no name is looked up."""

    def guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
        def to_here(connection: socket.socket, address: Any) -> Any:
            if connection.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
                raise NetworkClosedError(f"tests reach no other machine: {address}")
            return connect(connection, address)

        return to_here

    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_here(host):
            raise NetworkClosedError(f"tests look up no names: {host}")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", look_up_here)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def api_descriptions() -> Path:
    """The folder of the vendors' API descriptions, with one folder for each vendor."""
    if not DESCRIPTIONS.is_dir():
        pytest.skip("the vendors' API descriptions are not beside this repository (../shared/specs)")
    return DESCRIPTIONS


@pytest.fixture(scope="session")
def own_ports() -> range:
    """Ports that no other part of this run uses, nor another worker of pytest-xdist. Other programs may use them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    part = int(os.environ.get("TEST_PART", worker))
    assert part < PARTS
    return range(FIRST_PORT + part * PORTS, FIRST_PORT + (part + 1) * PORTS)


@pytest.fixture(autouse=True)
def closed_journals() -> Iterator[None]:
    """Journals that a test opens are closed after it: Python warns of a database that is collected open, in a later test."""
    opened: list[SqliteJournal] = []
    opens = SqliteJournal.__init__

    def noted(journal: SqliteJournal, *arguments: Any, **options: Any) -> None:
        opens(journal, *arguments, **options)
        opened.append(journal)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteJournal, "__init__", noted)
        yield
    for journal in opened:
        journal.close()

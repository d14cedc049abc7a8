"""A running Operaton with the processes and people of the stand-in, and a connector on it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.sdk.caller import Identity
from connectors.sdk.testing import FaultyTransport
from tests.real.engine import NOT_THERE, EngineError
from tests.real.operaton.company import Company, client_of
from tests.real.operaton.engine import PASSWORD, USER, Engine, prepared, running

MEASURED = pytest.StashKey[list[str]]()
KILL, READS = "test_kill", "connectors.sdk.testing.reads"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The kill first, because what follows then uses an engine that need not be durable; then the tests that list everything,
    while there is little."""

    def rank(item: pytest.Item) -> int:
        if item.path.stem == KILL:
            return 0
        is_list = item.path.stem == "test_lists" or getattr(getattr(item, "function", None), "__module__", "") == READS
        return 1 if is_list else 2

    items.sort(key=rank)


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> list[str]:
    """Lines that the run prints at its end."""
    return pytestconfig.stash.setdefault(MEASURED, [])


@pytest.fixture(scope="session")
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, measured: list[str]
) -> Iterator[Engine]:
    is_durable = any(item.path.stem == KILL for item in request.session.items)
    try:
        with running(prepared(), tmp_path_factory.mktemp("operaton"), is_durable=is_durable) as made:
            measured.append(f"Operaton was ready after {made.ready_after_s:.1f} s")
            yield made
    except EngineError as error:
        # Says nothing about the connector.
        pytest.exit(f"make test-real: {error}", returncode=NOT_THERE)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def company(engine: Engine) -> AsyncIterator[Company]:
    async with client_of(engine.address, USER, PASSWORD) as client:
        made = Company(client)
        await made.deploy()
        await made.populate()
        yield made


@pytest.fixture(scope="session")
def source(engine: Engine) -> dict[str, Any]:
    """The `[[sources]]` entry."""
    return {
        "key": "camunda7",
        "name": "Operaton",
        "vendor": "camunda7",
        "base_url": engine.address,
        "acts_as": "service",
        "credentials": {"kind": "basic", "username": USER, "password": PASSWORD},
        "read_timeout": 60,
        "write_timeout": 60,
        "deadline": 60,
        "options": {"outcome_variable": "outcome"},
    }


@pytest.fixture
def transport() -> FaultyTransport:
    # The certificates that the machine trusts are not read: there is no TLS, and each test has a transport.
    return FaultyTransport(httpx2.AsyncHTTPTransport(verify=False))


@pytest.fixture
async def connector(
    source: dict[str, Any], transport: FaultyTransport, company: Company
) -> AsyncIterator[Camunda7Connector]:
    made = Camunda7Connector.open(Camunda7Settings.model_validate(source), transport=transport)
    yield made
    await made.aclose()


@pytest.fixture
def alice() -> Identity:
    return Identity(native_id="alice", groups=("accounting",))


@pytest.fixture
def bob() -> Identity:
    return Identity(native_id="bob", groups=("accounting",))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    measured: list[str] = config.stash.setdefault(MEASURED, [])
    for line in measured:
        terminalreporter.write_line(line)

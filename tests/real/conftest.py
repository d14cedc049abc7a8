"""The engine that `make test-real` started, and a connector on it."""

import os
import statistics
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.testing import FaultyTransport
from tests.real.cluster import Cluster, opened
from tests.real.engine import PASSWORD, USER
from tests.real.settled import Settled

LAGS = pytest.StashKey[list[float]]()


@pytest.fixture(scope="session")
def address() -> str:
    """The engine's address, without `/v2`."""
    found = os.environ.get("CAMUNDA_REAL_ADDRESS")
    if found is None:
        raise pytest.UsageError("these tests need an engine: make test-real")
    return found


@pytest.fixture(scope="session")
async def cluster(address: str) -> AsyncIterator[Cluster]:
    """The engine with all processes deployed and the people of the tests in its directory."""
    async with opened(address) as made:
        await made.deploy()
        for person in ("alice", "bob"):
            await made.add_person(person, "accounting")
        await made.until_read("/users/search", 3)
        await made.until_read("/groups/search", 1)
        yield made


@pytest.fixture(scope="session")
def settings(address: str) -> CamundaSettings:
    return CamundaSettings.model_validate(
        {
            "key": "camunda",
            "name": "Camunda 8",
            "base_url": address,
            "credentials": {"kind": "basic", "username": USER, "password": PASSWORD},
            "write_timeout": 40,
            "options": {
                "server_version": "8.9",
                "outcome_variable": "outcome",
                "outcomes": [{"code": "approve", "label": "Approve", "nature": "POSITIVE"}],
            },
        }
    )


@pytest.fixture(scope="session")
def lags(pytestconfig: pytest.Config) -> list[float]:
    """The seconds from a write's answer to the first read that shows it, for the whole run."""
    return pytestconfig.stash.setdefault(LAGS, [])


@pytest.fixture
def settled(cluster: Cluster, lags: list[float]) -> Iterator[FaultyTransport]:
    """A transport to the engine. Reads through it show every earlier write."""
    waiting = Settled(httpx2.AsyncHTTPTransport())
    yield FaultyTransport(waiting)
    lags.extend(waiting.lags)


@pytest.fixture
async def connector(settings: CamundaSettings, settled: FaultyTransport) -> AsyncIterator[CamundaConnector]:
    made = CamundaConnector.open(settings, transport=settled)
    yield made
    await made.aclose()


@pytest.fixture
async def hasty(settings: CamundaSettings, cluster: Cluster) -> AsyncIterator[CamundaConnector]:
    """A connector as in production: its reads may lag."""
    made = CamundaConnector.open(settings)
    yield made
    await made.aclose()


@pytest.fixture
def alice() -> Identity:
    return Identity(native_id="alice", groups=("accounting",))


@pytest.fixture
def bob() -> Identity:
    return Identity(native_id="bob", groups=("accounting",))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how long reads lagged behind writes."""
    measured: list[float] = config.stash.setdefault(LAGS, [])
    lags = sorted(measured)
    if lags:
        middle, high = statistics.median(lags), lags[int(len(lags) * 0.95)]
        terminalreporter.write_line(
            f"read lag of {len(lags)} writes: median {middle:.3f} s, 95 of 100 {high:.3f} s, most {lags[-1]:.3f} s"
        )

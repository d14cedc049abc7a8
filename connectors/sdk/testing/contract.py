"""The suite that every vendor's tests inherit. It checks against the vendor's stand-in what the gateway relies on.

A vendor writes one class with `connector_type` and three fixtures, `transport`, `connector` and `sample`:

    class TestAcme(ConnectorContract):
        connector_type = AcmeConnector

        @pytest.fixture
        def transport(self) -> FaultyTransport:
            return FaultyTransport(httpx2.ASGITransport(app=a_fresh_stand_in()))

The tests are coroutines; the class marks them for anyio, whose pytest plugin comes with taskgate. A promise that a vendor
cannot keep is overridden with `xfail(reason=...)`; any other override fails.
"""

from typing import Any, ClassVar

import pytest

from connectors.sdk.connector import Connector
from connectors.sdk.testing.failures import FailurePromises
from connectors.sdk.testing.faulty_transport import FaultyTransport
from connectors.sdk.testing.reads import ReadPromises
from connectors.sdk.testing.sample import ContractSample
from connectors.sdk.testing.verbs import COMMANDS, FLOW_COMMANDS
from connectors.sdk.testing.writes import WritePromises


class ConnectorContract(ReadPromises, WritePromises, FailurePromises):
    """What a connector promises. Each test has a stand-in of its own."""

    pytestmark: ClassVar[list[pytest.MarkDecorator]] = [pytest.mark.anyio]

    connector_type: ClassVar[type[Connector[Any]]]

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        """The transport onto a fresh stand-in of the vendor."""
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `transport`")

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> Connector[Any]:
        """An opened connector on `transport`, with credentials among its settings; closed afterwards."""
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `connector`")

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `sample`")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "verb" in metafunc.fixturenames:
            verbs = [verb for verb in COMMANDS if verb in self.connector_type.declared()]
            none = pytest.param(
                None, id="none", marks=pytest.mark.skip(reason=f"{self.connector_type.title} has no verbs")
            )
            metafunc.parametrize("verb", [pytest.param(verb, id=verb.__name__) for verb in verbs] or [none])
        if "flow_verb" in metafunc.fixturenames:
            flow_verbs = [verb for verb in FLOW_COMMANDS if verb in self.connector_type.declared()]
            reason = f"{self.connector_type.title} has no verbs of flows"
            none = pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))
            each = [pytest.param(verb, id=verb.__name__) for verb in flow_verbs]
            metafunc.parametrize("flow_verb", each or [none])

    def test_no_contract_test_is_overridden(self) -> None:
        """Except with `xfail` and a reason."""
        promised = [name for name in dir(ConnectorContract) if name.startswith("test_")]
        changed = [name for name in promised if getattr(type(self), name) is not getattr(ConnectorContract, name)]

        without_reason = [name for name in changed if not _has_reason(getattr(type(self), name))]
        marks = [mark.name for mark in type(self).pytestmark if mark.name not in {"anyio", "parametrize"}]

        assert [] == without_reason, "a test of the suite may be overridden with xfail(reason=...) only"
        assert [] == marks, "the class may have the mark parametrize only: others would leave tests out"


def _has_reason(test: object) -> bool:
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in getattr(test, "pytestmark", []))

"""The contract suite: what every connector must do. It needs pytest, so only tests import it.

contract            the class that a vendor's tests inherit
reads               promises about lists and records
writes              promises about verbs
failures            promises about failures
sample              what a vendor tells about its stand-in, and what the suite asks for with it
reading             how the suite reads from a connector, and checks what it gets
record_check        whether a record has the types of the model
messages            what a failure says
verbs               how each verb is tried
faulty_transport    a transport that fails on demand
"""

import pytest

# Before they are imported: a failed `assert` in them then shows its values, wherever the suite is installed.
pytest.register_assert_rewrite(
    *(f"{__name__}.{file}" for file in ("contract", "reads", "writes", "failures", "reading", "record_check"))
)

from connectors.sdk.testing.contract import ConnectorContract
from connectors.sdk.testing.faulty_transport import FAULTS, IN_BETWEEN, READ_REFUSALS, Fault, FaultyTransport, Reply
from connectors.sdk.testing.reading import carried_out, counting_writes, drain, read, read_flow
from connectors.sdk.testing.record_check import check
from connectors.sdk.testing.sample import STRANGE_IDS, ContractSample
from connectors.sdk.testing.verbs import COMMANDS

__all__ = [
    "COMMANDS",
    "FAULTS",
    "IN_BETWEEN",
    "READ_REFUSALS",
    "STRANGE_IDS",
    "ConnectorContract",
    "ContractSample",
    "Fault",
    "FaultyTransport",
    "Reply",
    "carried_out",
    "check",
    "counting_writes",
    "drain",
    "read",
    "read_flow",
]

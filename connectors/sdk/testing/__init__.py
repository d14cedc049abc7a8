"""The contract suite: what every connector must do. It needs pytest, so only tests import it.

contract            the class that a vendor's tests inherit
reads               promises about lists and records
writes              promises about verbs
failures            promises about failures
sample              what a vendor tells about its stand-in, and reading from it
verbs               how each verb is tried
faulty_transport    a transport that fails on demand
"""

from connectors.sdk.testing.contract import ConnectorContract
from connectors.sdk.testing.faulty_transport import FAULTS, Fault, FaultyTransport, Reply
from connectors.sdk.testing.sample import STRANGE_IDS, ContractSample, drain, read, read_flow
from connectors.sdk.testing.verbs import COMMANDS

__all__ = [
    "COMMANDS",
    "FAULTS",
    "STRANGE_IDS",
    "ConnectorContract",
    "ContractSample",
    "Fault",
    "FaultyTransport",
    "Reply",
    "drain",
    "read",
    "read_flow",
]

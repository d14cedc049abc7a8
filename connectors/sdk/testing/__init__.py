"""TODO."""

from connectors.sdk.testing.contract import ConnectorContract, ContractSample
from connectors.sdk.testing.faulty_transport import FAULTS, Fault, FaultyTransport, Reply
from connectors.sdk.testing.sample import COMMANDS, STRANGE_IDS, drain, read, read_flow

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

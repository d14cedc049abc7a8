"""epilot flows and their tasks; README.md says what the gateway makes of them."""

from connectors.epilot.connector import EpilotConnector
from connectors.epilot.settings import EpilotSettings

CONNECTOR = EpilotConnector

__all__ = ["CONNECTOR", "EpilotConnector", "EpilotSettings"]

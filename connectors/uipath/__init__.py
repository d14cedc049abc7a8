"""UiPath Action Center tasks and Maestro instances; README.md says what the gateway makes of them."""

from connectors.uipath.connector import UiPathConnector
from connectors.uipath.settings import UiPathSettings

CONNECTOR = UiPathConnector

__all__ = ["CONNECTOR", "UiPathConnector", "UiPathSettings"]

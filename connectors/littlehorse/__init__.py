"""LittleHorse User Tasks Bridge; README.md says what the gateway makes of it."""

from connectors.littlehorse.connector import LittlehorseConnector
from connectors.littlehorse.settings import LittlehorseSettings

CONNECTOR = LittlehorseConnector

__all__ = ["CONNECTOR", "LittlehorseConnector", "LittlehorseSettings"]

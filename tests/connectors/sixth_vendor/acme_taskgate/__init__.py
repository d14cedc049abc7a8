"""Acme Desk, a vendor from another distribution. README.md describes what the gateway makes of it."""

from .connector import AcmeConnector
from .settings import AcmeSettings

__all__ = ["AcmeConnector", "AcmeSettings"]

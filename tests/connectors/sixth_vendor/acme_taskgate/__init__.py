"""Acme Desk, a vendor of another distribution; README.md says what the gateway makes of it."""

from .connector import AcmeConnector
from .settings import AcmeSettings

__all__ = ["AcmeConnector", "AcmeSettings"]

"""GEOtareas workflow tasks; README.md says what the gateway makes of them."""

from connectors.geotareas.connector import GeotareasConnector
from connectors.geotareas.settings import GeotareasSettings

CONNECTOR = GeotareasConnector

__all__ = ["CONNECTOR", "GeotareasConnector", "GeotareasSettings"]

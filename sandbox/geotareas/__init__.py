"""A stand-in for GEOtareas: the documented workflow operations of one tenant."""

from sandbox.geotareas.staff import API_KEY, READER, SERVICE, TENANT, WRITER
from sandbox.geotareas.stand_in import GeotareasStandIn

STAND_IN = GeotareasStandIn

__all__ = ["API_KEY", "READER", "SERVICE", "STAND_IN", "TENANT", "WRITER", "GeotareasStandIn"]

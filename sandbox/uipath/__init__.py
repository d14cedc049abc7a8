"""A stand-in for UiPath: Action Center tasks in Orchestrator, Maestro process instances, and the identity server."""

from sandbox.uipath.directory import ORGANIZATION, TENANT
from sandbox.uipath.identity import APP, PERSONAL_TOKENS, READER_APP
from sandbox.uipath.stand_in import UiPathStandIn

STAND_IN = UiPathStandIn

__all__ = ["APP", "ORGANIZATION", "PERSONAL_TOKENS", "READER_APP", "STAND_IN", "TENANT", "UiPathStandIn"]

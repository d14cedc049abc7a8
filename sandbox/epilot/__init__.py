"""A stand-in for epilot: flows, workflows, users and queries of one organisation."""

from sandbox.epilot.access import READER_ID, SERVICE_ID, access_token, user_token
from sandbox.epilot.stand_in import EpilotStandIn

STAND_IN = EpilotStandIn

__all__ = ["READER_ID", "SERVICE_ID", "STAND_IN", "EpilotStandIn", "access_token", "user_token"]

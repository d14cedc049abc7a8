"""A stand-in for the LittleHorse User Tasks Bridge, with a kernel behind it and a realm of an identity provider."""

from sandbox.littlehorse.stand_in import LittlehorseStandIn

STAND_IN = LittlehorseStandIn

__all__ = ["STAND_IN", "LittlehorseStandIn"]

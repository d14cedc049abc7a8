"""Versions of Apollo Federation that the SDL of the subgraph may be written for."""

from typing import Literal

FederationVersion = Literal["2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9"]

"""The parts of `benchmarks/peers.py`.

backend     the one REST backend that all gateways ask
connector   how taskgate asks it
gateways    starts taskgate and its peers, each in processes of its own
load        sends requests over connections that stay open, and checks the answers
"""

from benchmarks.peer_parts.backend import PEOPLE, TASKS, serve
from benchmarks.peer_parts.gateways import Gateway, Kind, configured, hive, installed, tailcall, taskgate
from benchmarks.peer_parts.load import Load, Question

__all__ = [
    "PEOPLE",
    "TASKS",
    "Gateway",
    "Kind",
    "Load",
    "Question",
    "configured",
    "hive",
    "installed",
    "serve",
    "tailcall",
    "taskgate",
]

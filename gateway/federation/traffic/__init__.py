"""What stands around every call upstream: budget, bulkhead, breaker, deadline and retries of one source."""

from gateway.federation.traffic.breaker import BreakerState
from gateway.federation.traffic.budget import Bucket
from gateway.federation.traffic.deadline import anew, remaining, within
from gateway.federation.traffic.exchange import Exchange, Observe, called, unobserved
from gateway.federation.traffic.flight import flights
from gateway.federation.traffic.gate import SourceGate
from gateway.federation.traffic.priority import Priority, prioritised
from gateway.federation.traffic.usage import Usage, usage

__all__ = [
    "BreakerState",
    "Bucket",
    "Exchange",
    "Observe",
    "Priority",
    "SourceGate",
    "Usage",
    "anew",
    "called",
    "flights",
    "prioritised",
    "remaining",
    "unobserved",
    "usage",
    "within",
]

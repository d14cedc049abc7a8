"""What stands around every call upstream: budget, bulkhead, breaker, deadline and retries of one source."""

from gateway.federation.traffic.admission import SourceGate
from gateway.federation.traffic.circuit_breaker import BreakerState
from gateway.federation.traffic.deadline import anew, remaining, within
from gateway.federation.traffic.priority import Priority, prioritised
from gateway.federation.traffic.rate_limit.window import Bucket
from gateway.federation.traffic.request_record import Exchange, Observe, called, unobserved
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
    "prioritised",
    "remaining",
    "unobserved",
    "usage",
    "within",
]

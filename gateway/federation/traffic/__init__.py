"""What stands around every call upstream: budget, bulkhead, breaker, deadline and retries of one source."""

from gateway.federation.traffic.breaker import BreakerState
from gateway.federation.traffic.budget import Bucket
from gateway.federation.traffic.deadline import remaining, within
from gateway.federation.traffic.gate import SourceGate
from gateway.federation.traffic.priority import Priority, prioritised
from gateway.federation.traffic.waits import Waits, waits

__all__ = [
    "BreakerState",
    "Bucket",
    "Priority",
    "SourceGate",
    "Waits",
    "prioritised",
    "remaining",
    "waits",
    "within",
]

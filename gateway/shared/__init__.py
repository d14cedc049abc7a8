"""State that all replicas of a gateway must agree on, and that may be lost.

port      what the gateway needs of it: invalidation log, slots of rate limit windows, leases
memory    one process
redis     several replicas, over Redis or Valkey
opening   chooses between these; only `gateway.composition` imports it

Rooms that use the state import `gateway.shared.port` alone. `gateway.composition` chooses the implementation.
"""

from gateway.shared.port import InvalidationLog, Leases, RateLimitState, SharedState, SlotLog, WindowKey

__all__ = ["InvalidationLog", "Leases", "RateLimitState", "SharedState", "SlotLog", "WindowKey"]

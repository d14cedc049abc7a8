"""What each upstream request was for, cost and returned; for logs and metrics."""

from collections.abc import Callable

from msgspec import Struct

from gateway.federation.traffic.priority import Priority


class UpstreamRequestRecord(Struct, frozen=True, kw_only=True):
    """One request; not `sent` if it was refused here or found no connection. Times are in seconds.

    `operation` is what it was for, in the gateway's words. `outcome` is "ok", the code of the error, or "GIVEN_UP" if
    it was cancelled on this side. `status` is None if no complete answer arrived.
    """

    source: str
    operation: str
    is_write: bool
    priority: Priority
    outcome: str
    status: int | None
    sent: bool
    seconds: float
    waited: float


Observe = Callable[[UpstreamRequestRecord], None]
"""Called on the event loop for each request. It must return at once and raise nothing."""


def ignore_record(record: UpstreamRequestRecord) -> None:
    """An `Observe` that does nothing."""

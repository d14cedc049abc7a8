"""What became of each request upstream, for whoever counts: logs, metrics, and the operation that caused it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct

from gateway.federation.traffic.priority import Priority


class Exchange(Struct, frozen=True, kw_only=True):
    """One request, or one that was refused before it was `sent`. Seconds.

    `operation` is what it was for, in the gateway's own words; `outcome` is "ok", the code of its error, or "GIVEN_UP"
    where nobody waited for it any longer. `status` is None where no whole answer came.
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


Observe = Callable[[Exchange], None]
"""Called on the event loop, at once: it must be quick and raise nothing."""


def unobserved(exchange: Exchange) -> None:
    """For whoever does not count."""


_operation: ContextVar[str] = ContextVar("traffic_operation", default="")


def current() -> str:
    return _operation.get()


@contextmanager
def called(operation: str) -> Iterator[None]:
    """What the requests within the block, and in tasks begun there, are for."""
    token = _operation.set(operation)
    try:
        yield
    finally:
        _operation.reset(token)

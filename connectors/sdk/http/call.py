"""The call that the current task makes upstream: in whose name, and what counts its requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from msgspec import Struct

from connectors.sdk.http.authority import Authority


class RequestCounter(Protocol):
    def count_request(self) -> None:
        """One more request is about to be sent."""


class UpstreamCall(Struct, frozen=True, kw_only=True):
    """What a connector may know of the call that it makes. The gateway's call context extends it.

    `authority` is None where the source is called with its service account, and where the gateway calls for itself.
    Each of `counters` counts every request of the call, those to a token's issuer included.
    """

    authority: Authority | None = None
    counters: tuple[RequestCounter, ...] = ()

    def count_request(self) -> None:
        for counter in self.counters:
            counter.count_request()


_NO_CALL = UpstreamCall()
_current: ContextVar[UpstreamCall] = ContextVar("upstream_call", default=_NO_CALL)


def current_call() -> UpstreamCall:
    """The call of the current task; one without authority and counters where none was entered."""
    return _current.get()


@contextmanager
def in_call(call: UpstreamCall) -> Iterator[None]:
    """Make `call` the current one for the block and for asyncio tasks started in it; then restore the previous one."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)

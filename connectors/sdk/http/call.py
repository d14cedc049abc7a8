"""The call that the current task makes upstream: in whose name, what counts its requests, which records it shares."""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.http.authority import Authority

T = TypeVar("T")


class RequestCounter(Protocol):
    def count_request(self) -> None:
        """One more request is about to be sent."""

    def note_writer(self, *, is_person: bool) -> None:
        """A write is about to be sent, with the credentials of the person or of an account."""


class SharedRecords(Protocol):
    async def once(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The record of `read`, or that of an earlier read with this key."""


class UpstreamCall(Struct, frozen=True, kw_only=True):
    """What a connector may know of the call that it makes. The gateway's call context extends it.

    `authority` is None where the source is called with its service account, and where the gateway calls for itself.
    Each of `counters` counts every request of the call, those to a token's issuer included. `records` are those that the
    reads of one operation share; None where each call reads for itself, as writes and background refreshes do.
    """

    authority: Authority | None = None
    counters: tuple[RequestCounter, ...] = ()
    records: SharedRecords | None = None

    def count_request(self) -> None:
        for counter in self.counters:
            counter.count_request()

    def note_writer(self, *, is_person: bool) -> None:
        for counter in self.counters:
            counter.note_writer(is_person=is_person)


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


async def read_once(key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """A record that answers several questions: tasks, their details, their flow. One operation reads it once.

    `key` names the record within its source. Reads at the same time share the call and its failure. After a write
    through the gateway, the record is read again.
    """
    records = current_call().records
    return await read() if records is None else await records.once(key, read)

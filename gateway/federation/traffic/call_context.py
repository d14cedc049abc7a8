"""The call context: who calls, for which operation, with which priority and deadline, and what counts the requests.

There is one context variable. A request to the gateway enters its context once; reads, writes, single flights and
health probes enter contexts that they derive from the current one, or a context of their own, and leave them again.
"""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager

import anyio
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.http import UpstreamCall, current_call, in_call
from gateway.federation.traffic.batches import Batches
from gateway.federation.traffic.operation_records import OperationRecords, SourceRecords
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.request_cost import RequestCost


def _is_there() -> bool:
    return False


class CallContext(UpstreamCall, frozen=True, kw_only=True):
    """Adds to `authority` and `counters` what only the gateway needs to know of its calls.

    `operation`: what the requests are for, as logs and errors name it ("list tasks")
    `caller`: None while the gateway calls for itself
    `token`: what the caller signed in with, if another system could accept it
    `request_id`: of the request that it is for, as logs and answers tell it; None while the gateway calls for itself
    `deadline`: until when an answer is useful, in seconds of the event loop's clock; None: no deadline
    `asked_at`: when the question arrived, in seconds of the monotonic clock; None: with the call itself. A read that began
    later is fresh enough for it
    `operation_records`: what the reads of the GraphQL operation share; None: each reads for itself
    `batches`: what collects reads by id, for writes that travel together; None: each read is a call of its own
    `parts`: notes what the GraphQL operation is answered from; None: its answer is not kept
    `is_about_one`: the request is about one object, or is made with one person's credentials: an error answer may be about
    these, and not about the source
    `by_reader`: the gateway looks for itself, with the source's `reader` account if it has one; never for a person
    `has_left`: whether the client has hung up, so that the answer is of no use
    `is_probe`: the request is a health probe and passes an open circuit breaker
    """

    operation: str = ""
    caller: Caller | None = None
    token: str | None = None
    request_id: str | None = None
    priority: Priority = Priority.INTERACTIVE
    deadline: float | None = None
    asked_at: float | None = None
    counters: tuple[RequestCost, ...] = ()
    operation_records: OperationRecords | None = None
    batches: Batches | None = None
    parts: object = None
    is_about_one: bool = False
    by_reader: bool = False
    is_probe: bool = False
    has_left: Callable[[], bool] = _is_there

    def __repr__(self) -> str:
        """Without the token."""
        caller = None if self.caller is None else self.caller.key
        return (
            f"CallContext(operation={self.operation!r}, caller={caller!r}, authority={self.authority!r}, "
            f"priority={self.priority.name}, deadline={self.deadline!r}, is_probe={self.is_probe!r})"
        )

    def remaining(self, monotonic: Callable[[], float] = anyio.current_time) -> float | None:
        """Seconds to the deadline, never below 0; None if there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - monotonic())

    def limited_to(self, seconds: float, *, monotonic: Callable[[], float] = anyio.current_time) -> "CallContext":
        """With a deadline `seconds` from now, or the present one if that is earlier: a part has no longer than the whole."""
        deadline = monotonic() + seconds
        return self if self.deadline is not None and self.deadline <= deadline else self._until(deadline)

    def with_deadline(self, seconds: float, *, monotonic: Callable[[], float] = anyio.current_time) -> "CallContext":
        """With a deadline `seconds` from now, whatever the present one is."""
        return self._until(monotonic() + seconds)

    def counted_by(self, cost: RequestCost) -> "CallContext":
        """`cost` counts the requests, beside the counters that there are."""
        return structs.replace(self, counters=(*self.counters, cost, cost.told))

    def counted_apart_by(self, cost: RequestCost) -> "CallContext":
        """As `counted_by`; the counters that there are count the requests too, but do not tell them: see `tell`."""
        counters = (each for each in self.counters if not each.is_told)
        return structs.replace(self, counters=(*counters, cost, cost.told))

    def tell(self, cost: RequestCost) -> None:
        """What may be told of a part that was counted apart, to the counters of this context."""
        for each in self.counters:
            if each.is_told:
                each.add(cost)

    def records_of(self, source: str, scope: Hashable) -> SourceRecords | None:
        """The records of a source that a read may share; None without a moment that all of them were read after."""
        return (
            None
            if self.operation_records is None or self.asked_at is None
            else self.operation_records.of(source, scope)
        )

    def _until(self, deadline: float) -> "CallContext":
        return structs.replace(self, deadline=deadline)


def current_context() -> CallContext:
    """The context of the current task; an empty one where none was entered."""
    call = current_call()
    return call if isinstance(call, CallContext) else CallContext(authority=call.authority)


def in_context(context: CallContext) -> AbstractContextManager[None]:
    """Make `context` the current one for the block and for tasks started there; afterwards the previous one is again."""
    return in_call(context)

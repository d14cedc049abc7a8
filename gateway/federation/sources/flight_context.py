"""The call context of a single flight: several readers may wait for it, so it has a deadline of its own."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from msgspec import structs

from gateway.federation.cache import CacheKey, FlightContext
from gateway.federation.traffic import Priority, current_context, in_context

# Seconds that a call may take which no reader waits for.
BACKGROUND_DEADLINE = 60.0


def flight_context(deadlines: Mapping[str, float]) -> FlightContext:
    """What `Cache` enters around each call. `deadlines` are the sources' own, in seconds by key.

    A read that decides about a write has the deadline of its mutation if that is later. A background refresh goes last, counts for nothing and shares no record: the operation that caused it has its answer
    already.
    """

    def around(key: CacheKey, in_background: bool) -> AbstractContextManager[None]:  # noqa: FBT001 as Cache calls it
        context = current_context()
        if not in_background:
            shared = structs.replace(context, records=context.records_of(key.source, key.scope))
            left = (context.remaining() or 0.0) if context.priority is Priority.WRITE else 0.0
            is_waited_for = context.priority is not Priority.BACKGROUND
            seconds = max(deadlines[key.source], left) if is_waited_for else BACKGROUND_DEADLINE
            return in_context(shared.with_deadline(seconds))
        refresh = structs.replace(
            context, priority=Priority.BACKGROUND, counters=(), records=None, operation_records=None
        )
        return in_context(refresh.with_deadline(BACKGROUND_DEADLINE))

    return around

"""The context of a single flight: the reader's, with another deadline. In the background, priority and counters differ
too.
"""

from connectors.sdk.caller import Caller
from connectors.sdk.http import current_call
from gateway.federation.cache import SERVICE, CacheKey
from gateway.federation.sources import flight_context
from gateway.federation.traffic import CallContext, OperationRecords, Priority, RequestCost, current_context, in_context

ALICE = Caller(key="alice", name="Alice", identities={})
KEY = CacheKey("north", SERVICE, "list tasks", None)


async def inside(*, in_background: bool) -> tuple[CallContext, RequestCost, float]:
    """The context of a flight whose reader has one second left, the reader's counter, and the seconds of the flight."""
    cost = RequestCost()
    reader = CallContext(caller=ALICE, token="t", priority=Priority.WRITE, counters=(cost,)).limited_to(1)
    with in_context(reader), flight_context({"north": 8.0})(KEY, in_background):
        context = current_context()
    return context, cost, context.remaining() or 0.0


async def test_a_flight_has_the_deadline_of_its_source() -> None:
    """Other readers may join it. Its requests are counted for the reader who caused it."""
    context, cost, seconds = await inside(in_background=False)

    assert (ALICE, "t", Priority.WRITE, (cost,)) == (
        context.caller,
        context.token,
        context.priority,
        context.counters,
    )
    assert 7.9 < seconds <= 8.0


async def test_a_background_refresh_has_the_lowest_priority_and_is_not_counted() -> None:
    """The reader who caused it already has an answer. It uses that reader's credentials."""
    context, _, seconds = await inside(in_background=True)

    assert (ALICE, "t", Priority.BACKGROUND, ()) == (context.caller, context.token, context.priority, context.counters)
    assert 59.9 < seconds <= 60.0


async def test_a_flight_shares_the_records_of_its_operation_and_a_background_refresh_shares_none() -> None:
    """Those of its source and credential scope. Outside of a flight, as in a write, nothing is shared."""
    records = OperationRecords()
    reader = CallContext(caller=ALICE, asked_at=1.0, operation_records=records)
    around = flight_context({"north": 8.0})
    with in_context(reader):
        outside = current_call().records
        with around(KEY, False):
            flight = current_call().records
        with around(KEY, True):
            background = current_context()

    assert records.of("north", SERVICE) is flight
    assert (None, None, None) == (outside, background.records, background.operation_records)

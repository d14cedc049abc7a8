"""A rate limit window by itself, with a clock set by hand: free slots, the time of the next one, and the effect of
headers and refusals.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit.headers import RateLimitHeaders
from gateway.federation.traffic.rate_limit.window import (
    DRIFT,
    MAX_FOREIGN,
    MAX_PAUSE,
    STRAY,
    UNLIMITED,
    RateLimitView,
    RateLimitWindow,
    WindowSlot,
)
from gateway.shared.memory import MemorySlotLog

READ, WRITE, BACKGROUND = Priority.INTERACTIVE, Priority.WRITE, Priority.BACKGROUND
MINUTE = 60 * (1 + DRIFT)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def window(
    name: str, *, documented: int | None = None, ceiling: int | None = None, clock: Callable[[], float]
) -> RateLimitWindow:
    return RateLimitWindow(name, slots=MemorySlotLog(), documented=documented, ceiling=ceiling, monotonic=clock)


def known(clock: Clock, limit: int = 30) -> RateLimitWindow:
    """A window that has got headers from the vendor, by its only request so far."""
    reads = window("reads", documented=limit, clock=clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(remaining=limit - 1))
    clock.now += 1
    return reads


def left(reads: RateLimitWindow) -> int | None:
    return reads.view(lambda at: datetime.fromtimestamp(at, UTC)).remaining


def take(reads: RateLimitWindow, count: int) -> list[WindowSlot]:
    return [reads.take() for _ in range(count)]


def test_a_slot_is_free_a_window_after_the_answer(clock: Clock) -> None:
    """Not a window after the sending: the vendor may have counted the request as late as it answered."""
    reads = window("reads", documented=1, clock=clock)
    slot = reads.take()
    clock.now += 5
    reads.settle_answered(slot)
    sent, clock.now = clock.now, clock.now + 59.9
    before = reads.free(READ)
    clock.now = sent + MINUTE + 0.001

    assert (0, 1) == (before, reads.free(READ))


def test_a_request_that_was_not_sent_uses_no_slot(clock: Clock) -> None:
    """For example if the connection was refused."""
    reads = window("reads", documented=1, clock=clock)
    reads.give_back(reads.take())

    assert reads.free(READ) == 1


def test_an_unanswered_request_may_arrive_late(clock: Clock) -> None:
    """It is counted for a little longer than an answered one."""
    reads = window("reads", documented=1, clock=clock)
    reads.settle_unanswered(reads.take())
    start, clock.now = clock.now, clock.now + MINUTE + STRAY - 0.01
    before = reads.free(READ)
    clock.now = start + MINUTE + STRAY + 0.01

    assert (0, 1) == (before, reads.free(READ))


def test_the_earliest_time_follows_from_the_log(clock: Clock) -> None:
    """The first waiting request gets the first free slot, the second the second; the next ones wait a window longer."""
    reads = window("reads", documented=2, clock=clock)
    for _ in range(2):
        reads.settle_answered(reads.take())
        clock.now += 10

    earliest = [reads.earliest(place, READ) for place in (1, 2, 3, 4, 5)]

    assert [1000 + MINUTE, 1010 + MINUTE, 1020 + 60, 1020 + 60, 1020 + 120] == earliest


def test_nothing_is_sent_before_retry_after(clock: Clock) -> None:
    """For any answer, and even if slots are free."""
    reads = known(clock)
    reads.settle_answered(reads.take(), retry_after=120.0)
    held = (reads.free(WRITE), reads.earliest(1, WRITE) - clock.now)
    clock.now += 120

    assert ((0, 120.0), True) == (held, reads.free(WRITE) > 0)


def test_a_refusal_without_a_time_doubles_the_pause(clock: Clock) -> None:
    """From a sixtieth of the window up to the whole window. Refusals of requests that were sent before count once."""
    reads = known(clock)
    pauses = []
    for _ in range(8):
        one, other = reads.take(), reads.take()
        reads.settle_answered(one, refused=True)
        reads.settle_answered(other, refused=True)
        pauses.append(round(reads.earliest(1, WRITE) - clock.now))
        clock.now = reads.earliest(1, WRITE) + 0.01

    assert [1, 2, 4, 8, 16, 32] == pauses[:6]
    assert max(pauses) == 60


def test_remaining_shows_what_others_use(clock: Clock) -> None:
    """The vendor counts 20 more requests than we do. Those slots are in use for a window, or until the vendor's count
    falls.
    """
    reads = known(clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=30, remaining=8))
    after_rivals = left(reads)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=30, remaining=27))

    assert (8, 27) == (after_rivals, left(reads))


def test_our_running_requests_are_not_those_of_other_clients(clock: Clock) -> None:
    """The vendor may or may not have counted them before it answered this one."""
    reads = known(clock)
    first, *_ = take(reads, 8)
    reads.settle_answered(first, headers=RateLimitHeaders(limit=30, remaining=21))

    assert left(reads) == 30 - 8 - 1


def test_requests_of_other_clients_are_forgotten_only_if_certain(clock: Clock) -> None:
    """The number left may be higher because the vendor has not counted our running requests yet."""
    reads = known(clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=30, remaining=23))
    clock.now += 1
    first, *_ = take(reads, 4)
    clock.now += 1
    # It has counted three of ours and five of other clients. It will count three more of ours.
    reads.settle_answered(first, headers=RateLimitHeaders(limit=30, remaining=22))

    assert left(reads) == 30 - 6 - 5


def test_slots_used_before_a_restart_are_tried_at_the_vendors_reset(clock: Clock) -> None:
    """Not a whole window later, which is the latest possible time."""
    reads = window("reads", documented=30, clock=clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=30, remaining=0, reset=10.0))

    assert 10 == reads.earliest(1, READ) - clock.now
    assert MINUTE == pytest.approx(reads.earliest(2, READ) - clock.now)


def test_a_header_may_name_any_number(clock: Clock) -> None:
    """Memory stays bounded."""
    reads = window("reads", clock=clock)
    for _ in range(3):
        reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=999_999_999, remaining=0, reset=60.0))

    assert len(reads._foreign) == MAX_FOREIGN


def test_a_reset_that_is_over_does_not_end_the_pause_after_a_refusal(clock: Clock) -> None:
    """Otherwise requests would be sent, and refused, without any pause."""
    reads = known(clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(remaining=3, reset=0.0), refused=True)

    assert reads.earliest(1, WRITE) - clock.now == pytest.approx(1.0, abs=0.01)


def test_an_older_answer_does_not_undo_a_newer_one(clock: Clock) -> None:
    """It was counted before the requests of other clients."""
    reads = known(clock)
    older, newer = take(reads, 2)
    clock.now += 1
    reads.settle_answered(newer, headers=RateLimitHeaders(limit=30, remaining=5))
    few = left(reads)
    reads.settle_answered(older, headers=RateLimitHeaders(limit=30, remaining=28))

    assert (5, 5) == (few, left(reads))


def test_the_vendors_limit_replaces_the_documented_one_and_never_exceeds_a_configured_one(clock: Clock) -> None:
    """A contract may be larger than the documentation; an operator leaves room for others."""
    documented = window("reads", documented=30, clock=clock)
    configured = window("reads", documented=30, ceiling=10, clock=clock)
    for reads in (documented, configured):
        reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=100, remaining=99))

    assert (99, 9) == (documented.free(WRITE), configured.free(WRITE))


def test_other_clients_do_not_reduce_our_own_lower_limit(clock: Clock) -> None:
    """Of a hundred requests, other clients use 50; we use at most ten."""
    reads = window("reads", documented=100, ceiling=10, clock=clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=100, remaining=49))

    assert left(reads) == 9


def test_without_requests_left_the_vendors_reset_counts(clock: Clock) -> None:
    """The vendor's window may be longer than ours: minutes in this test."""
    reads = window("reads", documented=5000, clock=clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=5000, remaining=0, reset=180.0))

    assert 180 == reads.earliest(1, READ) - clock.now


LONG = [
    (RateLimitHeaders(), 9_999_999.0),
    (RateLimitHeaders(), 301.0),
    (RateLimitHeaders(limit=30, remaining=0, reset=86_000.0), None),
    (RateLimitHeaders(limit=30, remaining=0, window=86_400.0), None),
    (RateLimitHeaders(remaining=0, reset=3600.0), None),
]


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize(("headers", "retry_after"), LONG)
@pytest.mark.parametrize("documented", [None, 30])
def test_no_header_silences_a_source_for_longer_than_five_minutes(
    headers: RateLimitHeaders, retry_after: float | None, documented: int | None, *, refused: bool, clock: Clock
) -> None:
    """Then one request finds out whether the vendor takes any. The others wait for its answer."""
    reads = window("reads", documented=documented, clock=clock)
    reads.settle_answered(reads.take(), headers=headers, refused=refused, retry_after=retry_after)
    clock.now += MAX_PAUSE * (1 + DRIFT) + 1

    assert 1 == reads.free(READ)
    probe = reads.take()
    assert 0 >= reads.free(READ)
    reads.settle_answered(probe, headers=headers, refused=refused, retry_after=retry_after)
    assert 0 >= reads.free(READ)
    assert reads.earliest(1, READ) - clock.now <= MAX_PAUSE * (1 + DRIFT) + 1
    clock.now += MAX_PAUSE * (1 + DRIFT) + 1
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(remaining=29))
    clock.now += 1
    assert 1 < reads.free(READ)


def test_an_answer_to_an_earlier_request_ends_no_long_pause(clock: Clock) -> None:
    """It was sent before the vendor asked for the pause."""
    reads = window("reads", clock=clock)
    earlier, refused = take(reads, 2)
    reads.settle_answered(refused, refused=True, retry_after=9999.0)
    clock.now += 1
    reads.settle_answered(earlier)
    clock.now += MAX_PAUSE

    assert 1 == reads.free(READ)


def test_a_short_pause_is_followed_by_all_requests(clock: Clock) -> None:
    """It was meant."""
    reads = window("reads", clock=clock)
    reads.settle_answered(reads.take(), retry_after=7.0)
    clock.now += 8

    assert UNLIMITED == reads.free(READ)


def test_a_busy_vendor_says_nothing_about_a_limit(clock: Clock) -> None:
    """The pause doubles from half a second to ten, and ends with an answer. No limit is learned."""
    free = window("writes", clock=clock)
    pauses = []
    for _ in range(7):
        one, other = free.take(), free.take()
        free.settle_answered(one, busy=True)
        free.settle_answered(other, busy=True)
        pauses.append(round(free.earliest(1, WRITE) - clock.now, 1))
        why = free.why_none
        clock.now = free.earliest(1, WRITE) + 0.01
    free.settle_answered(free.take())
    free.settle_answered(free.take(), busy=True)

    assert [0.5, 1, 2, 4, 8, 10, 10] == pauses
    assert 0.5 == round(free.earliest(1, WRITE) - clock.now, 1)
    assert "no limit was used up" in why
    assert free.view(lambda at: datetime.fromtimestamp(at, UTC)).limit is None


def test_it_is_told_why_nothing_may_be_sent(clock: Clock) -> None:
    """The vendor's wish, the vendor's refusal, or our own count."""
    asked, refused, counted = (window("reads", documented=1, clock=clock) for _ in range(3))
    asked.settle_answered(asked.take(), retry_after=7.0)
    refused.settle_answered(refused.take(), refused=True)
    counted.settle_answered(counted.take())

    assert "the vendor asked for a pause" == asked.why_none
    assert "the vendor refused a request as one too many" == refused.why_none
    assert "the rate limit for reads is used up" == counted.why_none


def test_a_reset_rounded_up_does_not_delay(clock: Clock) -> None:
    """Vendors round the reset up to whole seconds; our own log is exact."""
    reads = window("reads", documented=1, clock=clock)
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=1, remaining=0, reset=61.0))

    assert MINUTE == pytest.approx(reads.earliest(1, READ) - clock.now)


def test_before_the_first_answer_few_requests_run_at_once(clock: Clock) -> None:
    """After a restart, the vendor may still count requests that this process does not know. At most one is refused."""
    reads = window("reads", documented=30, clock=clock)
    first = reads.take()
    meanwhile = reads.free(READ)
    reads.settle_answered(first, headers=RateLimitHeaders(limit=30, remaining=12))

    assert (0, 12) == (meanwhile, left(reads))


def test_without_a_limit_the_earliest_time_is_in_the_past(clock: Clock) -> None:
    """For any clock: a request that is refused for another reason must not report a rate limit."""
    limitless, unused = window("reads", clock=clock), known(clock)

    assert limitless.earliest(1000, READ) < 0
    assert unused.earliest(29, READ) < 0 < unused.earliest(30, READ)


def test_at_least_a_tenth_is_kept_while_mutations_arrive(clock: Clock) -> None:
    """Without mutations all requests may use the whole limit."""
    reads = known(clock)
    without = reads.free(READ)
    reads.announce(WRITE)

    assert 3 == without - reads.free(READ) == reads.free(WRITE) - reads.free(READ)


def test_background_work_leaves_a_fifth(clock: Clock) -> None:
    """For requests whose readers wait."""
    reads = known(clock)

    assert 6 == reads.free(READ) - reads.free(BACKGROUND)


def test_without_a_known_limit_refusals_set_one_and_time_raises_it(clock: Clock) -> None:
    """It starts at 70 % of the refused rate, rises a little every ten seconds, and ends at twice as much."""
    reads = window("reads", clock=clock)
    unlimited = reads.free(READ)
    slots = take(reads, 100)
    reads.settle_answered(slots[0], refused=True)
    for slot in slots[1:]:
        reads.settle_answered(slot)
    limits = []
    for _ in range(60):
        limits.append(reads.view(lambda at: datetime.fromtimestamp(at, UTC)).limit)
        clock.now += 10

    rising = [limit for limit in limits if limit is not None]
    assert (UNLIMITED, 70) == (unlimited, limits[0])
    assert rising == sorted(rising)
    assert 190 <= rising[-1] <= 200
    assert limits[-1] is None


def test_few_requests_do_not_overload_a_vendor(clock: Clock) -> None:
    """Other clients do: after two refused requests the limit is not one in ten seconds."""
    reads = window("writes", clock=clock)
    for slot in take(reads, 2):
        reads.settle_answered(slot, refused=True)

    assert reads.view(lambda at: datetime.fromtimestamp(at, UTC)).limit == 5


def test_the_graph_shows_the_window(clock: Clock) -> None:
    """`observed` once the vendor's headers have the limit. The reset is the time when the next slot is free."""
    reads = window("reads", documented=30, clock=clock)
    fresh = reads.view(lambda at: datetime.fromtimestamp(at, UTC))
    reads.settle_answered(reads.take(), headers=RateLimitHeaders(limit=30, remaining=29))

    assert RateLimitView("reads", 30, 30, None, observed=False) == fresh
    assert RateLimitView("reads", 30, 29, datetime.fromtimestamp(1000 + MINUTE, UTC), observed=True) == reads.view(
        lambda at: datetime.fromtimestamp(at, UTC)
    )


def test_a_window_is_idle_when_it_remembers_nothing(clock: Clock) -> None:
    """It can then be replaced by a new one."""
    reads = window("reads", documented=30, clock=clock)
    new = reads.is_idle
    reads.settle_answered(reads.take())
    used, clock.now = reads.is_idle, clock.now + MINUTE + 1

    assert (True, False, True) == (new, used, reads.is_idle)

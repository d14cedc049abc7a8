"""Which answers a write has overtaken, with a bounded memory of writes."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gateway.federation.cache import Kind, Tag
from gateway.federation.cache.invalidation import Versions

TASK = Tag("camunda", Kind.TASK, "7")


@given(st.lists(st.one_of(st.integers(0, 20), st.none()), max_size=100))
def test_no_write_is_missed_when_the_memory_of_writes_is_full(history: list[int | None]) -> None:
    """Numbers are writes to that task, None reads of all: an answer is never taken for better than it is."""
    bounded, full = Versions(most=3), Versions(most=1000)
    reads: list[int] = []
    for step in history:
        if step is None:
            reads.append(full.number)
            continue
        for versions in (bounded, full):
            versions.invalidate([Tag("camunda", Kind.TASK, str(step))], unsettled_until=float(step))
    for task in range(21):
        tags = [Tag("camunda", Kind.TASK, str(task))]
        for since in reads:
            assert bounded.overtaken(since, tags) or not full.overtaken(since, tags)
        for asked_at in (0.0, 5.0, 19.5):
            assert bounded.unsettled(asked_at, tags) or not full.unsettled(asked_at, tags)

    assert len(bounded._marks) <= 3


def test_a_later_write_does_not_end_the_unsettled_time_of_an_earlier_one() -> None:
    """The lost one may still be applied after the acknowledged one."""
    versions = Versions()
    versions.invalidate([TASK], unsettled_until=60.0)
    versions.invalidate([TASK])

    assert (True, False) == (versions.unsettled(59.0, [TASK]), versions.unsettled(60.0, [TASK]))


def test_two_writes_at_once_are_both_waited_for() -> None:
    """The end of one is not the end of the other, and nothing is remembered of ended ones."""
    versions = Versions()
    versions.begin_write([TASK])
    versions.begin_write([TASK])
    versions.end_write([TASK])
    one_left = versions.being_written([TASK])
    versions.end_write([TASK])

    assert (True, False, {}) == (one_left, versions.being_written([TASK]), dict(versions._writing))


def test_a_source_that_nothing_is_known_of_is_settled() -> None:
    """At the beginning everything that is read is kept."""
    versions = Versions()

    assert (False, False) == (versions.overtaken(0, [TASK]), versions.unsettled(-math.inf, [TASK]))

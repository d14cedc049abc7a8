"""Shared state in memory fulfils the contract, within bounds."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.shared import InvalidationLog, Leases, RateLimitState
from gateway.shared.memory import MemoryInvalidationLog, MemoryLeases, MemoryRateLimits
from tests.gateway.shared.contract import TASK, InvalidationLogContract, LeasesContract, SlotLogContract


class TestMemoryInvalidationLog(InvalidationLogContract):
    @pytest.fixture
    def log(self) -> InvalidationLog:
        return MemoryInvalidationLog()


class TestMemoryRateLimits(SlotLogContract):
    @pytest.fixture
    def rate_limits(self) -> RateLimitState:
        return MemoryRateLimits()


class TestMemoryLeases(LeasesContract):
    @pytest.fixture
    def leases(self) -> Leases:
        return MemoryLeases()


@given(st.lists(st.one_of(st.integers(0, 20), st.none()), max_size=100))
def test_no_write_is_missed_when_old_ones_are_forgotten(history: list[int | None]) -> None:
    """A number is a write to that task, None is a read of all tasks. An outdated answer never counts as valid."""
    bounded, full = MemoryInvalidationLog(max_tags=3), MemoryInvalidationLog(max_tags=1000)
    reads: list[int] = []
    for step in history:
        if step is None:
            reads.append(full.number)
            continue
        for log in (bounded, full):
            log.invalidate([step], unsettled_until=float(step))
    for task in range(21):
        for since in reads:
            assert bounded.is_outdated(since, [task]) or not full.is_outdated(since, [task])
        for requested_at in (0.0, 5.0, 19.5):
            assert bounded.is_unsettled(requested_at, [task]) or not full.is_unsettled(requested_at, [task])

    assert len(bounded._marks) <= 3


def test_writes_that_ended_are_forgotten() -> None:
    """The log has no entry for them."""
    log = MemoryInvalidationLog()
    log.begin_write([TASK])
    log.end_write([TASK])

    assert {} == dict(log._writing)


@pytest.mark.slow
async def test_leases_that_nothing_holds_are_forgotten() -> None:
    """For any number of targets."""
    leases = MemoryLeases()
    for number in range(100):
        async with leases.hold(number):
            pass
    gc.collect()

    assert 0 == len(leases._locks)

"""What every implementation of `gateway.shared.port` must do. A test class inherits it and provides the object to test."""

from abc import ABC, abstractmethod

import anyio
import anyio.lowlevel
import pytest

from gateway.shared import InvalidationLog, Leases, RateLimitState, SlotLog, WindowKey

TASK, LIST = ("camunda", "TASK", "7"), ("camunda", "TASK_LIST")


class InvalidationLogContract(ABC):
    @abstractmethod
    @pytest.fixture
    def log(self) -> InvalidationLog:
        """A new one."""

    def test_at_the_beginning_every_answer_is_valid(self, log: InvalidationLog) -> None:
        """It may also be kept."""
        assert not log.is_outdated(log.number, [TASK])
        assert not log.is_unsettled(0.0, [TASK])
        assert not log.is_being_written([TASK])

    def test_an_invalidation_outdates_what_was_requested_before(self, log: InvalidationLog) -> None:
        """One tag of several is enough. Later answers, and answers about other things, are valid."""
        before = log.number
        log.invalidate([TASK])

        assert log.is_outdated(before, [LIST, TASK])
        assert not log.is_outdated(log.number, [TASK])
        assert not log.is_outdated(before, [LIST])

    def test_until_a_write_is_settled_answers_may_lack_it(self, log: InvalidationLog) -> None:
        """The time of the request decides."""
        log.invalidate([TASK], unsettled_until=60.0)

        assert (True, False) == (log.is_unsettled(59.0, [TASK]), log.is_unsettled(60.0, [TASK]))
        assert not log.is_unsettled(59.0, [LIST])

    def test_a_later_write_does_not_end_the_unsettled_time_of_an_earlier_one(self, log: InvalidationLog) -> None:
        """The lost write may be applied after the acknowledged one."""
        log.invalidate([TASK], unsettled_until=60.0)
        log.invalidate([TASK])

        assert (True, False) == (log.is_unsettled(59.0, [TASK]), log.is_unsettled(60.0, [TASK]))

    def test_of_two_writes_at_once_both_must_end(self, log: InvalidationLog) -> None:
        """After the end of the first one the tag is still being written."""
        log.begin_write([TASK])
        log.begin_write([TASK, LIST])
        log.end_write([TASK])
        one_left = log.is_being_written([TASK])
        log.end_write([TASK, LIST])

        assert (True, False, False) == (one_left, log.is_being_written([TASK]), log.is_being_written([LIST]))

    async def test_publishing_changes_nothing_for_this_process(self, log: InvalidationLog) -> None:
        """It may be repeated."""
        before = log.number
        log.invalidate([TASK])
        await log.publish()
        await log.publish()

        assert log.is_outdated(before, [TASK])


class SlotLogContract(ABC):
    @abstractmethod
    @pytest.fixture
    def rate_limits(self) -> RateLimitState:
        """A new one."""

    @pytest.fixture
    def slots(self, rate_limits: RateLimitState) -> SlotLog:
        return rate_limits.slots(WindowKey("camunda", "", "reads"))

    def test_a_slot_is_in_use_until_its_window_ends(self, slots: SlotLog) -> None:
        """While the request runs, and then until the given time."""
        slots.take()
        running = (slots.in_flight, slots.room(10))
        slots.occupy_until(160.0)
        ended = (slots.in_flight, slots.ended, list(slots.ends), slots.room(10))
        slots.expire(159.0)
        before = slots.room(10)
        slots.expire(160.0)

        assert ((1, 9), (0, 1, [160.0], 9), 9) == (running, ended, before)
        assert (10, [], 1) == (slots.room(10), list(slots.ends), slots.freed)

    def test_a_request_that_was_not_sent_uses_no_slot(self, slots: SlotLog) -> None:
        """It does not count as ended."""
        slots.take()
        slots.give_back()

        assert (0, 0, 10) == (slots.in_flight, slots.ended, slots.room(10))

    def test_ends_are_in_order_and_the_revision_shows_changes(self, slots: SlotLog) -> None:
        """For any duration of the requests."""
        revisions = [slots.revision]
        for at in (30.0, 10.0, 20.0):
            slots.take()
            slots.occupy_until(at)
            revisions.append(slots.revision)
        ends = list(slots.ends)
        slots.expire(5.0)
        revisions.append(slots.revision)
        slots.expire(15.0)
        revisions.append(slots.revision)

        assert ([10.0, 20.0, 30.0], [20.0, 30.0]) == (ends, list(slots.ends))
        assert revisions[3] == revisions[4]
        assert 5 == len(set(revisions))

    def test_there_is_no_room_beyond_the_limit(self, slots: SlotLog) -> None:
        """A limit may be lower than the number of slots in use."""
        for _ in range(3):
            slots.take()

        assert (0, True) == (slots.room(3), slots.room(2) <= 0)

    def test_the_longest_pause_counts(self, slots: SlotLog) -> None:
        """A shorter one does not end it."""
        none = slots.paused_until
        slots.pause(120.0)
        slots.pause(60.0)

        assert (True, 120.0) == (none < 0, slots.paused_until)

    @pytest.mark.parametrize(
        "other",
        [WindowKey("camunda", "", "writes"), WindowKey("camunda", "alice", "reads"), WindowKey("uipath", "", "reads")],
    )
    def test_other_windows_have_other_slots(
        self, rate_limits: RateLimitState, slots: SlotLog, other: WindowKey
    ) -> None:
        """Windows differ by source, credential and name."""
        slots.take()
        slots.pause(60.0)

        assert (10, True) == (rate_limits.slots(other).room(10), rate_limits.slots(other).paused_until < 0)


class LeasesContract(ABC):
    @abstractmethod
    @pytest.fixture
    def leases(self) -> Leases:
        """A new one."""

    async def test_one_holder_at_a_time(self, leases: Leases) -> None:
        """The others wait."""
        running = most = done = 0

        async def hold() -> None:
            nonlocal running, most, done
            async with leases.hold(TASK):
                running += 1
                most = max(most, running)
                await anyio.lowlevel.checkpoint()
                running -= 1
                done += 1

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(hold)

        assert (1, 20) == (most, done)

    async def test_other_keys_are_free(self, leases: Leases) -> None:
        """A write to one task does not delay a write to another."""
        with anyio.fail_after(5):
            async with leases.hold(TASK), leases.hold(LIST):
                pass

    async def test_a_lease_ends_with_its_block(self, leases: Leases) -> None:
        """Also if the block raises an exception."""
        with pytest.raises(KeyError):
            async with leases.hold(TASK):
                raise KeyError
        with anyio.fail_after(5):
            async with leases.hold(TASK):
                pass

    async def test_a_cancelled_waiter_does_not_keep_the_lease(self, leases: Leases) -> None:
        """The next waiting task gets it."""

        async def impatient() -> None:
            with anyio.move_on_after(0.01):
                async with leases.hold(TASK):
                    raise AssertionError("it is held by another task")

        async with leases.hold(TASK), anyio.create_task_group() as group:
            group.start_soon(impatient)
        with anyio.fail_after(5):
            async with leases.hold(TASK):
                pass

    async def test_a_held_key_is_not_waited_for(self, leases: Leases) -> None:
        """False, and the block holds nothing. A free key is held for the block."""
        with anyio.fail_after(5):
            async with leases.hold(TASK), leases.hold_if_free(TASK) as first:
                held = leases.is_held(TASK)
            async with leases.hold_if_free(TASK) as second, leases.hold_if_free(TASK) as third:
                held_again = leases.is_held(TASK)
            async with leases.hold(TASK):
                pass

        assert (False, True, False) == (first, second, third)
        assert (True, True, False) == (held, held_again, leases.is_held(TASK))

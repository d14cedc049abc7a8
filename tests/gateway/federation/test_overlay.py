"""The overlay alone: which record is shown for one that was read, and for how long."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from connectors.sdk.model import FlowState, Task, TaskRef, TaskState
from gateway.federation.overlay import LONGEST, MOST_KEPT, FlowOverlay, Overlay, Reading
from tests.gateway.federation.memory_source import NOW, task
from tests.gateway.federation.rich_source import flow

ROW, RECORD = Reading.ROW, Reading.RECORD
BEFORE = task("north", "1")


class Time:
    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)


def owned(by: str) -> Task:
    return task("north", "1", owner=by)


@pytest.fixture
def time() -> Time:
    return Time()


def read(one: Task, time: Time) -> Task:
    return structs.replace(one, fetched_at=time.now())


def test_the_vendor_is_believed_after_a_minute_unless_it_was_read_before(time: Time) -> None:
    """Then the answer of before stands in for a failing source, and cannot show the write."""
    overlay = Overlay(monotonic=time.monotonic, now=time.now)
    time.seconds = 10.0
    overlay.put(BEFORE, owned("alice"))
    time.seconds = 10.0 + LONGEST - 1
    lagging = overlay.seen(read(BEFORE, time), ROW)
    time.seconds = 10.0 + LONGEST + 1
    lost = read(BEFORE, time)

    assert owned("alice") == lagging
    assert owned("alice") == overlay.seen(BEFORE, ROW)
    assert lost is overlay.seen(lost, ROW)
    assert ([], [owned("alice")]) == (overlay.expected("north", ROW), overlay.expected("north", ROW, read_at=NOW))
    assert [] == overlay.expected("north", ROW, read_at=time.now())


def test_rows_of_before_stay_replaced_when_the_vendor_has_shown_the_write(time: Time) -> None:
    """One page was read again and another was not. A version that no write of ours was based on stays replaced too."""
    overlay = Overlay(monotonic=time.monotonic, now=time.now)
    time.seconds = 10.0
    overlay.put(BEFORE, owned("alice"))
    time.seconds = 11.0
    shown = read(owned("alice"), time)

    assert shown is overlay.seen(shown, ROW)
    assert owned("alice") == overlay.seen(BEFORE, ROW)
    assert owned("alice") == overlay.seen(task("north", "1", title="Older", owner="zoe"), ROW)
    assert [] == overlay.expected("north", ROW)


def test_an_entry_ends_once_for_each_reading(time: Time) -> None:
    """Answers that are older than it are outdated from then on; later looks change nothing."""
    ended: list[TaskRef] = []
    overlay = Overlay(monotonic=time.monotonic, now=time.now, ended=ended.append)
    overlay.put(BEFORE, owned("alice"))
    for _ in range(3):
        overlay.seen(read(owned("bob"), time), ROW)
        time.seconds += LONGEST
        overlay.expected("north", ROW)

    assert [BEFORE.ref, BEFORE.ref] == ended


def test_old_entries_are_bounded(time: Time) -> None:
    """In number, and by the greatest age of an answer."""
    overlay = Overlay(monotonic=time.monotonic, now=time.now, kept=600.0)
    time.seconds = 1.0
    for number in range(MOST_KEPT + 10):
        one = task("north", str(number))
        overlay.put(one, structs.replace(one, state=TaskState.COMPLETED))
    time.seconds = 2.0 + LONGEST
    after_a_minute = overlay.expected("north", ROW, read_at=NOW)
    time.seconds = 602.0

    assert (MOST_KEPT, "10") == (len(after_a_minute), after_a_minute[0].native_id)
    assert [] == overlay.expected("north", ROW, read_at=NOW)


def test_all_versions_of_several_writes_are_known(time: Time) -> None:
    """The vendor may show any of them."""
    overlay = Overlay(monotonic=time.monotonic, now=time.now)
    done = structs.replace(owned("alice"), state=TaskState.COMPLETED)
    overlay.put(BEFORE, owned("alice"))
    overlay.put(owned("alice"), done)
    (written,) = overlay.written("north", ROW)

    assert {BEFORE, owned("alice"), done} == set(written.versions)
    assert [done, done] == [overlay.seen(read(one, time), ROW) for one in (BEFORE, owned("alice"))]


def test_lists_may_lag_behind_reads_by_id(time: Time) -> None:
    """The task was opened after the write: rows of lists stay replaced until a list shows the write too."""
    overlay = Overlay(monotonic=time.monotonic, now=time.now)
    overlay.put(BEFORE, owned("alice"))
    time.seconds = 1.0
    record = read(owned("alice"), time)
    shown = overlay.seen(record, RECORD)

    assert record is shown
    assert ([owned("alice")], []) == (overlay.expected("north", ROW), overlay.expected("north", RECORD))
    assert owned("alice") == overlay.seen(read(BEFORE, time), ROW)
    released = read(BEFORE, time)
    assert released is overlay.seen(released, RECORD)


def test_flows_that_were_read_before_a_write_stay_replaced(time: Time) -> None:
    """As tasks."""
    overlay = FlowOverlay(monotonic=time.monotonic, now=time.now)
    active = flow("north", "f1")
    canceled = structs.replace(active, state=FlowState.CANCELED)
    time.seconds = 1.0
    overlay.put(canceled)
    lagging = overlay.seen(structs.replace(active, fetched_at=time.now()))
    time.seconds = LONGEST + 2.0
    later = structs.replace(active, fetched_at=time.now())

    assert (canceled, canceled, later) == (lagging, overlay.seen(active), overlay.seen(later))
    assert None is overlay.expected(active.ref)

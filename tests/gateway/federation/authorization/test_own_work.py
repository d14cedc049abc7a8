"""What is kept of tasks that people ended, and for how long."""

from datetime import datetime, timedelta

from msgspec import structs

from connectors.sdk.model import TaskRef, TaskState, UserRef
from gateway.federation.authorization import OwnWork
from gateway.store import EndedTask
from tests.gateway.federation.memory_source import NOW, task

KEEP = timedelta(days=2)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def ended(number: int, *, person: str = "alice", owner: str = "bob", at: datetime = NOW) -> EndedTask:
    left = task("north", str(number), owner=owner, state=TaskState.COMPLETED, outcome=f"by {person}")
    return EndedTask(
        operation_id=f"{person} {number} {at}", person=person, at=at, owners=(owner,), vendor_owners=(), task=left
    )


def own_work(clock: Clock, *, most: int = 10) -> OwnWork:
    return OwnWork(keep=KEEP, is_person=lambda _: False, most=most, now=clock)


def ids(own: OwnWork, person: str, native_id: str | None = None, source: str = "north") -> list[str]:
    return [left.native_id for left, _ in own.of(person, source, native_id)]


def test_a_task_is_kept_for_its_author_and_its_owner() -> None:
    """Of one source; the owner by the account in that source."""
    own = own_work(Clock())
    own.add(ended(1))

    assert (["1"], ["1"]) == (ids(own, "alice"), ids(own, "someone", "bob"))
    assert ([], [], []) == (ids(own, "bob"), ids(own, "alice", source="south"), ids(own, "someone", "alice"))
    assert own.left("alice", None, TaskRef("north", "1")) is not None
    assert own.left("carol", "carol", TaskRef("north", "1")) is None


def test_it_is_forgotten_in_time_and_the_oldest_first() -> None:
    """Without and with a later write; nothing else is held then."""
    clock = Clock()
    own = own_work(clock, most=2)
    own.add(ended(1))
    clock.now += KEEP + timedelta(seconds=1)
    late = ids(own, "alice")
    for number in (2, 3, 4):
        own.add(ended(number, at=clock.now))

    assert ([], ["3", "4"]) == (late, ids(own, "alice"))
    assert 2 == len(own._seen) == len(own._newest) == len(own._kept)


def test_a_task_that_was_ended_twice_is_each_persons_own() -> None:
    """Reopened at the vendor in between: the newest write fills in the vendor's record."""
    own = own_work(Clock())
    own.add(ended(1))
    own.add(ended(1, person="carol"))
    first, second = (own.left(person, None, TaskRef("north", "1")) for person in ("alice", "carol"))

    assert first is not None
    assert second is not None
    assert ("by alice", "by carol") == (first.outcome, second.outcome)
    assert "by carol" == own.remembered(structs.replace(first, outcome=None)).outcome


def test_the_vendors_record_is_the_one_read_last() -> None:
    """Expected from the write, then read, then gone."""
    own = own_work(Clock())
    one = ended(1)
    own.add(one)
    ((_, expected),) = own.of("alice", "north", None)
    own.remembered(structs.replace(one.task, assignees=(UserRef(native_id="account"),)))
    ((_, read),) = own.of("alice", "north", None)
    own.is_gone(one.task.ref)
    ((_, gone),) = own.of("alice", "north", None)

    assert expected is not None
    assert read is not None
    assert ((), ["account"], None) == (expected.assignees, [user.native_id for user in read.assignees], gone)

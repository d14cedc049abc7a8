"""What was shown to whom a moment ago."""

from connectors.sdk.model import TaskRef
from gateway.federation.authorization import RecentlyShown

ONE, TWO, THREE = (TaskRef("north", number) for number in "123")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_showing_lasts_a_minute_and_tells_once() -> None:
    """A new showing may be told of again. Another person was shown nothing."""
    clock = Clock()
    shown = RecentlyShown(monotonic=clock)
    shown.note("alice", [ONE])
    told = [
        shown.may_tell("alice", ONE),
        shown.may_tell("alice", ONE),
        shown.knows("alice", ONE),
        shown.knows("bob", ONE),
    ]
    clock.now = 59.0
    shown.note("alice", [ONE])
    again = shown.may_tell("alice", ONE)
    clock.now = 119.0

    assert ([True, False, True, False], True) == (told, again)
    assert (False, False) == (shown.knows("alice", ONE), shown.may_tell("alice", ONE))


def test_the_oldest_showings_are_forgotten_first() -> None:
    """The memory is bounded, whatever is listed."""
    shown = RecentlyShown(monotonic=Clock(), most=2)
    shown.note("alice", [ONE, TWO])
    shown.note("alice", [ONE])
    shown.note("alice", [THREE])

    assert [True, False, True] == [shown.knows("alice", ref) for ref in (ONE, TWO, THREE)]

"""What was shown to whom a moment ago."""

from msgspec import structs

from connectors.sdk.caller import TASK_ADMIN
from connectors.sdk.model import TaskRef, UserRef
from gateway.federation.authorization import RecentlyShown
from gateway.federation.authorization.recently_shown import HIDDEN_SECONDS
from tests.gateway.federation.memory_source import person, task

ALICE, BOB = person("alice", "north"), person("bob", "north")
ONE, TWO, THREE = (TaskRef("north", number) for number in "123")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_showing_lasts_a_minute_and_tells_once() -> None:
    """A new showing may be told of again. Another person was shown nothing."""
    clock = Clock()
    shown = RecentlyShown(monotonic=clock)
    shown.note(ALICE, [ONE])
    told = [
        shown.may_tell(ALICE, ONE),
        shown.may_tell(ALICE, ONE),
        shown.knows(ALICE, ONE),
        shown.knows(BOB, ONE),
    ]
    clock.now = 59.0
    shown.note(ALICE, [ONE])
    again = shown.may_tell(ALICE, ONE)
    clock.now = 119.0

    assert ([True, False, True, False], True) == (told, again)
    assert (False, False) == (shown.knows(ALICE, ONE), shown.may_tell(ALICE, ONE))


def test_a_token_that_links_the_person_otherwise_was_shown_nothing() -> None:
    """To no account, or to other groups: by such a token they may see less."""
    shown = RecentlyShown(monotonic=Clock())
    shown.note(ALICE, [ONE])
    others = (structs.replace(ALICE, identities={}), person("alice", "north", groups=("sales",)))

    assert [True, False, False] == [shown.knows(each, ONE) for each in (ALICE, *others)]


def test_a_token_that_makes_the_person_no_task_admin_was_shown_nothing() -> None:
    """A task admin sees the tasks of all people."""
    shown = RecentlyShown(monotonic=Clock())
    shown.note(structs.replace(ALICE, roles=frozenset({TASK_ADMIN})), [ONE])

    assert not shown.knows(ALICE, ONE)


def test_another_system_behind_the_same_key_has_other_tasks() -> None:
    """A reload may name another system: its tasks may have the same ids."""
    number = [0]
    shown = RecentlyShown(monotonic=Clock(), system=lambda _: number[0])
    shown.note(ALICE, [ONE])
    shown.note_hidden(task("north", "1"))
    before = shown.knows(ALICE, ONE), shown.before(ONE) is None
    number[0] = 1

    assert ((True, False), (False, True)) == (before, (shown.knows(ALICE, ONE), shown.before(ONE) is None))


def test_the_oldest_showings_are_forgotten_first() -> None:
    """The memory is bounded, whatever is listed."""
    shown = RecentlyShown(monotonic=Clock(), most=2)
    shown.note(ALICE, [ONE, TWO])
    shown.note(ALICE, [ONE])
    shown.note(ALICE, [THREE])

    assert [True, False, True] == [shown.knows(ALICE, ref) for ref in (ONE, TWO, THREE)]


def test_what_a_write_has_hidden_is_remembered_for_a_while() -> None:
    """The task before it: its candidates, or every user, could see it until then. Giving it back ends that."""
    now = [0.0]
    shown = RecentlyShown(monotonic=lambda: now[0])
    free, open_to_all = task("north", "1"), task("north", "2", candidate_groups=())
    taken = structs.replace(free, assignees=(UserRef(native_id="alice"),), candidate_groups=())
    for before, after in ((free, taken), (open_to_all, structs.replace(taken, native_id="2"))):
        shown.note_written(before, after)

    assert [free, open_to_all] == [shown.before(free.ref), shown.before(open_to_all.ref)]
    shown.note_written(taken, free)
    now[0] = HIDDEN_SECONDS
    assert [None, None] == [shown.before(free.ref), shown.before(open_to_all.ref)]

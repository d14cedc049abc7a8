"""People are told nothing of tasks that they may not see: in 10,000 random operations of 200 people, and in twin worlds.

The same properties must find faults that are planted in the rule of visibility.
"""

from collections.abc import Iterator

import pytest
import structlog

from tests.effort import sized
from tests.gateway.federation.visibility.mutants import BY_MARKS, BY_SMALL_PAGES, BY_TWINS
from tests.gateway.federation.visibility.people import OWN, STRONG
from tests.gateway.federation.visibility.twins import differences
from tests.gateway.federation.visibility.world import foreign_marks

pytestmark = pytest.mark.slow

OPERATIONS = sized(100_000, 10_000)
QUESTIONS = sized(20_000, 250)
# Within so many operations or questions, in a small world, a planted fault is found.
SOON = 4_000
EXACT = (STRONG, OWN)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of writes and failures are logged."""
    before = structlog.get_config()
    structlog.configure(processors=[_dropped])
    yield
    structlog.configure(**before)


def _dropped(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


async def test_no_answer_has_a_mark_of_another_person() -> None:
    """While sources fail, lag and lose answers, time passes, and people try each other's ids, cursors and keys."""
    assert [] == await foreign_marks(OPERATIONS, seed=1)


async def test_no_field_of_the_graph_has_a_mark_of_another_person() -> None:
    """Whole tasks and flows, with those that they refer to."""
    assert [] == await foreign_marks(sized(2_000, 24), seed=2, count=24, reads=("graph",))


async def test_answers_do_not_depend_on_tasks_of_other_people() -> None:
    """Rows, counts, costs, errors, lengths of cursors: nothing tells whose the other tasks are, or what is in them."""
    assert [] == await differences(QUESTIONS, seed=1)


async def test_a_vendor_that_applies_the_rule_reads_no_page_for_other_people() -> None:
    """Pages of eight rows: one more page would be one more call."""
    assert [] == await differences(QUESTIONS, seed=1, sources=EXACT, page=8)


@pytest.mark.parametrize("name", BY_MARKS)
async def test_a_planted_fault_shows_a_foreign_mark(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BY_MARKS[name](monkeypatch)
    try:
        found: object = await foreign_marks(SOON, seed=1, count=24, most=1)
    except* AssertionError as refused:
        found = refused

    assert found


@pytest.mark.parametrize("name", BY_TWINS)
async def test_a_planted_fault_makes_answers_differ(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BY_TWINS[name](monkeypatch)

    assert await differences(SOON, seed=1, most=1)


@pytest.mark.parametrize("name", BY_SMALL_PAGES)
async def test_a_planted_fault_costs_calls_for_other_people(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BY_SMALL_PAGES[name](monkeypatch)

    assert await differences(SOON, seed=1, sources=EXACT, page=8, most=1)

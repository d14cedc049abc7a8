"""Tasks with equal values have the same key, whatever the dimension, and the other way round."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.query import overdue
from gateway.federation.lists import stats
from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.stats import Stats
from gateway.federation.lists.tally import Tally
from gateway.people.book import BookOfPeople
from schema.ports import TaskDimension
from tests.gateway.federation.listing_source import SOURCES, ListingConnector, row, seeds
from tests.gateway.federation.memory_source import NOW, federation, person

PEOPLE = [person("alice", "north", "south"), person("bob", "north")]


def stats_of() -> Stats:
    sources = federation(*[ListingConnector(key) for key in SOURCES])._sources
    lists: Any = None
    return Stats(lists, sources, people=BookOfPeople(PEOPLE), now=lambda: NOW)


@pytest.mark.parametrize("stretch", [7, 256])
@given(seeds, st.lists(st.sampled_from(list(TaskDimension)), max_size=3, unique=True))
async def test_groups_are_those_of_a_key_for_each_task(
    stretch: int, numbers: list[int], dimensions: list[TaskDimension]
) -> None:
    tasks = [row(seed, f"{number:03}") for number, seed in enumerate(numbers)]
    made = stats_of()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stats, "STRETCH", stretch)
        grouped = await made._grouped(RowWork(), tasks, dimensions, NOW)
    expected: dict[Any, list[Any]] = {}
    for task in tasks:
        expected.setdefault(tuple(made._key(each, task, NOW) for each in dimensions), []).append(task)

    assert list(grouped) == list(expected)
    assert {key: {one.ref for one in rows} for key, rows in grouped.items()} == {
        key: {one.ref for one in rows} for key, rows in expected.items()
    }
    assert [rows[0] for rows in grouped.values()] == [rows[0] for rows in expected.values()]


@given(seeds)
def test_a_tally_is_that_of_its_definition(numbers: list[int]) -> None:
    tasks = [row(seed, f"{number:03}") for number, seed in enumerate(numbers)]
    tally = Tally(tasks, NOW)
    to_come = [task.due_at for task in tasks if task.is_open and task.due_at is not None and task.due_at >= NOW]

    assert tally.overdue == sum(overdue(task, NOW) is True for task in tasks)
    assert tally.next_due_at == min(to_come, default=None)
    assert tally.oldest_created_at == min((task.created_at for task in tasks if task.created_at), default=None)

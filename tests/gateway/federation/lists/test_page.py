"""Pages of merged lists against the Connections specification: tasks, people, groups and definitions alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import InputError
from connectors.sdk.query import SortKey, TaskOrderField
from schema.ports import PageRequest, TaskFilter, TaskListRequest
from tests.connection_model import Asked, Expected, expected
from tests.gateway.federation.lists.test_people_list import Directory
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

ADMIN = person("carol", "north", "south", admin=True)
# Two sources, one that sorts and one that does not, with ties and rows without a due date.
TASKS = [
    *(task("north", f"n{number}", due_at=later(hours=number // 2)) for number in range(4)),
    *(task("south", f"s{number}", due_at=None if number == 2 else later(hours=number)) for number in range(3)),
]
ORDER = (SortKey(TaskOrderField.DUE_AT),)
SOURCES = federation(
    MemoryConnector("north", TASKS[:4]), MemoryConnector("south", TASKS[4:], sorts=frozenset()), people=[ADMIN]
)
PEOPLE = federation(Directory("north", ["ada", "bo", "cy"]), Directory("south", ["di", "ed"]), people=[])

positions = st.none() | st.integers(0, 4)
arguments = st.tuples(st.booleans(), st.integers(0, 8), positions, positions)


def asked_of(rows: list[str], drawn: tuple[bool, int, int | None, int | None]) -> Asked:
    backward, size, after, before = drawn
    cursors = [None if at is None else rows[at] for at in (after, before)]
    return Asked(None, cursors[0], size, cursors[1]) if backward else Asked(size, cursors[0], None, cursors[1])


@given(arguments)
async def test_a_page_of_tasks_is_what_the_specification_says(drawn: tuple[bool, int, int | None, int | None]) -> None:
    """Any size with any cursors, also ones that leave nothing between them; the total is that of the whole list."""
    whole = await SOURCES.list_tasks(ADMIN, TaskListRequest(order=ORDER, first=100))
    cursors = {edge.task.native_id: edge.cursor() for edge in whole.edges}
    asked = asked_of(list(cursors), drawn)
    after, before = cursors.get(asked.after or ""), cursors.get(asked.before or "")
    near, far = (after, before) if asked.last is None else (before, after)

    page = await SOURCES.list_tasks(
        ADMIN,
        TaskListRequest(order=ORDER, first=drawn[1], after=near, until=far, backward=asked.last is not None),
    )

    assert expected(list(cursors), asked) == Expected(
        [edge.task.native_id for edge in page.edges], page.has_next_page, page.has_previous_page
    )
    assert len(TASKS) == page.total


@given(arguments)
async def test_a_page_of_people_is_what_the_specification_says(drawn: tuple[bool, int, int | None, int | None]) -> None:
    """A list that no vendor sorts."""
    whole = await PEOPLE.list_users(ADMIN, PageRequest(first=100))
    cursors = {edge.item.native_id: edge.cursor() for edge in whole.edges}
    asked = asked_of(list(cursors), drawn)
    after, before = cursors.get(asked.after or ""), cursors.get(asked.before or "")
    near, far = (after, before) if asked.last is None else (before, after)

    page = await PEOPLE.list_users(
        ADMIN, PageRequest(first=drawn[1], after=near, until=far, backward=asked.last is not None)
    )

    assert expected(list(cursors), asked) == Expected(
        [edge.item.native_id for edge in page.edges], page.has_next_page, page.has_previous_page
    )
    assert 5 == page.total


async def test_no_rows_are_read_beyond_the_far_cursor() -> None:
    """A page that ends at a cursor on the first page of the vendor costs one call."""
    north = MemoryConnector(
        "north", [task("north", f"{number:03}", due_at=later(hours=number)) for number in range(99)]
    )
    sources = federation(north, people=[ADMIN])
    some = TaskListRequest(order=ORDER, first=9, filter=TaskFilter(sources=frozenset({"north"})), count=False)
    end = (await sources.list_tasks(ADMIN, some)).edges[4].cursor()
    before = north.lists

    page = await sources.list_tasks(
        ADMIN, TaskListRequest(order=ORDER, first=50, until=end, filter=some.filter, count=False)
    )

    assert (["000", "001", "002", "003"], 1) == ([edge.task.native_id for edge in page.edges], north.lists - before)


@pytest.mark.parametrize(
    ("backward", "near", "far"), [(False, "after", "before"), (True, "before", "after")], ids=["first", "last"]
)
async def test_the_cursor_at_fault_is_named(backward: bool, near: str, far: str) -> None:
    """As the argument that the client sent."""
    for request, field in (
        (TaskListRequest(after="x", backward=backward), near),
        (TaskListRequest(until="x", backward=backward), far),
    ):
        with pytest.raises(InputError) as refused:
            await SOURCES.list_tasks(ADMIN, request)

        assert (field,) == refused.value.field

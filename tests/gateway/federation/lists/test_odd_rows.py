"""Lists tell how many rows they left out because these do not fit the vendor's documentation."""

from typing import Any

import pytest
import structlog
from msgspec import structs

from connectors.sdk.model import CountAccuracy, GroupRef, Task, TaskState, UserRef
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.query import Page, SortKey, TaskOrderField, TaskQuery
from gateway.federation.lists.odd_rows import described
from schema.ports import InboxScope, SourceReport, SourceStatus, TaskList, TaskListRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

ADMIN = person("carol", "north", "south", admin=True)
ALICE = person("alice", "north", "south")
BOB = person("bob", "north", groups=("sales",))
ODD = OddRow(key="x", members=("priority",))


def unknown(**members: Any) -> Task:
    return structs.replace(task("north", "odd"), state=TaskState.UNKNOWN, candidate_groups=None, **members)


class WithOddRows(MemoryConnector):
    """Its first page leaves `odd` out."""

    odd: tuple[OddRow, ...] = (ODD,)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        return structs.replace(page, odd=self.odd if after is None else ())


def north(*odd: OddRow, count: int = 5, sorts: bool = True) -> WithOddRows:
    rows = [task("north", f"n{number}", due_at=later(minutes=number)) for number in range(count)]
    connector = WithOddRows("north", rows) if sorts else WithOddRows("north", rows, sorts=frozenset())
    connector.odd = odd or (ODD,)
    return connector


async def page_of(*connectors: MemoryConnector, caller: Any = ADMIN, **members: Any) -> TaskList:
    return await federation(*connectors, people=[ADMIN, ALICE, BOB]).list_tasks(caller, TaskListRequest(**members))


def seen(report: SourceReport) -> tuple[Any, ...]:
    return report.status, report.count, report.count_accuracy, report.error and report.error.message


@pytest.mark.parametrize("sorts", [True, False])
async def test_a_source_with_an_odd_row_is_partial(sorts: bool) -> None:
    """The other rows and the other source are shown; the count is a lower bound, and the member is named."""
    south = MemoryConnector("south", [task("south", "s1")])
    page = await page_of(north(sorts=sorts), south)

    assert (6, False, CountAccuracy.LOWER_BOUND) == (len(page.edges), page.is_complete, page.total_accuracy)
    assert seen(page.sources[0]) == (
        SourceStatus.PARTIAL,
        5,
        CountAccuracy.LOWER_BOUND,
        "1 row does not fit the vendor's documentation (priority)",
    )
    assert SourceStatus.OK is page.sources[1].status


async def test_the_same_odd_row_of_two_streams_counts_once() -> None:
    """A list ordered by due date reads rows with and without one as two streams."""
    page = await page_of(north(ODD, OddRow(key="y", members=("name", "priority"))))
    error = page.sources[0].error

    assert error is not None
    assert "2 rows do not fit the vendor's documentation (name, priority)" == error.message


async def test_a_total_stays_a_lower_bound_on_the_next_page() -> None:
    """The second page has no odd row, but knows the count of the first."""
    sources = federation(north(count=30), people=[ADMIN])
    first = await sources.list_tasks(ADMIN, TaskListRequest(first=5, order=(SortKey(TaskOrderField.CREATED_AT),)))
    second = await sources.list_tasks(
        ADMIN,
        TaskListRequest(first=5, after=first.edges[-1].cursor(), order=(SortKey(TaskOrderField.CREATED_AT),)),
    )

    assert {CountAccuracy.LOWER_BOUND} == {first.total_accuracy, second.total_accuracy}
    assert 30 == first.total == second.total


@pytest.mark.parametrize(
    ("row", "alice", "bob"),
    [
        (ODD, True, True),
        (OddRow(key="x", members=("priority",), task=unknown()), True, True),
        (OddRow(key="x", members=("priority",), task=unknown(assignees=(UserRef(native_id="alice"),))), True, False),
        (
            OddRow(
                key="x",
                members=("priority",),
                task=structs.replace(unknown(), candidate_groups=(GroupRef(native_id="sales"),)),
            ),
            False,
            True,
        ),
    ],
    ids=["people unreadable", "of no person", "owner", "group"],
)
async def test_an_odd_row_counts_for_those_who_may_see_it(row: OddRow, alice: bool, bob: bool) -> None:
    """Where its people can be read. A task admin sees every task."""
    counted = [
        SourceStatus.PARTIAL is (await page_of(north(row), caller=caller, scope=scope)).sources[0].status
        for caller, scope in (
            (ALICE, InboxScope.MINE_OR_CLAIMABLE),
            (BOB, InboxScope.MINE_OR_CLAIMABLE),
            (ADMIN, InboxScope.ALL_VISIBLE),
        )
    ]

    assert [alice, bob, True] == counted


async def test_a_row_that_was_selected_by_a_time_which_it_does_not_tell_is_odd() -> None:
    """It would be in no part of a list ordered by that time. An id that cannot be opened is odd too."""

    class Untold(MemoryConnector):
        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            page = await super().list_tasks(query, limit=limit, after=after)
            items = [structs.replace(one, due_at=None) if one.native_id == "n1" else one for one in page.items]
            return structs.replace(page, items=items)

        def is_native_id(self, native_id: str) -> bool:
            return native_id != "n2"

    rows = [task("north", f"n{number}", due_at=later(minutes=number)) for number in range(4)]
    page = await page_of(Untold("north", rows))

    assert ["n0", "n3"] == [edge.task.native_id for edge in page.edges]
    assert "2 rows do not fit the vendor's documentation (DUE_AT, id)" == getattr(page.sources[0].error, "message", "")


async def test_the_log_names_a_kind_of_odd_row_once() -> None:
    """Members only; neither ids nor values."""
    sources = federation(north(ODD, OddRow(key="y", members=("name",))), people=[ADMIN])
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            await sources.list_tasks(ADMIN, TaskListRequest(fresh=True))

    left_out = [each["members"] for each in logged if each["event"] == "rows left out"]
    assert [["name"], ["priority"]] == sorted(left_out)


def test_a_text_names_few_members() -> None:
    rows = [OddRow(key=str(number), members=(f"m{number}",)) for number in range(7)]

    assert "7 rows do not fit the vendor's documentation (m0, m1, m2, m3, m4, ...)" == described(rows)

"""How many rows a list has: against a model, and the same whatever the page size."""

from collections.abc import Collection
from datetime import timedelta

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from connectors.sdk.model import CountAccuracy, GroupRef, Task, TaskRef, TaskState, UserRef
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from gateway.federation.lists.count import Changes, Count, count_rows, exactly, lower_bound
from schema.ports import ClaimIntent, InboxScope, StatsRequest, TaskFilter, TaskListRequest, WriteRequest
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, person, task

ALICE = person("alice", "north")
CAROL = person("carol", "north", admin=True)


class Part(Struct):
    """A stream of a disjunct: the rows `all_rows`; `seen` were read."""

    disjunct: int
    all_rows: frozenset[str]
    seen: frozenset[str]
    total: Count | None = None
    opened: bool = True
    error: str | None = None
    counts_itself: bool = True

    @property
    def known(self) -> frozenset[str]:
        return self.seen

    def ids(self) -> frozenset[str] | None:
        return self.seen if self.opened and self.error is None and self.seen == self.all_rows else None

    def count(self) -> Count:
        if self.ids() is not None:
            return exactly(len(self.seen))
        return (self.total or lower_bound(0)).at_least(len(self.seen))


class Model(Struct):
    """What the vendor tells of `parts`; `tells` is how many times it does."""

    parts: list[Part]
    tells: int
    asked: int = 0

    def _rows(self, number: int) -> frozenset[str]:
        return frozenset().union(*(part.all_rows for part in self.parts if part.disjunct == number))

    def exclude(self, one: int, other: int) -> bool:
        return not self._rows(one) & self._rows(other)

    async def common(self, numbers: frozenset[int]) -> int | None:
        self.asked += 1
        if self.asked > self.tells:
            return None
        return len(frozenset.intersection(*(self._rows(number) for number in numbers)))

    async def changed(self) -> Changes | None:
        return None

    def changes_at_most(self) -> int:
        return 0


rows = st.frozensets(st.sampled_from("abcdefgh"), max_size=8)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    everything, hidden = draw(rows), draw(rows)
    seen = everything - hidden
    total = draw(st.sampled_from([None, exactly(len(everything)), lower_bound(len(everything) // 2)]))
    opened = draw(st.booleans())
    return Part(
        draw(st.integers(0, 3)),
        everything,
        seen if opened else frozenset(),
        total if opened else None,
        opened,
        draw(st.sampled_from([None, None, "failed"])),
        draw(st.booleans()),
    )


@given(st.lists(parts(), max_size=5), rows, st.booleans(), st.integers(0, 8), st.booleans())
def test_a_count_never_says_more_than_is_known_and_never_less_than_was_given(
    drawn: list[Part], more: Collection[str], ask: bool, tells: int, has_model: bool
) -> None:
    """EXACT is the number of different rows; a lower bound is not above it, nor below the rows that were read."""
    # Streams of one disjunct are parts of it that do not overlap.
    taken: dict[int, frozenset[str]] = {}
    disjoint = []
    for part in drawn:
        rest = part.all_rows - taken.get(part.disjunct, frozenset())
        if rest == part.all_rows:
            taken[part.disjunct] = taken.get(part.disjunct, frozenset()) | rest
            disjoint.append(part)
    everything = frozenset().union(*(part.all_rows for part in disjoint))
    given_rows = everything & frozenset(more)
    model = Model(disjoint, tells) if has_model else None

    async def run() -> Count | None:
        return await count_rows(disjoint, given=given_rows, disjuncts=model, ask=ask)

    found = anyio.run(run)
    read = given_rows.union(*(part.seen for part in disjoint))
    if found is None:
        assert not read
        return
    assert len(read) <= found.value <= len(everything)
    assert not found.is_exact or found.value == len(everything)
    assert model is None or ask or model.asked == 0


def mixed(native_id: str, number: int) -> Task:
    """Alice's own tasks, tasks for her, for her group, for both, and other people's."""
    groups, alice = (GroupRef(native_id="accounting"),), (UserRef(native_id="alice"),)
    due = NOW + timedelta(hours=number) if number % 3 else None
    match number % 7:
        case 0:
            return task("north", native_id, owner="alice", candidate_groups=(), due_at=due)
        case 1:
            return task("north", native_id, candidate_groups=groups, due_at=due)
        case 2:
            return task("north", native_id, candidate_users=alice, candidate_groups=groups, due_at=due)
        case 3:
            return task("north", native_id, candidate_users=alice, candidate_groups=(), due_at=due)
        case 4:
            return task("north", native_id, owner="bob", candidate_groups=groups, due_at=due)
        case 5:
            return task("north", native_id, owner="alice", candidate_users=alice, candidate_groups=groups, due_at=due)
        case _:
            return task("north", native_id, owner="bob", candidate_groups=(), due_at=due)


TASKS = [
    structs.replace(mixed(f"{number:02}", number), created_at=NOW - timedelta(minutes=number)) for number in range(56)
]
SCOPES = {
    InboxScope.MINE: 16,
    InboxScope.CLAIMABLE: 24,
    InboxScope.MINE_OR_CLAIMABLE: 40,
    InboxScope.MY_GROUPS: 32,
    InboxScope.ALL_VISIBLE: 48,
}


@pytest.mark.slow
async def test_totals_are_exact_whatever_the_page_size_and_agree_with_the_stats() -> None:
    """Owner and READY exclude each other; what two groups of candidates have in common is asked for."""
    for scope, expected in SCOPES.items():
        sources = federation(MemoryConnector("north", TASKS), people=[ALICE])
        found = set()
        for first in (1, 2, 7, 50, 100):
            page = await sources.list_tasks(ALICE, TaskListRequest(scope=scope, first=first))
            found.add((page.total, page.total_accuracy, page.sources[0].count, page.is_complete))
        stats = await sources.task_stats(ALICE, StatsRequest(scope=scope))

        assert {(expected, CountAccuracy.EXACT, expected, True)} == found, scope
        assert (expected, CountAccuracy.EXACT) == (stats.total, stats.accuracy)


async def test_the_calls_that_a_total_costs() -> None:
    """One of one row for each overlap, cold; none where no total is asked for. Two partitions are read for each disjunct."""
    found = {}
    for scope in SCOPES:
        for count in (False, True):
            north = MemoryConnector("north", TASKS)
            request = TaskListRequest(scope=scope, first=1, count=count, order=())
            await federation(north, people=[ALICE]).list_tasks(ALICE, request)
            found[scope, count] = north.lists

    assert {
        InboxScope.MINE: 1,
        InboxScope.CLAIMABLE: 2,
        InboxScope.MINE_OR_CLAIMABLE: 3,
        InboxScope.MY_GROUPS: 1,
        InboxScope.ALL_VISIBLE: 3,
    } == {scope: calls for (scope, count), calls in found.items() if not count}
    assert {
        InboxScope.MINE: 2,
        InboxScope.CLAIMABLE: 4 + 1,
        InboxScope.MINE_OR_CLAIMABLE: 6 + 1,
        InboxScope.MY_GROUPS: 2,
        InboxScope.ALL_VISIBLE: 6 + 4,
    } == {scope: calls for (scope, count), calls in found.items() if count}


class Capped(MemoryConnector):
    """Counts to ten, as Camunda counts to 10,000, and cannot ask for two kinds of candidates at once."""

    cap = 10

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        pushed = super().pushdown(query)
        return structs.replace(pushed, candidate_users=None) if query.candidate_groups is not None else pushed

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        if page.total is None or page.total <= self.cap:
            return page
        return structs.replace(page, total=self.cap, total_accuracy=CountAccuracy.LOWER_BOUND)


async def test_a_total_is_never_below_the_rows_given_so_far() -> None:
    """A capped total is a lower bound that grows with the pages; at the end it is exact."""
    sources = federation(Capped("north", TASKS), people=[ALICE])
    for scope, expected in SCOPES.items():
        after, given_rows, totals = None, 0, []
        while True:
            page = await sources.list_tasks(ALICE, TaskListRequest(scope=scope, first=7, after=after))
            given_rows += len(page.edges)
            assert page.total is not None
            totals.append(page.total)

            assert given_rows <= page.total <= expected
            assert page.total_accuracy is not CountAccuracy.EXACT or page.total == expected
            if not page.has_next_page:
                break
            after = page.edges[-1].cursor()

        assert (expected, sorted(totals)) == (totals[-1], totals)
        assert page.total_accuracy is CountAccuracy.EXACT


async def test_later_pages_carry_what_the_first_one_counted() -> None:
    """Also in the other direction, and from an edge in the middle of a page."""
    north = MemoryConnector("north", TASKS)
    sources = federation(north, people=[ALICE])
    request = TaskListRequest(scope=InboxScope.ALL_VISIBLE, first=10)
    first = await sources.list_tasks(ALICE, request)
    second = await sources.list_tasks(ALICE, structs.replace(request, after=first.edges[4].cursor()))
    back = await sources.list_tasks(ALICE, structs.replace(request, after=second.edges[3].cursor(), backward=True))

    assert [(48, CountAccuracy.EXACT)] * 3 == [(page.total, page.total_accuracy) for page in (first, second, back)]


async def test_rows_that_a_write_moved_count_once_while_the_vendor_lags() -> None:
    """Before the vendor shows the claim, and after it: 17 of mine, 23 to claim, at any page size."""
    for lags in (True, False):
        for first in (1, 7, 100):
            north = MemoryConnector("north", TASKS)
            sources = federation(north, people=[ALICE])
            if lags:
                north.lag()
            claimed = next(one for one in TASKS if one.state is TaskState.READY)
            await sources.perform(ALICE, WriteRequest(target=TaskRef("north", claimed.native_id), intent=ClaimIntent()))
            totals = []
            for scope in (InboxScope.MINE, InboxScope.CLAIMABLE, InboxScope.MINE_OR_CLAIMABLE):
                page = await sources.list_tasks(ALICE, TaskListRequest(scope=scope, first=first))
                totals.append((page.total, page.total_accuracy))
                stats = await sources.task_stats(ALICE, StatsRequest(scope=scope))

                assert page.total == stats.total

            assert [(number, CountAccuracy.EXACT) for number in (17, 23, 40)] == totals


async def test_a_source_that_fails_counts_what_was_given() -> None:
    """The row that our own write left is there, so the source has one row at least."""
    north = MemoryConnector("north", TASKS)
    sources = federation(north, people=[ALICE])
    await sources.perform(ALICE, WriteRequest(target=TaskRef("north", "01"), intent=ClaimIntent()))
    north.fail = RuntimeError("odd")  # type: ignore[assignment]
    page = await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.MINE))

    assert (1, 1, CountAccuracy.LOWER_BOUND) == (len(page.edges), page.sources[0].count, page.total_accuracy)


async def test_tasks_by_id_are_counted_exactly() -> None:
    """An `id` filter costs one batch, at any page size."""
    north = MemoryConnector("north", TASKS)
    sources = federation(north, people=[CAROL])
    wanted = TaskFilter(ids=frozenset(TaskRef("north", one) for one in ("01", "02", "99")))
    page = await sources.list_tasks(CAROL, TaskListRequest(filter=wanted, first=1))

    assert (2, CountAccuracy.EXACT, True) == (page.total, page.total_accuracy, page.has_next_page)
    assert (0, 1) == (north.lists, north.gets)
    assert frozenset[TaskOrderField]() != north.info.sorts

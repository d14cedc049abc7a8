"""Filters that the gateway finishes: page size, bounds, and tasks by id."""

from collections.abc import Collection, Mapping, Sequence

import anyio
import pytest
from msgspec import structs

from connectors.sdk.errors import ConnectorError, UnavailableError
from connectors.sdk.model import CountAccuracy, Task, TaskRef
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from connectors.sdk.registry import connector_types
from connectors.sdk.row_test import TextMatch
from schema.ports import ClaimIntent, InboxScope, SourceStatus, TaskFilter, TaskListRequest, WriteRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

ADMIN = person("carol", "north", "south", admin=True)
ALICE = person("alice", "north", "south")
NOWHERE = [
    TaskFilter(titles=frozenset({"No such title"})),
    TaskFilter(title=TextMatch(contains="no such")),
    TaskFilter(text="no such text", has_flow=True),
    TaskFilter(business_key=TextMatch(contains="no such"), present=frozenset()),
]


class Paged(MemoryConnector):
    """Has `count` tasks, each with a due date, and cuts pages by place. Notes the page sizes that it is asked for."""

    def __init__(self, count: int = 6000, *, scan_page: int | None = None, fits: Collection[int] = ()) -> None:
        super().__init__("north")
        self.info = structs.replace(self.info, scan_page=scan_page)
        self.count, self.fits = count, fits
        self.sizes: list[int] = []

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        self._count()
        if TaskOrderField.DUE_AT in query.absent:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        self.sizes.append(limit)
        start = int(after or 0)
        end = min(start + limit, self.count)
        rows = [
            task("north", f"{n:05}", due_at=later(minutes=n), title="Fits" if n in self.fits else "Other")
            for n in range(start, end)
        ]
        following = str(end) if end < self.count else None
        return Page(items=rows, next_cursor=following, total=self.count, total_accuracy=CountAccuracy.EXACT)


@pytest.mark.parametrize("first", [5, 25, 100])
@pytest.mark.parametrize("wanted", NOWHERE)
async def test_a_filter_that_finds_nothing_costs_full_pages_up_to_the_bound(first: int, wanted: TaskFilter) -> None:
    """20 pages of 100 of 6,000 tasks, whatever page was asked for; then it is PARTIAL and says so."""
    north = Paged()
    page = await federation(north, people=[ADMIN]).list_tasks(
        ADMIN, TaskListRequest(filter=wanted, first=first, count=False)
    )
    report = page.sources[0]

    assert ({100}, 20) == (set(north.sizes), len(north.sizes))
    assert ([], SourceStatus.PARTIAL, True, False) == (page.edges, report.status, report.truncated, page.is_complete)


async def test_a_connector_says_how_large_a_page_of_a_scan_is() -> None:
    """A vendor that gives 1,000 rows at once is asked twice. A page whose rows are all wanted stays small."""
    north = Paged(scan_page=1000)
    sources = federation(north, people=[ADMIN])
    await sources.list_tasks(ADMIN, TaskListRequest(filter=NOWHERE[0], count=False))
    scanned = list(north.sizes)
    await sources.list_tasks(ADMIN, TaskListRequest(first=5, count=False))

    assert ([1000, 1000], [6]) == (scanned, north.sizes[2:])


async def test_a_filter_that_finds_little_has_a_bound_too() -> None:
    """One task in 500 fits: two thousand rows in a row never pass without one, four thousand in all are enough."""
    north = Paged(20_000, fits=range(0, 20_000, 500))
    wanted = TaskFilter(titles=frozenset({"Fits"}))
    page = await federation(north, people=[ADMIN]).list_tasks(ADMIN, TaskListRequest(filter=wanted, count=False))

    assert 41 == len(north.sizes)
    assert (SourceStatus.PARTIAL, True, 9) == (page.sources[0].status, page.sources[0].truncated, len(page.edges))


async def test_all_pages_of_a_list_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that takes three seconds a page gives three pages in eight seconds; the rows read so far are shown."""
    now = 0.0
    monkeypatch.setattr(anyio, "current_time", lambda: now)

    class Slow(Paged):
        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            nonlocal now
            now += 3.0
            return await super().list_tasks(query, limit=limit, after=after)

    north = Slow(fits={150})
    wanted = TaskFilter(titles=frozenset({"Fits"}))
    page = await federation(north, people=[ADMIN]).list_tasks(ADMIN, TaskListRequest(filter=wanted, count=False))
    nothing = await federation(Slow(), people=[ADMIN]).list_tasks(ADMIN, TaskListRequest(filter=wanted, count=False))

    assert (3, 1) == (len(north.sizes), len(page.edges))
    for report in (page.sources[0], nothing.sources[0]):
        assert (SourceStatus.PARTIAL, "UPSTREAM_TIMEOUT") == (report.status, report.error and report.error.code)


@pytest.mark.parametrize("number", [1, 2, 25])
@pytest.mark.parametrize("weak", [True, False])
async def test_tasks_by_id_cost_one_batch(number: int, weak: bool) -> None:
    """And no list. Those that are unknown, not visible or not wanted otherwise are left out."""
    north = MemoryConnector("north", [task("north", f"{n:03}") for n in range(60)], weak=weak)
    for name in ("000", "001"):
        north.held[name] = task("north", name, owner="bob", candidate_groups=(), due_at=later(hours=1))
    refs = [TaskRef("north", f"{n:03}") for n in range(number)] + [TaskRef("north", "unknown")]
    wanted = TaskFilter(ids=frozenset(refs))
    sources = federation(north, people=[ADMIN, ALICE])
    page = await sources.list_tasks(ADMIN, TaskListRequest(filter=wanted, first=100))
    hers = await sources.list_tasks(ALICE, TaskListRequest(filter=wanted, first=100))
    again = await sources.get_tasks(ADMIN, refs)

    assert (0, 1) == (north.lists, north.gets)
    assert (number, number, CountAccuracy.EXACT, True) == (
        len(page.edges),
        page.total,
        page.total_accuracy,
        page.is_complete,
    )
    assert (max(0, number - 2), number) == (len(hers.edges), len(again))


async def test_a_task_by_id_that_cannot_be_read_leaves_the_others() -> None:
    """PARTIAL, with its error. Its source is asked for no other list."""

    class Odd(MemoryConnector):
        async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
            found = await super().get_tasks(ids)
            return {**found, "2": UnavailableError("cannot read it")}

    refs = frozenset(TaskRef("north", name) for name in ("1", "2", "3"))
    sources = federation(Odd("north", [task("north", name) for name in ("1", "2", "3")]), people=[ADMIN])
    page = await sources.list_tasks(ADMIN, TaskListRequest(filter=TaskFilter(ids=refs)))
    report = page.sources[0]

    assert ["1", "3"] == [edge.task.native_id for edge in page.edges]
    assert (SourceStatus.PARTIAL, 2, CountAccuracy.LOWER_BOUND) == (report.status, report.count, report.count_accuracy)


async def test_a_task_by_id_is_shown_as_our_write_left_it() -> None:
    """While the vendor's reads lag, in the scope where it is now."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    north.lag()
    sources = federation(north, people=[ALICE])
    ref = TaskRef("north", "1")
    await sources.perform(ALICE, WriteRequest(target=ref, intent=ClaimIntent()))
    wanted = TaskFilter(ids=frozenset({ref, TaskRef("north", "2")}))
    mine = await sources.list_tasks(ALICE, TaskListRequest(filter=wanted, scope=InboxScope.MINE))
    queue = await sources.list_tasks(ALICE, TaskListRequest(filter=wanted, scope=InboxScope.CLAIMABLE))

    assert [["1"], ["2"]] == [[edge.task.native_id for edge in page.edges] for page in (mine, queue)]
    assert [(1, CountAccuracy.EXACT)] * 2 == [(page.total, page.total_accuracy) for page in (mine, queue)]


@pytest.mark.parametrize(
    ("vendor", "size", "calls"),
    [("camunda", 1000, 2), ("uipath", 999, 3), ("epilot", 1000, 2), ("littlehorse", 160, 13), ("geotareas", 100, 20)],
)
async def test_a_scan_of_each_vendor_costs_its_own_number_of_calls(vendor: str, size: int, calls: int) -> None:
    """For 2,000 of 6,000 tasks, the bound of a filter that finds nothing. Then the list says that it is PARTIAL."""
    declared = connector_types()[vendor]
    north = Paged()
    north.info = structs.replace(north.info, page_limit=declared.page_limit, scan_page=declared.scan_page)
    page = await federation(north, people=[ADMIN]).list_tasks(ADMIN, TaskListRequest(filter=NOWHERE[0], count=False))

    assert ({size}, calls) == (set(north.sizes), len(north.sizes))
    assert (SourceStatus.PARTIAL, True) == (page.sources[0].status, page.sources[0].truncated)

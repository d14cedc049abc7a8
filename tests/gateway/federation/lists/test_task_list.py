import anyio
import pytest
from msgspec import structs

from connectors.sdk.errors import InputError, MalformedResponseError, RateLimitedError, UnavailableError
from connectors.sdk.model import CountAccuracy, Task, TaskState
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.cache import Cache
from gateway.shared.memory import MemoryInvalidationLog
from schema.ports import FilterPlacement, InboxScope, PersonId, SourceStatus, TaskFilter, TaskList, TaskListRequest
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, later, person, task

SOURCES = ("north", "south", "west")
ADMIN = person("carol", *SOURCES, admin=True)
ALICE = person("alice", *SOURCES)


async def page_of(*connectors: MemoryConnector, caller: object = ADMIN, **members: object) -> TaskList:
    people = [ALICE, ADMIN]
    request = TaskListRequest(**members)  # type: ignore[arg-type]
    return await federation(*connectors, people=people).list_tasks(caller, request)  # type: ignore[arg-type]


def many(source: str, count: int, **members: object) -> list[Task]:
    return [task(source, f"{source}-{n:04}", due_at=later(minutes=n), **members) for n in range(count)]


async def test_a_page_costs_a_sorting_source_one_call() -> None:
    """25 of the 1,000 rows with due dates. The partition without due dates is not opened."""
    connector = MemoryConnector("north", many("north", 1000))

    page = await page_of(connector, count=False)

    assert (25, 1, True) == (len(page.edges), connector.lists, page.has_next_page)


async def test_a_total_opens_every_partition_and_is_exact() -> None:
    """Only the total needs a call for the partition without due dates."""
    connector = MemoryConnector("north", [*many("north", 30), task("north", "undated")])

    page = await page_of(connector, count=True)

    assert (31, CountAccuracy.EXACT, 2) == (page.total, page.total_accuracy, connector.lists)


async def test_a_failing_source_leaves_the_others_and_a_report() -> None:
    """The report has its error, and the list says that it is incomplete."""
    north, south = MemoryConnector("north", many("north", 3)), MemoryConnector("south", many("south", 3))
    south.fail = UnavailableError("cannot be reached")

    page = await page_of(north, south)
    report = page.sources[1]

    assert 3 == len(page.edges)
    assert (SourceStatus.UNAVAILABLE, "UPSTREAM_UNAVAILABLE") == (report.status, report.error and report.error.code)
    assert (False, CountAccuracy.LOWER_BOUND) == (page.is_complete, page.total_accuracy)


async def test_a_source_that_recovers_returns_its_earlier_rows() -> None:
    """A failing source keeps its position in the cursor, so its earlier rows are on the next page."""
    north = MemoryConnector("north", many("north", 4))
    south = MemoryConnector("south", many("south", 4), sorts=frozenset())
    south.fail = UnavailableError("cannot be reached")
    sources = federation(north, south, people=[ADMIN])

    first = await sources.list_tasks(ADMIN, TaskListRequest(first=2))
    south.fail = None
    second = await sources.list_tasks(ADMIN, TaskListRequest(first=10, after=first.edges[-1].cursor()))

    assert ["north-0000", "north-0001"] == [edge.task.native_id for edge in first.edges]
    assert {"north-0002", "north-0003", "south-0000", "south-0001", "south-0002", "south-0003"} == {
        edge.task.native_id for edge in second.edges
    }


async def test_a_rate_limited_source_says_when_to_retry() -> None:
    """The error RATE_LIMITED has `retryAt`."""
    north = MemoryConnector("north")
    north.fail = RateLimitedError("asked too often", retry_at=later(minutes=1))

    page = await page_of(north)
    error = page.sources[0].error

    assert (SourceStatus.RATE_LIMITED, later(minutes=1)) == (page.sources[0].status, error and error.retry_at)


async def test_a_vendors_cursor_that_repeats_is_an_error() -> None:
    """The list would never end."""

    class Standing(MemoryConnector):
        async def list_tasks(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            page = await super().list_tasks(*args, **kwargs)  # type: ignore[arg-type]
            return structs.replace(page, next_cursor="7")

    page = await page_of(Standing("north", many("north", 50)), first=40)

    assert page.sources[0].error is not None
    assert MalformedResponseError.code == page.sources[0].error.code


async def test_a_full_scan_ends_at_the_scan_limit_and_says_so() -> None:
    """The default is 2,000; in this test 150 of 400."""
    connector = MemoryConnector("north", many("north", 400), sorts=frozenset(), scan_limit=150)

    page = await page_of(connector)
    report = page.sources[0]

    assert (True, 150, CountAccuracy.LOWER_BOUND, False) == (
        report.truncated,
        report.count,
        report.count_accuracy,
        page.is_complete,
    )
    assert FilterPlacement.GATEWAY == report.sort_placement


async def test_a_tie_that_is_too_long_to_be_read_is_reported() -> None:
    """Forty tasks have the same due time and the scan limit is ten. The returned rows may not be the first ones, so the
    list is truncated.
    """
    tie = [task("north", f"{number:02}", due_at=NOW) for number in range(40)]

    short = await page_of(MemoryConnector("north", tie, scan_limit=100), first=5)
    long = await page_of(MemoryConnector("north", tie, scan_limit=10), first=5)

    assert ["00", "01", "02", "03", "04"] == [edge.task.native_id for edge in short.edges]
    assert (False, True) == (short.sources[0].truncated, long.sources[0].truncated)
    assert (5, False) == (len(long.edges), long.is_complete)


async def test_a_hundred_equal_lists_at_once_cost_one_call() -> None:
    """One call for each cache key (single flight)."""
    connector = MemoryConnector("north", many("north", 30))
    sources = federation(connector, people=[ADMIN])

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(sources.list_tasks, ADMIN, TaskListRequest(count=False))

    assert 1 == connector.lists


async def test_a_warm_list_costs_no_call() -> None:
    """A second read within ten seconds gets the same answer, marked as cached."""
    connector = MemoryConnector("north", many("north", 30))
    sources = federation(connector, people=[ADMIN])

    await sources.list_tasks(ADMIN, TaskListRequest(count=False))
    again = await sources.list_tasks(ADMIN, TaskListRequest(count=False))

    assert (1, 0, True) == (connector.lists, again.sources[0].upstream_calls, again.sources[0].from_cache)


async def test_visibility_holds_in_lists() -> None:
    """Alice sees her tasks and those that her group may claim, but not Bob's private task. The task admin sees all."""
    north = MemoryConnector(
        "north",
        [
            task("north", "hers", owner="alice", candidate_groups=None),
            task("north", "queue"),
            task("north", "bobs", owner="bob", candidate_groups=None),
            task("north", "other-group", candidate_groups=()),
        ],
    )

    hers = await page_of(north, caller=ALICE)
    everything = await page_of(north, caller=ADMIN)

    assert {"hers", "queue"} == {edge.task.native_id for edge in hers.edges}
    assert (4, 2, CountAccuracy.EXACT) == (len(everything.edges), hers.total, hers.total_accuracy)


async def test_scopes() -> None:
    """MINE, CLAIMABLE, both together, and the tasks of the caller's groups with any owner."""
    north = MemoryConnector(
        "north",
        [
            task("north", "mine", owner="alice", candidate_groups=None),
            task("north", "queue"),
            task("north", "bob-has-it", owner="bob"),
        ],
    )
    expected = {
        InboxScope.MINE: {"mine"},
        InboxScope.CLAIMABLE: {"queue"},
        InboxScope.MINE_OR_CLAIMABLE: {"mine", "queue"},
        InboxScope.MY_GROUPS: {"queue", "bob-has-it"},
        InboxScope.ALL_VISIBLE: {"mine", "queue", "bob-has-it"},
    }
    actual = {}
    for scope in InboxScope:
        page = await page_of(north, caller=ALICE, scope=scope)
        actual[scope] = {edge.task.native_id for edge in page.edges}

    assert expected == actual


async def test_a_person_without_an_identity_gets_no_rows_and_an_error() -> None:
    """The status is OK, because the source did not fail. The report's error is IDENTITY_NOT_LINKED."""
    north = MemoryConnector("north", many("north", 3))

    page = await page_of(north, caller=person("dave"))
    report = page.sources[0]

    assert (0, SourceStatus.OK, "IDENTITY_NOT_LINKED", 0) == (
        len(page.edges),
        report.status,
        report.error and report.error.code,
        north.lists,
    )


async def test_a_source_that_the_filter_excludes_is_not_called() -> None:
    """It is SKIPPED. So is every source if the filter contradicts itself."""
    north, south = MemoryConnector("north", many("north", 1)), MemoryConnector("south", many("south", 1))

    page = await page_of(north, south, filter=TaskFilter(sources=frozenset({"north"})))
    contradiction = await page_of(
        south,
        filter=TaskFilter(states=frozenset({TaskState.READY}), assignees=frozenset({PersonId(key="alice")})),
    )

    assert [SourceStatus.OK, SourceStatus.SKIPPED] == [report.status for report in page.sources]
    assert (SourceStatus.SKIPPED, 0) == (contradiction.sources[0].status, south.lists)


async def test_foreign_and_damaged_cursors_are_refused() -> None:
    """Another order, another person, a changed letter or any other text is VALIDATION_FAILED."""
    sources = federation(MemoryConnector("north", many("north", 9)), people=[ADMIN, ALICE])
    page = await sources.list_tasks(ADMIN, TaskListRequest(first=2))
    cursor = page.edges[0].cursor()
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    by_title = (SortKey(TaskOrderField.TITLE),)
    for caller, request in (
        (ADMIN, TaskListRequest(after=cursor, order=by_title)),
        (ALICE, TaskListRequest(after=cursor)),
        (ADMIN, TaskListRequest(after=cursor[:10])),
        (ADMIN, TaskListRequest(after="x" + cursor)),
        (ADMIN, TaskListRequest(after="é" * 20)),
        (ADMIN, TaskListRequest(after="A" * 100_000)),
        (ADMIN, TaskListRequest(after=flipped, order=by_title)),
    ):
        with pytest.raises(InputError) as caught:
            await sources.list_tasks(caller, request)

        assert ("after",) == caught.value.field


async def test_a_full_scan_that_the_vendor_stops_keeps_what_was_read() -> None:
    """The rate limit ends the scan after the first of four pages: 100 rows, PARTIAL and truncated, with the error. The
    source shows the error too.
    """

    class Limited(MemoryConnector):
        async def list_tasks(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            if self.lists == 1:
                raise RateLimitedError("asked too often", retry_at=later(minutes=1))
            return await super().list_tasks(*args, **kwargs)  # type: ignore[arg-type]

    sources = federation(Limited("north", many("north", 400), sorts=frozenset()), people=[ADMIN])
    page = await sources.list_tasks(ADMIN, TaskListRequest())
    report = page.sources[0]

    assert (25, SourceStatus.PARTIAL, True, 100, CountAccuracy.LOWER_BOUND) == (
        len(page.edges),
        report.status,
        report.truncated,
        report.count,
        report.count_accuracy,
    )
    assert "RATE_LIMITED" == (report.error and report.error.code)
    assert (False, True) == (page.is_complete, page.has_next_page)
    assert SourceStatus.RATE_LIMITED is sources.sources()[0].status


async def test_an_expensive_full_scan_is_fresh_for_longer() -> None:
    """Four seconds for each page: a scan of five pages is fresh for 20 seconds."""
    clock = 0.0
    answers = Cache(log=MemoryInvalidationLog(), max_bytes=1 << 24, max_entries=1000, monotonic=lambda: clock)
    connector = MemoryConnector("north", many("north", 500), sorts=frozenset())
    sources = federation(connector, people=[ADMIN], answers=answers)
    calls = []
    for clock in (0.0, 15.0, 45.0):  # noqa: B007 read by the answers' clock
        await sources.list_tasks(ADMIN, TaskListRequest())
        calls.append(connector.lists)

    assert [5, 5, 10] == calls

"""What is shown while a source fails, after a write too, and while an answer is read again."""

from datetime import datetime, timedelta
from unittest.mock import patch

import anyio
import pytest
from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import (
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import CountAccuracy, Task, TaskRef, TaskState
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from gateway.federation.cache import Cache
from gateway.federation.sources import flight_context
from gateway.shared.memory import MemoryInvalidationLog
from schema.ports import (
    ClaimIntent,
    InboxScope,
    ReleaseIntent,
    SourceStatus,
    TaskList,
    TaskListRequest,
    WriteRequest,
)
from tests.gateway.federation.memory_source import EVERYTHING, NOW, MemoryConnector, federation, person, task

ALICE = person("alice", "north")
CAROL = person("carol", "north", admin=True)
QUEUE = TaskListRequest(scope=InboxScope.CLAIMABLE)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def date(self) -> datetime:
        return NOW + timedelta(seconds=self.now)


def ids(page: TaskList) -> list[str]:
    return [edge.task.native_id for edge in page.edges]


def kept(clock: Clock) -> Cache:
    return Cache(
        log=MemoryInvalidationLog(),
        max_bytes=1 << 24,
        max_entries=100,
        monotonic=clock,
        now=clock.date,
        flight_context=flight_context({"north": 8.0}),
    )


async def test_a_failing_sources_rows_are_shown_as_stale_with_their_age() -> None:
    """For 30 minutes. After that the report has the failure."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    fresh = await sources.list_tasks(ALICE, QUEUE)
    north.fail = UnavailableError("is down")
    clock.now = 600.0
    stale = await sources.list_tasks(ALICE, QUEUE)
    clock.now = 1801.0
    gone = await sources.list_tasks(ALICE, QUEUE)

    assert [SourceStatus.OK, SourceStatus.STALE, SourceStatus.UNAVAILABLE] == [
        page.sources[0].status for page in (fresh, stale, gone)
    ]
    assert ["1"] == [edge.task.native_id for edge in stale.edges]
    assert (False, fresh.sources[0].fetched_at) == (stale.is_complete, stale.sources[0].fetched_at)
    assert ("UPSTREAM_UNAVAILABLE", CountAccuracy.ESTIMATE) == (
        stale.sources[0].error.code if stale.sources[0].error else None,
        stale.sources[0].count_accuracy,
    )
    assert [] == gone.edges


async def test_nothing_stale_is_shown_in_place_of_a_refusal() -> None:
    """A person who lost access does not see old rows."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.fail = ForbiddenError("not any more")
    clock.now = 60.0
    page = await sources.list_tasks(ALICE, QUEUE)

    assert (SourceStatus.FORBIDDEN, []) == (page.sources[0].status, page.edges)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NotFoundError("no such record in this source", native_status=404), "has no such list"),
        (ValidationFailedError("refused the request as invalid", native_status=400), "refused the list: refused the"),
        (RejectedError("refused the request with status 409", native_status=409), "refused the list"),
    ],
)
async def test_a_list_that_the_vendor_does_not_have_shows_the_kept_rows(error: RejectedError, message: str) -> None:
    """An answer 404 or 400 to a whole list says nothing about its rows. Without kept rows the source is unavailable."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.fail = error
    clock.now = 600.0
    stale = (await sources.list_tasks(ALICE, QUEUE), await sources.list_tasks(ALICE, QUEUE))
    clock.now = 1900.0
    gone = await sources.list_tasks(ALICE, QUEUE)

    assert [["1"], ["1"], []] == [ids(page) for page in (*stale, gone)]
    for page, status in zip(
        (*stale, gone), (SourceStatus.STALE, SourceStatus.STALE, SourceStatus.UNAVAILABLE), strict=True
    ):
        assert status is page.sources[0].status
        shown = page.sources[0].error
        assert shown is not None
        assert (True, "UPSTREAM_ERROR") == (message in shown.message, shown.code)


async def test_a_refusal_by_the_connector_itself_takes_no_kept_row_for_an_answer() -> None:
    """The vendor was not asked."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.fail = UnsupportedActionError("lists only with a filter")
    clock.now = 600.0
    page = await sources.list_tasks(ALICE, QUEUE)

    assert (SourceStatus.UNAVAILABLE, []) == (page.sources[0].status, page.edges)


@pytest.mark.slow
async def test_polling_a_healthy_source_at_any_interval_never_gives_less_than_ok() -> None:
    """Each answer is fresh, or is read again behind the asker's back: `fetchedAt` tells its age."""
    for seconds in (1.0, 3.0, 9.9, 10.1, 15.0, 29.0, 31.0, 61.0):
        clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
        sources = federation(north, people=[ALICE], answers=kept(clock))
        for _ in range(12):
            page = await sources.list_tasks(ALICE, QUEUE)
            (report,) = page.sources

            assert (SourceStatus.OK, None, CountAccuracy.EXACT) == (report.status, report.error, report.count_accuracy)
            assert (True, 1, CountAccuracy.EXACT) == (page.is_complete, page.total, page.total_accuracy)
            await anyio.wait_all_tasks_blocked()
            clock.now += seconds


async def test_an_answer_that_is_just_not_fresh_is_returned_while_it_is_read_again() -> None:
    """It costs its reader no call; the next read gets the new one."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.held["2"] = task("north", "2")
    clock.now = 15.0
    first = await sources.list_tasks(ALICE, QUEUE)
    await anyio.wait_all_tasks_blocked()
    second = await sources.list_tasks(ALICE, QUEUE)

    assert [(SourceStatus.OK, None, 0)] * 2 == [
        (page.sources[0].status, page.sources[0].error, page.sources[0].upstream_calls) for page in (first, second)
    ]
    assert [["1"], ["1", "2"]] == [ids(page) for page in (first, second)]


async def test_a_refresh_that_fails_makes_the_rows_stale() -> None:
    """As soon as it is known: the poll after the refresh."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.fail = UnavailableError("is down")
    clock.now = 15.0
    await sources.list_tasks(ALICE, QUEUE)
    await anyio.wait_all_tasks_blocked()
    page = await sources.list_tasks(ALICE, QUEUE)

    assert (SourceStatus.STALE, "UPSTREAM_UNAVAILABLE", ["1"]) == (
        page.sources[0].status,
        page.sources[0].error and page.sources[0].error.code,
        ids(page),
    )


@pytest.mark.slow
@pytest.mark.parametrize("sorts", [EVERYTHING, frozenset[TaskOrderField]()], ids=["paged", "scanned"])
@pytest.mark.parametrize("error", [UnavailableError("is down"), RateLimitedError("too many"), RuntimeError("odd")])
async def test_rows_of_before_a_write_stay_with_the_write_on_top(
    sorts: frozenset[TaskOrderField], error: Exception
) -> None:
    """For as long as the source fails, also when the vendor's own reads may lag no more."""
    clock = Clock()
    north = MemoryConnector("north", [task("north", str(number)) for number in range(30)], sorts=sorts)
    sources = federation(north, people=[ALICE], answers=kept(clock), monotonic=clock, now=clock.date)
    scopes = (InboxScope.CLAIMABLE, InboxScope.MINE, InboxScope.ALL_VISIBLE)
    requests = [TaskListRequest(scope=scope, first=100) for scope in scopes]
    for request in requests:
        await sources.list_tasks(ALICE, request)
    clock.now = 1.0
    await sources.perform(ALICE, WriteRequest(target=TaskRef("north", "1"), intent=ClaimIntent()))
    north.fail = error  # type: ignore[assignment]
    for clock.now in (2.0, 59.0, 63.0, 600.0, 1799.0):
        queue, mine, everything = [await sources.list_tasks(ALICE, request) for request in requests]

        assert (29, ["1"], 30) == (len(queue.edges), ids(mine), len(everything.edges))
        assert "1" not in ids(queue)
        for page in (queue, mine, everything):
            assert (SourceStatus.STALE, False) == (page.sources[0].status, page.is_complete)
            assert None is not page.sources[0].error
            assert len(page.edges) == page.sources[0].count


async def test_a_list_that_is_drained_in_part_keeps_its_other_rows() -> None:
    """The limit comes after the first of three pages: the rows of the older scan stand beside those read now."""

    class Limited(MemoryConnector):
        limit_after = 99

        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            if int(after or 0) >= self.limit_after:
                raise RateLimitedError("asked too often")
            return await super().list_tasks(query, limit=limit, after=after)

    clock = Clock()
    north = Limited("north", [task("north", f"{number:03}") for number in range(250)], sorts=frozenset())
    north.limit_after = 1000
    sources = federation(north, people=[CAROL], answers=kept(clock))
    request = TaskListRequest(first=100)
    await sources.list_tasks(CAROL, request)
    north.held["000"] = task("north", "000", title="Changed")
    north.limit_after = 99
    clock.now = 60.0
    page = await sources.list_tasks(CAROL, request)

    assert (SourceStatus.STALE, "RATE_LIMITED", 250) == (
        page.sources[0].status,
        page.sources[0].error and page.sources[0].error.code,
        page.sources[0].count,
    )
    assert "Changed" == page.edges[0].task.title


async def test_ten_writes_in_a_row_under_a_limit_leave_the_list_whole() -> None:
    """Twelve pages may be read. Every list has all 21 rows and all writes; without reads it is STALE and says why.

    One read fails within a list: the other page's rows are there all the same.
    """
    clock = Clock()

    class Limited(MemoryConnector):
        reads = 13

        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            self.reads -= 1
            if self.reads < 0:
                raise RateLimitedError("the rate limit for reads is used up")
            return await super().list_tasks(query, limit=limit, after=after)

    tasks = [task("north", f"{number:02}") for number in range(21)]
    north = Limited("north", tasks, sorts=frozenset())
    north.info = structs.replace(north.info, page_limit=11)
    sources = federation(north, people=[ALICE, CAROL], answers=kept(clock))
    request = TaskListRequest(first=50)
    seen = []
    for number in range(10):
        await sources.list_tasks(CAROL, request)
        await sources.perform(ALICE, WriteRequest(target=TaskRef("north", f"{number:02}"), intent=ClaimIntent()))
        page = await sources.list_tasks(CAROL, request)
        owned = sum(edge.task.assignee is not None for edge in page.edges)
        seen.append((len(page.edges), owned, page.sources[0].status))
        clock.now += 1.0
    stale = [one for one in seen if one[2] is SourceStatus.STALE]

    assert [(21, number + 1) for number in range(10)] == [one[:2] for one in seen]
    assert {SourceStatus.OK, SourceStatus.STALE} == {one[2] for one in seen}
    assert 1 <= len(stale) < 10


async def test_no_write_is_decided_on_rows_of_before_another_write() -> None:
    """The task cannot be read again, so it is not known what the second write would do: it is refused, nothing is sent."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    ref = TaskRef("north", "1")
    await sources.perform(ALICE, WriteRequest(target=ref, intent=ClaimIntent()))
    await sources.get_tasks(ALICE, [ref])
    await sources.perform(ALICE, WriteRequest(target=ref, intent=ReleaseIntent()))
    north.fail = RateLimitedError("too many")
    shown = (await sources.get_tasks(ALICE, [ref]))[ref]
    refused = await sources.perform(ALICE, WriteRequest(target=ref, intent=ClaimIntent()))

    assert isinstance(shown, Task)
    assert TaskState.READY is shown.state
    assert (MutationStatus.REJECTED, ["claim", "release"]) == (refused.status, north.writes)


async def test_a_source_shows_what_is_cached() -> None:
    """The number of entries, the hit ratio, and the oldest entry."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE])
    (shown,) = sources.sources()
    assert shown.cache is not None

    before = shown.cache()
    await sources.list_tasks(ALICE, QUEUE)
    await sources.list_tasks(ALICE, QUEUE)
    after = shown.cache()

    assert (0, None) == (before.entries, before.hit_ratio)
    assert after.entries > 0
    assert 0.5 == after.hit_ratio


async def test_what_is_cached_is_looked_at_only_when_it_is_asked_for() -> None:
    """Every request needs the sources; looking at all kept answers each time would cost more than the request."""
    answers = kept(Clock())
    sources = federation(MemoryConnector("north"), people=[ALICE], answers=answers)

    with patch.object(answers, "view", side_effect=AssertionError("looked at")):
        (shown,) = sources.sources()

    assert shown.cache is not None
    assert 0 == shown.cache().entries

"""Stale rows: what is shown while a source fails, or while an answer is refreshed."""

import anyio

from connectors.sdk.errors import ForbiddenError, UnavailableError
from connectors.sdk.model import CountAccuracy, TaskRef
from gateway.federation.cache import Cache
from gateway.federation.sources import flight_context
from gateway.shared.memory import MemoryInvalidationLog
from schema.ports import ClaimIntent, InboxScope, SourceStatus, TaskListRequest, WriteRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task

ALICE = person("alice", "north")
QUEUE = TaskListRequest(scope=InboxScope.CLAIMABLE)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def kept(clock: Clock) -> Cache:
    return Cache(
        log=MemoryInvalidationLog(),
        max_bytes=1 << 24,
        max_entries=100,
        monotonic=clock,
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


async def test_an_answer_that_is_just_outdated_is_returned_while_it_is_read_again() -> None:
    """It is STALE without an error. The next read gets the fresh answer."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    north.held["2"] = task("north", "2")
    clock.now = 15.0
    first = await sources.list_tasks(ALICE, QUEUE)
    await anyio.wait_all_tasks_blocked()
    second = await sources.list_tasks(ALICE, QUEUE)

    assert [(SourceStatus.STALE, None, 0), (SourceStatus.OK, None, 0)] == [
        (page.sources[0].status, page.sources[0].error, page.sources[0].upstream_calls) for page in (first, second)
    ]
    assert [["1"], ["1", "2"]] == [sorted(edge.task.native_id for edge in page.edges) for page in (first, second)]


async def test_an_answer_that_a_write_made_outdated_is_never_shown() -> None:
    """Not even while the source fails: the claimed task cannot be claimed again."""
    clock, north = Clock(), MemoryConnector("north", [task("north", "1"), task("north", "2")])
    sources = federation(north, people=[ALICE], answers=kept(clock))
    await sources.list_tasks(ALICE, QUEUE)
    await sources.perform(ALICE, WriteRequest(target=TaskRef("north", "1"), intent=ClaimIntent()))
    north.fail = UnavailableError("is down")
    page = await sources.list_tasks(ALICE, QUEUE)

    assert [] == page.edges
    assert SourceStatus.UNAVAILABLE is page.sources[0].status


async def test_a_source_shows_what_is_cached() -> None:
    """The number of entries, the hit ratio, and the oldest entry."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=[ALICE])
    (before,) = sources.sources()
    await sources.list_tasks(ALICE, QUEUE)
    await sources.list_tasks(ALICE, QUEUE)
    (after,) = sources.sources()

    assert before.cache is not None
    assert after.cache is not None
    assert (0, None) == (before.cache.entries, before.cache.hit_ratio)
    assert after.cache.entries > 0
    assert 0.5 == after.cache.hit_ratio

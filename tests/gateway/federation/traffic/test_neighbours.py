"""One failing source of five, in virtual time: its effect on the lists of the other four, and what is shown of its own."""

from collections.abc import Sequence
from random import Random
from typing import Any

import anyio
import httpx2
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.http import Upstream
from connectors.sdk.query import Page, TaskQuery
from gateway.federation.cache import Cache
from gateway.federation.service import FederatedSources
from gateway.federation.sources import flight_context
from gateway.shared.memory import MemoryInvalidationLog
from schema.ports import InboxScope, SourceStatus, TaskFilter, TaskList, TaskListRequest
from tests.effort import sized
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task

pytestmark = pytest.mark.slow

KEYS = ("north", "south", "east", "west", "centre")
SICK = "north"
ALICE = person("alice", *KEYS)
# Seconds that an answer takes, and that a list waits for a source.
USUAL = 0.02
DEADLINE = 0.8


class Slow(MemoryConnector):
    """Reads over HTTP. A test sets how long they take and whether they fail."""

    def __init__(self, key: str) -> None:
        super().__init__(key, [task(key, f"{key}-{number}") for number in range(5)])
        self.settings = self.settings.model_copy(update={"deadline": DEADLINE})
        self.upstream = Upstream(self.settings, transport=httpx2.MockTransport(self._answer))
        self.silent = False
        self.late_share = 0.0
        self.asked = 0
        self.random = Random(5)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Any]:
        await self.upstream.read("GET", "/tasks")
        return await super().list_tasks(query, limit=limit, after=after)

    async def ping(self) -> None:
        await self.upstream.read("GET", "/ping")

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        late = self.random.random() < self.late_share
        await anyio.sleep(1e9 if self.silent else USUAL + 10 * late)
        return httpx2.Response(200, stream=httpx2.ByteStream(b"{}"))


def sources(**kept: float) -> tuple[FederatedSources, dict[str, Slow]]:
    five = {key: Slow(key) for key in KEYS}
    for one in five.values():
        one.settings = one.settings.model_copy(update={"cache": one.settings.cache.model_copy(update=kept)})
    answers = Cache(
        max_bytes=1 << 24,
        max_entries=1000,
        monotonic=anyio.current_time,
        flight_context=flight_context(dict.fromkeys(KEYS, DEADLINE)),
        log=MemoryInvalidationLog(),
    )
    return federation(*five.values(), people=[ALICE], answers=answers), five


async def timed(
    graph: FederatedSources, keys: Sequence[str] = KEYS, *, who: Caller = ALICE, fresh: bool = True
) -> tuple[float, TaskList]:
    """The seconds that a list over `keys` took, and the list."""
    began = anyio.current_time()
    asked = TaskListRequest(
        scope=InboxScope.CLAIMABLE, filter=TaskFilter(sources=frozenset(keys)), first=50, fresh=fresh
    )
    page = await graph.list_tasks(who, asked)
    return anyio.current_time() - began, page


def rows_of(page: TaskList) -> set[str]:
    return {edge.task.source for edge in page.edges}


async def test_a_silent_source_costs_at_most_three_waits_and_then_none() -> None:
    """A1, A2: after that, lists are as fast as before, and no row of the other sources is ever missing."""
    graph, five = sources()
    baseline = [(await timed(graph))[0] for _ in range(20)]
    five[SICK].silent = True
    sick = [await timed(graph) for _ in range(53)]

    assert max(baseline) <= USUAL + 0.001
    assert max(seconds for seconds, _ in sick) <= DEADLINE + 0.06
    # A list of several parts reports more than one failure at once.
    assert 1 <= sum(seconds > 2 * USUAL for seconds, _ in sick) <= 3
    assert max(seconds for seconds, _ in sick[3:]) <= max(baseline) + 0.005
    assert all(rows_of(page) == set(KEYS) - {SICK} for _, page in sick)
    reports = [next(each for each in page.sources if each.source == SICK) for _, page in sick]
    assert {"UPSTREAM_TIMEOUT", "UPSTREAM_UNAVAILABLE"} == {each.error.code for each in reports if each.error}
    assert {SourceStatus.UNAVAILABLE} == {each.status for each in reports}


async def test_a_source_with_some_late_answers_does_not_slow_the_others() -> None:
    """A3: a tenth of its answers takes ten seconds longer. Lists of the other sources take no longer than without that."""
    usual, with_late_answers = await healthy_lists(late_share=0.0), await healthy_lists(late_share=0.1)

    assert max(with_late_answers) <= 1.25 * max(usual)


async def healthy_lists(*, late_share: float) -> list[float]:
    """The seconds that lists of the healthy sources took, beside lists of all sources."""
    graph, five = sources()
    five[SICK].late_share = late_share
    healthy = [key for key in KEYS if key != SICK]
    took: list[float] = []

    async def ask_all() -> None:
        await timed(graph)

    async with anyio.create_task_group() as group:
        for _ in range(sized(150, 30)):
            group.start_soon(ask_all)
            took.append((await timed(graph, healthy))[0])
            await anyio.sleep(0.01)
    return took


async def test_older_rows_are_shown_during_an_outage_of_ten_minutes() -> None:
    """A4: all rows are there, marked as STALE with their age. None is older than allowed."""
    graph, five = sources(max_stale_seconds=660.0, list_seconds=10.0, revalidate_seconds=0.0)
    await timed(graph, fresh=False)
    five[SICK].silent = True
    began = anyio.current_time()
    shown: list[tuple[SourceStatus, int]] = []
    while anyio.current_time() < began + 600:
        await anyio.sleep(11)
        _, page = await timed(graph, fresh=False)
        report = next(each for each in page.sources if each.source == SICK)
        shown.append((report.status, sum(edge.task.source == SICK for edge in page.edges)))
    await anyio.sleep(100)
    _, after = await timed(graph, fresh=False)

    assert {(SourceStatus.STALE, 5)} == set(shown)
    assert rows_of(after) == set(KEYS) - {SICK}


async def test_a_recovered_source_is_used_after_the_next_probe() -> None:
    """A5: within five seconds plus one. It is not overloaded, and no caller has to wait for it."""
    graph, five = sources()
    await timed(graph)
    one_list = five[SICK].asked
    five[SICK].silent = True
    for _ in range(4):
        await timed(graph)
    five[SICK].silent = False
    came_back, asked_before = anyio.current_time(), five[SICK].asked
    waits: list[float] = []
    while True:
        seconds, page = await timed(graph)
        waits.append(seconds)
        if SICK in rows_of(page):
            break
        await anyio.sleep(0.1)

    assert anyio.current_time() - came_back <= 6
    assert max(waits) <= 2 * USUAL
    assert five[SICK].asked - asked_before == 1 + one_list

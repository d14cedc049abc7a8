"""The cost of a page of a merged list, by the size of the sources: `python benchmarks/lists.py [--sizes N ...] [--runs N]`.

Five sources with 1,000, 10,000 and 100,000 open tasks each, or with other `sizes`. A page has 25 rows by due date, with
the total. Measured are the first and the fortieth page, cold (with an empty cache) and warm (read before). The vendors
are simulated: each has its tasks in order, encodes them as JSON and pages by place. The output has calls and bytes from
upstream, the CPU time of the gateway alone (without making the JSON), and the peak of memory for one page.

Then three questions to the same sources, cold: a text search that finds nothing (6,000 and 100,000 tasks each, or the
`sizes` given), the states of the flows of a page, and a page after ten writes. Of five sources, the flows of each cost
one call.

Exits with 1 where a page of sources that sort costs more at the largest size than at the smallest, or flow states more than
a call for each source.
"""

import argparse
import asyncio
import gc
import logging
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec
import structlog
from msgspec import Struct, structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.capability import handles
from connectors.sdk.commands import Claim, Outcome
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import Upstream, current_call
from connectors.sdk.model import CountAccuracy, Definition, Flow, FlowRef, FlowState, GroupRef, Task, TaskState, UserRef
from connectors.sdk.query import Page, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.settings import SourceSettings
from gateway.composition import compose
from gateway.federation.cache import Cache
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, RequestCost, in_context
from gateway.people.book import BookOfPeople
from gateway.shared.memory import memory_state
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, TaskFilter, TaskList, TaskListRequest, WriteRequest

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
SIZES = (1_000, 10_000, 100_000)
SEARCHED = (6_000, 100_000)
WRITES = 10
SOURCES = 5
ROWS = 25
PREFIX = "2251799813"
LAST_PAGE = 40
RUNS = 3
# With a hundred times the size, CPU time that is more than this many times as high counts as growth. A smaller
# difference can come from a shared machine.
TOLERANCE = 1.5
ADMIN = Caller(key="carol", name="Carol", groups=(), roles=frozenset({"task_admin"}), identities={})
CLAIMANT = Caller(
    key="alice",
    name="Alice",
    groups=("accounting",),
    identities={f"source-{number}": Identity(native_id="u17", groups=("accounting",)) for number in range(SOURCES)},
)
REQUEST = TaskListRequest(
    filter=TaskFilter(states=frozenset({TaskState.READY, TaskState.RESERVED})),
    order=(SortKey(TaskOrderField.DUE_AT),),
    first=ROWS,
    now=NOW,
)


class Vendor(Connector[SourceSettings]):
    """Has `size` tasks, four of five with a due date. None is kept in memory: the place of a task decides its values."""

    vendor = "made-up"
    title = "Made up"
    settings_type = SourceSettings
    page_limit = 100
    size = 0

    def __init__(self, number: int, size: int, *, sorts: bool) -> None:
        key = f"source-{number}"
        settings = SourceSettings(key=key, name=key, vendor=self.vendor, base_url="http://vendor.test")
        transport = httpx2.MockTransport(lambda _: httpx2.Response(500))
        super().__init__(settings, Upstream(settings, transport=transport), clock=lambda: NOW)
        self.number, self.size = number, size
        if sorts:
            fields = frozenset({TaskOrderField.DUE_AT, TaskOrderField.CREATED_AT})
            self.info = structs.replace(self.info, sorts=fields)
        self.dated = size * 4 // 5
        self.bytes = 0
        self.own_seconds = 0.0

    @classmethod
    def open(cls, settings: SourceSettings, **_: Any) -> "Vendor":
        raise TypeError("made by its number and size")

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery(states=query.states, present=query.present, absent=query.absent)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        current_call().count_request()
        began = time.process_time()
        first = self.dated if TaskOrderField.DUE_AT in query.absent else 0
        end = self.dated if TaskOrderField.DUE_AT in query.present else self.size
        start = first if after is None else int(after)
        stop = min(start + limit, end)
        body = msgspec.json.encode([self._row(place) for place in range(start, stop)])
        self.bytes += len(body)
        self.own_seconds += time.process_time() - began
        return Page(
            items=msgspec.json.decode(body, type=list[Task]),
            next_cursor=str(stop) if stop < end else None,
            total=end - first,
            total_accuracy=CountAccuracy.EXACT,
        )

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        current_call().count_request()
        return {native_id: self._row(int(native_id.removeprefix(PREFIX))) for native_id in ids}

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        current_call().count_request()
        return {
            native_id: Flow(
                source=self.source, native_id=native_id, state=FlowState.ACTIVE, rule="made-up", fetched_at=NOW
            )
            for native_id in ids
        }

    @handles(Claim)
    async def claim(self, command: Claim) -> Outcome:
        current_call().count_request()
        alice = UserRef(native_id="u17", name="Alice Moreno")
        return Outcome(task=structs.replace(command.task, state=TaskState.RESERVED, assignees=(alice,)))

    async def ping(self) -> None:
        return None

    def _row(self, place: int) -> Task:
        is_dated = place < self.dated
        return Task(
            source=self.source,
            native_id=f"{PREFIX}{place:06}",
            title=f"Check the invoice of order {place}",
            state=TaskState.RESERVED if place % 3 else TaskState.READY,
            rule="made-up",
            fetched_at=NOW,
            due_at=NOW + timedelta(seconds=place, milliseconds=self.number) if is_dated else None,
            created_at=NOW - timedelta(days=30) + timedelta(seconds=place),
            assignees=(UserRef(native_id="u17", name="Alice Moreno"),) if place % 3 else (),
            candidate_groups=(GroupRef(native_id="accounting", name="Accounting"),),
            definition=Definition(native_id="check", key="check", name="Check invoice"),
            flow_id=f"f{place}",
        )


class Cost(Struct, frozen=True):
    calls: int
    bytes: int
    cpu_ms: float
    peak_kb: float
    rows: int
    truncated: bool


class Answered(Struct, frozen=True):
    calls: int
    rows: int
    status: str


def _answered(page: TaskList) -> Answered:
    statuses = sorted({report.status for report in page.sources})
    return Answered(sum(report.upstream_calls for report in page.sources), len(page.edges), ", ".join(statuses))


class Bench:
    """A gateway over five vendors. `cold` empties its cache."""

    def __init__(self, size: int, *, sorting: int) -> None:
        self.vendors = [Vendor(number, size, sorts=number < sorting) for number in range(SOURCES)]
        self._shared = memory_state()
        self._sources = [Source(vendor, rate_limits=self._shared.rate_limits) for vendor in self.vendors]
        self._gateway = self._opened()

    def _opened(self) -> FederatedSources:
        return compose(
            self._sources,
            people=BookOfPeople(),
            journal=SqliteJournal(None),
            answers=Cache(max_bytes=1 << 28, max_entries=10_000, log=self._shared.invalidations),
            cursors=CursorCodec(b"benchmark"),
            leases=self._shared.leases,
        )

    def cold(self) -> None:
        self._gateway = self._opened()
        gc.collect()

    async def cursor_before(self, page: int) -> str | None:
        """The cursor of the last edge of the previous page."""
        after = None
        for _ in range(page - 1):
            after = (await self._page(after)).edges[-1].cursor()
        return after

    async def _page(self, after: str | None) -> TaskList:
        return await self._gateway.list_tasks(ADMIN, structs.replace(REQUEST, after=after))

    async def search(self) -> Answered:
        """A text that no task has."""
        wanted = structs.replace(REQUEST, filter=TaskFilter(text="no such text"))
        return _answered(await self._gateway.list_tasks(ADMIN, wanted))

    async def flow_states(self) -> Answered:
        """Of the flows of the first page, which was read before."""
        edges = (await self._page(None)).edges
        refs = [FlowRef(edge.task.source, edge.task.flow_id) for edge in edges if edge.task.flow_id is not None]
        cost = RequestCost()
        with in_context(CallContext(counters=(cost,))):
            flows = await self._gateway.get_flows(ADMIN, refs)
        return Answered(cost.requests, len(flows), "OK")

    async def after_writes(self) -> Answered:
        """The first page after ten claims."""
        edges = [edge for edge in (await self._page(None)).edges if edge.task.state is TaskState.READY]
        for edge in edges[:WRITES]:
            await self._gateway.perform(CLAIMANT, WriteRequest(target=edge.task.ref, intent=ClaimIntent()))
        return _answered(await self._page(None))

    async def question(self, ask: Callable[[], Awaitable[Answered]]) -> tuple[Answered, float]:
        """The answer, and milliseconds of CPU without the making of the vendors' JSON."""
        own_before = sum(vendor.own_seconds for vendor in self.vendors)
        began = time.process_time()
        answered = await ask()
        spent = time.process_time() - began
        return answered, 1000 * (spent - (sum(vendor.own_seconds for vendor in self.vendors) - own_before))

    async def cost(self, after: str | None) -> Cost:
        """The cost of one page and of the cursor at its end."""
        bytes_before = sum(vendor.bytes for vendor in self.vendors)
        own_before = sum(vendor.own_seconds for vendor in self.vendors)
        began = time.process_time()
        page = await self._page(after)
        page.edges[-1].cursor()
        spent = time.process_time() - began
        return Cost(
            calls=sum(report.upstream_calls for report in page.sources),
            bytes=sum(vendor.bytes for vendor in self.vendors) - bytes_before,
            cpu_ms=1000 * (spent - (sum(vendor.own_seconds for vendor in self.vendors) - own_before)),
            peak_kb=0.0,
            rows=len(page.edges),
            truncated=any(report.truncated for report in page.sources),
        )

    async def peak(self, after: str | None) -> float:
        """The peak of kilobytes that one page adds, including cached answers."""
        tracemalloc.start()
        try:
            await self.cost(after)
            return tracemalloc.get_traced_memory()[1] / 1024
        finally:
            tracemalloc.stop()


async def measured(size: int, sorting: int, *, runs: int) -> Iterable[tuple[str, str, Cost]]:
    """Page, cold or warm, and cost: the best of a few runs."""
    bench = Bench(size, sorting=sorting)
    found = []
    for page in (1, LAST_PAGE):
        after = await bench.cursor_before(page)
        for warmth in ("cold", "warm"):
            costs = []
            for _ in range(runs):
                if warmth == "cold":
                    bench.cold()
                costs.append(await bench.cost(after))
            if warmth == "cold":
                bench.cold()
            best = min(costs, key=lambda cost: cost.cpu_ms)
            found.append((str(page), warmth, structs.replace(best, peak_kb=await bench.peak(after))))
    return found


async def run(sizes: Sequence[int], *, runs: int) -> int:
    print(
        f"{'sources':26} {'tasks each':>10} {'page':>4} {'':4} {'calls':>5} {'bytes':>9} {'CPU ms':>8} {'peak kB':>8}"
    )
    grown = 0
    for sorting, name in ((5, "5 that sort"), (3, "3 that sort, 2 drained"), (0, "5 drained")):
        smallest: dict[tuple[str, str], Cost] = {}
        for size in sizes:
            for page, warmth, cost in await measured(size, sorting, runs=runs):
                least = smallest.setdefault((page, warmth), cost)
                is_more = (sorting, size) == (SOURCES, sizes[-1]) and (
                    cost.calls > least.calls
                    or cost.bytes > least.bytes * TOLERANCE
                    or cost.cpu_ms > max(least.cpu_ms * TOLERANCE, least.cpu_ms + 2)
                )
                grown += is_more
                print(
                    f"{name:26} {size:10,} {page:>4} {warmth} {cost.calls:5} {cost.bytes:9,} {cost.cpu_ms:8.1f} "
                    f"{cost.peak_kb:8,.0f}{' truncated' if cost.truncated else ''}{' !' if is_more else ''}",
                    flush=True,
                )
    print(f"{grown} pages of sources that sort cost more with more tasks")
    return min(grown + await questions(sizes if sizes != SIZES else SEARCHED), 1)


async def questions(sizes: Sequence[int]) -> int:
    """How many questions about flows cost more than a call for each source."""
    print(f"{'question':26} {'tasks each':>10} {'calls':>5} {'rows':>5} {'CPU ms':>8} status")
    too_many = 0
    for size in sizes:
        for name in ("search", "flow_states", "after_writes"):
            bench = Bench(size, sorting=SOURCES)
            answered, cpu_ms = await bench.question(getattr(bench, name))
            is_more = name == "flow_states" and answered.calls > SOURCES
            too_many += is_more
            print(
                f"{name.replace('_', ' '):26} {size:10,} {answered.calls:5} {answered.rows:5} {cpu_ms:8.1f} "
                f"{answered.status}{' !' if is_more else ''}",
                flush=True,
            )
    return too_many


def main() -> int:
    arguments = argparse.ArgumentParser(description="What a page of a merged list costs, by the size of the sources.")
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="tasks of each source, ascending")
    arguments.add_argument(
        "--runs", type=int, default=RUNS, help="of each page; the one with the least CPU time counts"
    )
    given = arguments.parse_args()
    sizes: Sequence[int] = given.sizes
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return asyncio.run(run(sizes, runs=given.runs))


if __name__ == "__main__":
    sys.exit(main())

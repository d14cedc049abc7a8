"""An inbox from a vendor whose rows cost time: `python benchmarks/slow_rows.py [--assigned N]`.

As a real LittleHorse bridge's do: its stand-in takes 30 ms for each row of a list, one after the other. 400 tasks of two
definitions are assigned to four people, or all to one. The source acts as a service account, with its default deadline and a
cold cache. Exits with 1 where an inbox is not complete within the default deadline.
"""

import argparse
import asyncio
import dataclasses
import logging
import sys
import time
from datetime import timedelta
from typing import Any

import httpx2
import structlog
from msgspec import Struct

from connectors.littlehorse import LittlehorseConnector, LittlehorseSettings
from connectors.sdk.caller import Caller, Identity
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.composition import compose
from gateway.federation.cache import Cache
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source, flight_context
from gateway.people.book import BookOfPeople
from gateway.shared.memory import memory_state
from gateway.store.sqlite import SqliteJournal
from sandbox.littlehorse import LittlehorseStandIn
from sandbox.littlehorse.records import TaskRun
from sandbox.littlehorse.store import Kernel
from schema.ports import InboxScope, TaskListRequest

ROW_MS = 30
ASSIGNED = 400
PARTITIONS = 4
PEOPLE = ("alice", "bob", "carol", "dmitri")
DEFINITIONS = ("approve-invoice", "review-contract")


class Inbox(Struct, frozen=True):
    seconds: float
    rows: int
    calls: int
    is_complete: bool
    status: str


class SlowRows:
    """A gateway over one stand-in. `mine` of the assigned tasks are alice's."""

    def __init__(self, *, mine: int, row_ms: float = ROW_MS, assigned: int) -> None:
        self.stand_in = LittlehorseStandIn()
        self.stand_in.set_up()
        self.stand_in.variant.partitions = PARTITIONS
        self.stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        self.stand_in.settings.row_ms = row_ms
        some = self.stand_in.bridge.kernel.all()[0]
        tasks = [self._task(some, number, mine) for number in range(assigned)]
        self.stand_in.bridge.kernel = Kernel(tasks, seed=7, clock=self.stand_in.clock)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = self.stand_in
        settings = LittlehorseSettings.model_validate(self.stand_in.source_config("http://bridge.test"))
        connector = LittlehorseConnector.open(settings, transport=httpx2.ASGITransport(app=app))
        shared = memory_state()
        self._source = Source(connector, rate_limits=shared.rate_limits)
        self._answers = Cache(
            max_bytes=1 << 28,
            max_entries=1000,
            log=shared.invalidations,
            flight_context=flight_context({settings.key: settings.deadline}),
        )
        self._gateway: FederatedSources = compose(
            [self._source],
            people=BookOfPeople(),
            journal=SqliteJournal(None),
            answers=self._answers,
            cursors=CursorCodec(b"benchmark"),
            leases=shared.leases,
        )
        found = self.stand_in.identities()["alice"]
        identity = Identity(native_id=found["id"], groups=tuple(found["groups"]))
        self._alice = Caller(key="alice", name="Alice", identities={settings.key: identity})

    def _task(self, some: TaskRun, number: int, mine: int) -> TaskRun:
        person = "alice" if number < mine else PEOPLE[1 + number % (len(PEOPLE) - 1)]
        return dataclasses.replace(
            some,
            wf_run_id=f"{number:032x}",
            id="0-1",
            definition=DEFINITIONS[number % len(DEFINITIONS)],
            status="ASSIGNED",
            user=f"{person}@example.com",
            group="accounting",
            scheduled_at=some.scheduled_at + timedelta(seconds=number),
        )

    async def inbox(self) -> Inbox:
        request = TaskListRequest(scope=InboxScope.MINE, order=(SortKey(TaskOrderField.CREATED_AT),), first=100)
        began = time.perf_counter()
        page = await self._gateway.list_tasks(self._alice, request)
        [report] = page.sources
        return Inbox(
            time.perf_counter() - began, page.total or 0, report.upstream_calls, page.is_complete, report.status
        )

    async def aclose(self) -> None:
        await self._answers.aclose()
        await self._source.aclose()


async def slow_rows(assigned: int) -> int:
    """How many inboxes are not complete at once, of those that must be."""
    print(
        f"{'inbox, rows of ' + str(ROW_MS) + ' ms':26} {'own tasks':>10} {'try':>4} {'calls':>5} {'rows':>5} {'s':>6} status"
    )
    missing = 0
    for mine in (assigned // len(PEOPLE), assigned * 174 // 400, assigned):
        bench = SlowRows(mine=mine, assigned=assigned)
        for attempt in (1, 2):
            answered = await bench.inbox()
            is_missing = attempt == 1 and not (answered.is_complete and answered.rows == mine)
            missing += is_missing
            print(
                f"{f'{assigned} assigned':26} {mine:10,} {attempt:4} {answered.calls:5} {answered.rows:5} "
                f"{answered.seconds:6.2f} {answered.status}{' !' if is_missing else ''}",
                flush=True,
            )
        await bench.aclose()
    return missing


def main() -> int:
    arguments = argparse.ArgumentParser(description="An inbox from a vendor whose rows cost time.")
    arguments.add_argument("--assigned", type=int, default=ASSIGNED, help="tasks that have an owner")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return min(asyncio.run(slow_rows(given.assigned)), 1)


if __name__ == "__main__":
    sys.exit(main())

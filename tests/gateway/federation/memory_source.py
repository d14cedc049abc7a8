"""A source in memory. A test chooses its capabilities."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zlib import crc32

import anyio
import anyio.lowlevel
import httpx2
from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import CancelFlowOfTask, Claim, Complete, Outcome, Release
from connectors.sdk.connector import Connector
from connectors.sdk.errors import AlreadyAssignedError, ConnectorError
from connectors.sdk.http import Upstream, current_call
from connectors.sdk.model import (
    CountAccuracy,
    DetailAspect,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    GroupRef,
    Task,
    TaskDetail,
    TaskOutcome,
    TaskState,
    UserRef,
)
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from connectors.sdk.settings import SourceSettings
from gateway.audit import Audit
from gateway.composition import compose
from gateway.federation.authorization import OwnWork
from gateway.federation.cache import Cache
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.sort_order import TotalOrder
from gateway.federation.service import FederatedSources
from gateway.federation.sources.source import Source
from gateway.people import People
from gateway.people.book import BookOfPeople
from gateway.shared.memory import memory_state
from gateway.store import Journal
from gateway.store.sqlite import SqliteJournal

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
EVERYTHING = frozenset(TaskOrderField) - {TaskOrderField.TITLE, TaskOrderField.STATE, TaskOrderField.SOURCE}

# Never sends anything. Without this transport each client would load all certificates, which is slow.
NO_NETWORK = httpx2.MockTransport(lambda _: httpx2.Response(500))

ALICE = "alice"
CAROL = "carol"


def person(key: str, *sources: str, admin: bool = False, groups: tuple[str, ...] = ("accounting",)) -> Caller:
    return Caller(
        key=key,
        name=key.title(),
        groups=groups,
        roles=frozenset({"task_admin"} if admin else set()),
        identities={source: Identity(native_id=key, groups=groups) for source in sources},
    )


def task(source: str, native_id: str, **members: Any) -> Task:
    """A READY task of the group accounting unless said otherwise."""
    owner = members.pop("owner", None)
    known: dict[str, Any] = {
        "title": f"Approve invoice {native_id}",
        "state": TaskState.READY if owner is None else TaskState.RESERVED,
        "rule": "memory",
        "fetched_at": NOW,
        "created_at": NOW,
        "assignees": () if owner is None else (UserRef(native_id=owner),),
        "candidate_groups": (GroupRef(native_id="accounting"),),
        "flow_id": "f1",
    }
    return Task(source=source, native_id=native_id, **{**known, **members})


class MemoryConnector(Connector[SourceSettings]):
    """Filters exactly (or, `weak`, not at all), sorts by `sorts`, pages by offset. `fail` is raised by every call.

    `lag` keeps reads at the records of the beginning, as an eventually consistent vendor would for a while.
    """

    vendor = "memory"
    title = "Memory"
    settings_type = SourceSettings
    page_limit = 100

    def __init__(
        self,
        key: str,
        tasks: Sequence[Task] = (),
        *,
        sorts: frozenset[TaskOrderField] = EVERYTHING,
        empty: frozenset[TaskOrderField] = frozenset(),
        weak: bool = False,
        scan_limit: int = 2000,
    ) -> None:
        settings = SourceSettings(
            key=key, name=key, vendor="memory", base_url="http://memory.test", scan_limit=scan_limit
        )
        super().__init__(settings, Upstream(settings, transport=NO_NETWORK), clock=lambda: NOW)
        self.held = {one.native_id: one for one in tasks}
        # Who completes, as the vendor names them.
        self.completer: UserRef | None = None
        self.shown: dict[str, Task] | None = None
        self.info = structs.replace(self.info, sorts=sorts, never_filled=empty)
        self.weak = weak
        self.fail: ConnectorError | None = None
        self.fail_write: ConnectorError | None = None
        self.apply_before_failing = False
        self.form: Form | None = None
        self.outcomes: tuple[TaskOutcome, ...] = ()
        self.lists = 0
        self.gets = 0
        self.writes: list[str] = []

    @classmethod
    def open(
        cls, settings: SourceSettings, *, transport: Any = None, clock: Callable[[], datetime] = lambda: NOW
    ) -> "MemoryConnector":
        return cls(settings.key)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery() if self.weak else structs.replace(query, order=())

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        self.lists += 1
        self._count()
        order = TotalOrder(query.order)
        rows = [one for one in self._reads().values() if query.matches(one)]
        if self.info.sorts:
            # The vendor sorts ties in an order of its own.
            rows.sort(key=lambda one: (order.rank_of(one)[: len(query.order)], crc32(one.native_id.encode())))
        start = int(after or 0)
        page = rows[start : start + limit]
        more = start + limit < len(rows)
        return Page(
            items=page,
            next_cursor=str(start + limit) if more else None,
            total=len(rows),
            total_accuracy=CountAccuracy.EXACT,
        )

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        self.gets += 1
        self._count()
        return {native_id: self._reads()[native_id] for native_id in ids if native_id in self._reads()}

    async def get_detail(self, task: Task, aspects: object) -> TaskDetail:
        self._count()
        return TaskDetail(form=self.form, outcomes=self.outcomes)

    async def ping(self) -> None:
        self._count()

    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        if self.held[command.task.native_id].assignees:
            raise AlreadyAssignedError("taken")
        actor = command.actor.native_id if command.actor else ""
        return self._write("claim", command.task, state=TaskState.RESERVED, assignees=(UserRef(native_id=actor),))

    @handles(Release)
    async def release(self, command: Release) -> Outcome:
        return self._write("release", command.task, state=TaskState.READY, assignees=())

    @handles(Complete, support=Support.NATIVE)
    async def complete(self, command: Complete) -> Outcome:
        by = {} if self.completer is None else {"completed_by": self.completer}
        return self._write("complete", command.task, state=TaskState.COMPLETED, outcome=command.outcome, **by)

    @handles(CancelFlowOfTask, guarded=True)
    async def cancel_flow(self, command: CancelFlowOfTask) -> Outcome:
        return self._write("cancel_flow", command.task, state=TaskState.CANCELED)

    def lag(self) -> None:
        self.shown = dict(self.held)

    def _reads(self) -> dict[str, Task]:
        return self.held if self.shown is None else self.shown

    def _count(self) -> None:
        current_call().count_request()
        if self.fail is not None:
            raise self.fail

    def _write(self, verb: str, task: Task, **changes: Any) -> Outcome:
        current_call().count_request()
        expected = structs.replace(self.held[task.native_id], **changes)
        if self.fail_write is not None:
            if self.apply_before_failing:
                self.writes.append(verb)
                self.held[task.native_id] = expected
            raise self.fail_write
        self.writes.append(verb)
        self.held[task.native_id] = expected
        return Outcome(task=expected)


FORM = Form(
    kind=FormKind.FIELDS,
    fields=(
        FormField(key="email", type=FormFieldType.TEXT, required=True),
        FormField(key="amount", type=FormFieldType.NUMBER, required=False),
    ),
)


async def no_pause(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


def federation(
    *connectors: Connector[Any],
    people: Sequence[Caller] = (),
    book: People | None = None,
    journal: Journal | None = None,
    answers: Cache | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: NOW,
    own: OwnWork | None = None,
    pause: Callable[[float], Awaitable[None]] = no_pause,
    settled: Callable[[str, str], None] = lambda _source, _status: None,
    audit: Audit | None = None,
    readers: Mapping[str, Connector[Any]] = MappingProxyType({}),
    keeps_wanted: bool = True,
) -> FederatedSources:
    """The real federation over sources in memory, with real clocks where a test does not depend on them.

        `readers` are the connectors of reader accounts, by source. `book` knows the people, without one these are `people`.
    `pause` is the time between two looks after a lost answer: none.
    """
    shared = memory_state()
    sources = [
        Source(connector, rate_limits=shared.rate_limits, reader=readers.get(connector.source))
        for connector in connectors
    ]
    return compose(
        sources,
        people=BookOfPeople(people) if book is None else book,
        journal=journal or SqliteJournal(None),
        answers=answers or Cache(max_bytes=1 << 24, max_entries=1000, log=shared.invalidations),
        cursors=CursorCodec(b"test"),
        leases=shared.leases,
        monotonic=monotonic,
        now=now,
        own=own,
        pause=pause,
        settled=settled,
        audit=audit,
        keeps_wanted=lambda: keeps_wanted,
    )


def later(**by: float) -> datetime:
    return NOW + timedelta(**by)


__all__ = ["DetailAspect", "MemoryConnector", "federation", "later", "person", "task"]

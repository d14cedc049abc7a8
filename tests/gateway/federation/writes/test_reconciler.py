"""Writes without a clear result are looked at until they are known, or until nothing more can become known."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.commands import FlowOutcome, MutationStatus, SuspendFlow
from connectors.sdk.errors import UnavailableError, UpstreamTimeoutError
from connectors.sdk.model import FlowState, Task, TaskRef, TaskState
from connectors.sdk.settings import LimitsSettings
from connectors.sdk.traces import Traces
from gateway.federation.authorization import OwnWork
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, in_context
from gateway.federation.writes.reconciler import OpenWrites, Reconciler
from gateway.store.sqlite import SqliteJournal
from schema.ports import (
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Intent,
    Operation,
    ReleaseIntent,
    SuspendFlowIntent,
    Target,
    UnassignIntent,
)
from tests.gateway.federation.memory_source import NOW, federation, task
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, FLOW, PEOPLE, REF, perform

LOST = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
OUTCOMES = Traces(names_completer=True, shows_outcome=True, keeps_outcome=True, ends_once=True)


class World:
    """A source, a federation over it, and one clock for everything."""

    def __init__(self, north: RichConnector, **more: Any) -> None:
        self.north = north
        self.seconds = 0.0
        self.told: list[tuple[str, str]] = []
        self.journal = SqliteJournal(None, now=lambda: self.now().timestamp(), monotonic=lambda: self.seconds)
        north.clock = self.now
        self.sources: FederatedSources = federation(
            north,
            people=PEOPLE,
            journal=self.journal,
            monotonic=lambda: self.seconds,
            now=self.now,
            own=OwnWork((), keep=timedelta(days=1), is_person=lambda _: False, now=self.now),
            settled=lambda source, status: self.told.append((source, status)),
            **more,
        )

    @property
    def reconciler(self) -> Reconciler:
        return self.sources._writes._reconciler

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    async def lose(self, intent: Intent, *, applied: bool, caller: Any = ALICE, target: Target = REF) -> str:
        """A write whose answer is lost, after a request that looked in vain. Its operation id."""
        shown = dict(self.north.held)
        self.north.fail_write, self.north.apply_before_failing = LOST, applied
        self.north.fail = UnavailableError("down")
        await self._read_before(target)
        result = await perform(self.sources, intent, caller, target=target)
        self.north.fail_write = self.north.fail = None
        assert MutationStatus.UNKNOWN is result.status, shown
        return result.operation_id

    async def _read_before(self, target: Target) -> None:
        """The look before the write still works."""
        fail, self.north.fail = self.north.fail, None
        write = self.north._write

        def failing(*args: Any, **more: Any) -> Any:
            self.north.fail = fail
            self.north._write = write  # type: ignore[method-assign]
            return write(*args, **more)

        self.north._write = failing  # type: ignore[method-assign]

    async def find(self, operation_id: str) -> Operation:
        found = await self.sources.operation(CAROL, operation_id)
        assert found is not None
        return found

    async def after(self, seconds: float, operation_id: str) -> tuple[MutationStatus, bool]:
        self.seconds += seconds
        await self.reconciler.look_at_all("north")
        found = await self.find(operation_id)
        return found.status, found.settled_at is not None


def world(*, owner: str | None = "alice", traces: Traces | None = None, **more: Any) -> World:
    north = RichConnector("north", [task("north", "1", owner=owner)], flows=[flow("north", "f1")])
    north.is_alone()
    if traces is not None:
        north.traces = traces
    return World(north, **more)


async def test_open_writes_are_counted_by_source_until_they_end() -> None:
    """With the time of the oldest. A write that ends is not counted from then on, without another look."""
    it = world(owner=None)
    first = await it.lose(ClaimIntent(), applied=False)
    await it.reconciler.look_at_all("north")
    began = it.sources.open_writes()
    status = await it.after(75, first)

    assert {"north": OpenWrites(1, NOW)} == began
    assert (MutationStatus.UNKNOWN, True) == status
    assert {} == it.sources.open_writes()


CASES: list[tuple[str | None, Traces | None, Intent]] = [
    (None, None, ClaimIntent()),
    ("alice", OUTCOMES, CompleteIntent(outcome="approved")),
    ("alice", None, ReleaseIntent()),
    ("alice", None, CommentIntent(text="Well")),
]


@pytest.mark.parametrize(("owner", "traces", "intent"), CASES)
async def test_an_applied_write_is_found_when_the_source_is_back(
    owner: str | None, traces: Traces | None, intent: Intent
) -> None:
    """By the first look. The write has a time of settlement then, and is counted."""
    it = world(owner=owner, traces=traces)
    lost = await it.lose(intent, applied=True)

    assert (MutationStatus.APPLIED, True) == await it.after(1, lost)
    assert [("north", "APPLIED")] == it.told
    assert await it.journal.unsettled() == []


@pytest.mark.parametrize(("owner", "traces", "intent"), CASES)
async def test_a_write_without_an_effect_is_given_up_once_it_can_no_longer_be_applied(
    owner: str | None, traces: Traces | None, intent: Intent
) -> None:
    """70 seconds after it was sent. It stays UNKNOWN, now with a time of settlement."""
    it = world(owner=owner, traces=traces)
    lost = await it.lose(intent, applied=False)

    assert (MutationStatus.UNKNOWN, False) == await it.after(1, lost)
    assert (MutationStatus.UNKNOWN, False) == await it.after(60, lost)
    assert (MutationStatus.UNKNOWN, True) == await it.after(15, lost)
    assert [("north", "UNRESOLVED")] == it.told
    assert "never found out" in (await it.find(lost)).problems[-1].message


async def test_a_write_that_nothing_can_prove_costs_no_read() -> None:
    """It waits until it can no longer be applied."""
    it = world(traces=Traces())
    lost = await it.lose(ReleaseIntent(), applied=True)
    gets = it.north.gets

    assert (MutationStatus.UNKNOWN, False) == await it.after(30, lost)
    assert (MutationStatus.UNKNOWN, True) == await it.after(50, lost)
    assert gets == it.north.gets


async def test_while_the_source_is_away_the_search_goes_on() -> None:
    """For 15 minutes at most."""
    it = world(owner=None)
    lost = await it.lose(ClaimIntent(), applied=True)
    it.north.fail = UnavailableError("down")

    assert (MutationStatus.UNKNOWN, False) == await it.after(800, lost)
    it.north.fail = None
    assert (MutationStatus.APPLIED, True) == await it.after(20, lost)


async def test_a_source_that_stays_away_ends_the_search() -> None:
    """After 15 minutes."""
    it = world(owner=None)
    lost = await it.lose(ClaimIntent(), applied=True)
    it.north.fail = UnavailableError("down")

    assert (MutationStatus.UNKNOWN, True) == await it.after(901, lost)


async def test_the_completion_of_another_person_is_a_refusal() -> None:
    """A task ends once: ours was not applied, and never will be."""
    it = world(traces=OUTCOMES)
    lost = await it.lose(CompleteIntent(outcome="approved"), applied=False)
    it.north.held["1"] = task("north", "1", owner="alice", state=TaskState.COMPLETED, outcome="rejected")

    assert (MutationStatus.REJECTED, True) == await it.after(1, lost)
    assert ["INVALID_STATE"] == [problem.code for problem in (await it.find(lost)).problems]


async def test_a_later_write_of_ours_blurs_an_earlier_one_for_good() -> None:
    """Alice's claim was lost and not applied; then Carol assigned the task to her."""
    it = world()
    lost = await it.lose(ReleaseIntent(), applied=False)
    await perform(it.sources, UnassignIntent(), CAROL)

    assert (MutationStatus.UNKNOWN, False) == await it.after(1, lost)
    assert (MutationStatus.UNKNOWN, True) == await it.after(80, lost)


async def test_a_flow_that_the_vendor_suspends_later_is_applied_then() -> None:
    """The vendor took the write and said so: its state alone tells that it is done. What we expect of it does not."""
    it = world()

    async def accept(command: SuspendFlow) -> FlowOutcome:
        done = structs.replace(command.flow, state=FlowState.SUSPENDED)
        return FlowOutcome(flow=done, status=MutationStatus.PENDING)

    it.north.suspend_flow = accept  # type: ignore[method-assign]
    pending = await perform(it.sources, SuspendFlowIntent(), CAROL, target=FLOW)
    before = await it.after(1, pending.operation_id)
    it.north.flows["f1"] = flow("north", "f1", state=FlowState.SUSPENDED)

    assert (MutationStatus.PENDING, False) == before
    assert (MutationStatus.APPLIED, True) == await it.after(200, pending.operation_id)


async def test_looks_become_rarer_and_take_a_fifth_of_the_reads() -> None:
    """30 reads a minute: 6 of them are for looks."""
    it = world(owner=None)
    it.north.settings = it.north.settings.model_copy(update={"limits": LimitsSettings(requests=30), "late_max": 600.0})
    it = World(it.north)
    lost = await it.lose(ClaimIntent(), applied=False)
    gets = it.north.gets
    for _ in range(600):
        await it.after(0.1, lost)

    assert 3 <= it.north.gets - gets <= 6


FEW: dict[str, Any] = {"limits": LimitsSettings(requests=30)}


def several(count: int, *, owner: str | None = None, **settings: Any) -> World:
    """As `world`, with so many tasks and those settings of the source."""
    north = RichConnector("north", [task("north", str(number), owner=owner) for number in range(1, count + 1)])
    north.is_alone()
    north.settings = north.settings.model_copy(update=settings)
    return World(north)


def used_up(it: World) -> None:
    """The share of this minute is taken by other looks."""
    it.reconciler._share(it.reconciler._sources["north"]).take(6)


async def test_a_write_that_nothing_can_prove_ends_also_where_no_read_is_left() -> None:
    """It needs none."""
    it = several(1, owner="alice", **FEW)
    it.north.traces = Traces()
    lost = await it.lose(ReleaseIntent(), applied=True)
    it.seconds += 71
    used_up(it)

    assert (MutationStatus.UNKNOWN, True) == await it.after(0, lost)


async def test_a_write_that_can_be_proved_waits_for_a_read() -> None:
    """Also when its time is over: the read may prove it. It has one as soon as the share has room."""
    it = several(1, **FEW)
    lost = await it.lose(ClaimIntent(), applied=True)
    it.seconds += 71
    used_up(it)

    assert (MutationStatus.UNKNOWN, False) == await it.after(0, lost)
    assert (MutationStatus.APPLIED, True) == await it.after(61, lost)


async def test_a_source_that_says_it_allows_more_gets_more_looks() -> None:
    """The limit that counts is the one the vendor states now."""
    it = several(1)
    limits = iter([30, 300])
    it.reconciler._share(it.reconciler._sources["north"])._limit = lambda: next(limits, 300)
    used_up(it)
    lost = await it.lose(ClaimIntent(), applied=True)

    assert (MutationStatus.APPLIED, True) == await it.after(1, lost)


async def test_one_read_judges_all_writes_to_a_task() -> None:
    """Two claims of one task. None of them arrived."""
    it = several(1)
    both = [await it.lose(ClaimIntent(), applied=False, caller=caller) for caller in (ALICE, BOB)]
    gets = it.north.gets
    it.seconds += 71
    found = [await it.after(0, lost) for lost in both]

    assert [(MutationStatus.UNKNOWN, True)] * 2 == found
    assert gets + 1 == it.north.gets


async def test_reads_of_several_tasks_travel_together() -> None:
    """One call for three tasks, at a vendor that takes them so."""
    it = several(3)
    lost = [
        await it.lose(ClaimIntent(), applied=True, target=TaskRef("north", native_id)) for native_id in ("1", "2", "3")
    ]
    gets = it.north.gets
    found = [await it.after(seconds, one) for seconds, one in zip((1, 0, 0), lost, strict=True)]

    assert [(MutationStatus.APPLIED, True)] * 3 == found
    assert gets + 1 == it.north.gets


async def test_where_reads_are_few_a_list_stands_for_them() -> None:
    """Three tasks by what lists show, with as many calls as the share has; the fourth, which they lack, by a read of its own."""
    it = several(4, **FEW)
    ids = ("1", "2", "3", "4")
    lost = [await it.lose(ClaimIntent(), applied=True, target=TaskRef("north", native_id)) for native_id in ids]
    asked: list[tuple[tuple[str, ...], int]] = []

    async def rows(wanted: Sequence[str], *, most_calls: int) -> Sequence[Task]:
        asked.append((tuple(sorted(wanted)), most_calls))
        return [it.north.held[native_id] for native_id in ids[:3]]

    it.north.find_rows = rows  # type: ignore[method-assign,assignment]
    gets = it.north.gets
    found = [await it.after(seconds, one) for seconds, one in zip((1, 0, 0, 0), lost, strict=True)]

    assert [(ids, 6)] == asked
    assert [(MutationStatus.APPLIED, True)] * 4 == found
    assert gets + 1 == it.north.gets


async def test_reads_are_kept_for_the_looks_that_decide() -> None:
    """A write that may still arrive leaves half of the share to those that cannot any more."""
    it = several(2, **FEW)
    early = await it.lose(ClaimIntent(), applied=True)
    it.reconciler._share(it.reconciler._sources["north"]).take(3)

    assert (MutationStatus.UNKNOWN, False) == await it.after(1, early)
    assert (MutationStatus.APPLIED, True) == await it.after(61, early)


async def test_a_look_that_always_fails_ends_after_fifteen_minutes() -> None:
    """A connector whose records cannot be judged."""
    it = world(owner=None)
    lost = await it.lose(ClaimIntent(), applied=True)

    async def broken(*_: object, **__: object) -> None:
        raise ValueError("no such member")

    it.reconciler._settler.look_at = broken  # type: ignore[assignment]

    assert (MutationStatus.UNKNOWN, False) == await it.after(1, lost)
    assert (MutationStatus.UNKNOWN, True) == await it.after(901, lost)


async def test_what_only_the_persons_token_can_read_waits_for_their_next_request() -> None:
    """Nobody else's request brings it, and the gateway itself does not read."""
    it = world(owner=None)
    lost = await it.lose(ClaimIntent(), applied=True)
    it.north.settings = it.north.settings.model_copy(update={"acts_as": "viewer"})
    alone = await it.after(1, lost)
    for caller in (BOB, ALICE):
        with in_context(CallContext(caller=caller, token="t")):
            await it.sources.operation(caller, lost)
            await it.reconciler.settled_visits()
        found = await it.journal.find(lost)
        assert found is not None
        assert (caller is ALICE) == (MutationStatus.APPLIED is found.status)

    assert (MutationStatus.UNKNOWN, False) == alone


async def test_an_ended_task_that_is_found_later_is_shown_to_its_author() -> None:
    """As if the answer had come."""
    it = world(traces=OUTCOMES)
    lost = await it.lose(CompleteIntent(outcome="approved"), applied=True)
    await it.after(1, lost)
    ended = await it.journal.ended_tasks(most=9)

    assert [(lost, "alice", ("alice",))] == [(one.operation_id, one.person, one.owners) for one in ended]

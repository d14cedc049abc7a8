"""Many histories at once on a virtual clock: the real pipeline, killed and started again over one journal."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from unittest.mock import patch

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, GatewayUnavailableError
from connectors.sdk.model import FlowState, TaskRef, TaskState
from gateway import composition
from gateway.federation.cache import Cache
from gateway.federation.lists import CursorCodec
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source, SourceReader
from gateway.federation.traffic import CallContext, in_context
from gateway.people.book import BookOfPeople
from gateway.shared import SharedState
from gateway.shared.memory import memory_state
from gateway.store import EndedTask, Evidence, Record
from schema.ports import BulkRequest, TakeNextRequest, Target, TaskIntent, WriteRequest, WriteResult
from tests.gateway.federation.memory_source import person
from tests.gateway.federation.writes.model.clock import ModelClock
from tests.gateway.federation.writes.model.connector import SOURCE, ModelConnector, connector_of
from tests.gateway.federation.writes.model.history import Plan, Rival, Write, faults_of
from tests.gateway.federation.writes.model.inline_journal import End, InlineJournal
from tests.gateway.federation.writes.model.kinds import Kind
from tests.gateway.federation.writes.model.light_reader import LightReader
from tests.gateway.federation.writes.model.vendor import CALL, SENT, Call, Story, Vendor
from tests.gateway.federation.writes.model.vendor import Record as VendorRecord

PEOPLE = {
    one.key: one
    for one in (
        person("alice", SOURCE),
        person("bob", SOURCE),
        person("carol", SOURCE, admin=True, groups=()),
    )
}
# Seconds after which every write must have its end, from the last call, and those that the model adds to be sure.
ALL_SETTLED = 15 * 60
MUTATION_DEADLINE = 60.0


class Answer(Struct, frozen=True):
    """What a call was told: a result, of a bulk action one for each task; nothing if its gateway was killed."""

    write: Write
    call: Call
    at: float
    results: tuple[WriteResult, ...]


class Admitted(Struct, frozen=True):
    """A write of the journal. `undoes`: it takes a step of another write back. `call`: that in which it began."""

    write: str
    call: str
    target: Target
    undoes: bool


class History(Story, eq=False, kw_only=True):
    """A plan while it is carried out."""

    plan: Plan
    answers: list[Answer]
    admitted: dict[str, Admitted]
    came: dict[str, int]

    def comes_to(self, method: str, when: str) -> int:
        """How often the history came to that point."""
        point = f"{method} {when}"
        self.came[point] = self.came.get(point, 0) + 1
        return self.came[point]

    def dies_at(self, method: str, when: str) -> bool:
        kill = self.plan.kill
        return (
            kill is not None and (kill.method, kill.when) == (method, when) and self.comes_to(method, when) == kill.nth
        )


class ModelJournal(InlineJournal):
    """Kills its gateway, and fails, where a history says so. The journal of a killed gateway cannot be used."""

    def __init__(self, world: "World", beside: "ModelJournal | None") -> None:
        super().__init__(world.clock.timestamp, beside, has_leases=world.size > 1)
        self._world = world

    async def admit(self, *, operation_id: str, target: Target, fingerprint: str, **more: Any) -> Record | None:
        history = self._world.history()
        await self._reach(history, "admit", "before")
        found = await super().admit(operation_id=operation_id, target=target, fingerprint=fingerprint, **more)
        call = CALL.get()
        if found is None and call is not None and history is not None:
            history.admitted[operation_id] = Admitted(call.write, call.name, target, undoes=not fingerprint)
            self._world.histories_of[operation_id] = history
        await self._reach(history, "admit", "after")
        return found

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        history = self._world.histories_of.get(operation_id)
        await self._reach(history, "mark_sent", "before")
        number = await super().mark_sent(operation_id, evidence)
        await self._reach(history, "mark_sent", "after")
        SENT.set(operation_id)
        admitted = None if history is None else history.admitted[operation_id]
        if admitted is not None and isinstance(admitted.target, TaskRef):
            self._world.vendor.sent[admitted.target.native_id] = operation_id
        return number

    async def settle(
        self, operation_id: str, result: WriteResult, *, ended: EndedTask | None = None, **more: Any
    ) -> None:
        history = self._world.histories_of.get(operation_id)
        await self._reach(history, "settle", "before")
        await super().settle(operation_id, result, ended=ended, **more)
        await self._reach(history, "settle", "after")

    async def _reach(self, history: History | None, method: str, when: str) -> None:
        if history is None or self.is_closed:
            return
        if (
            when == "before"
            and history.plan.breaks
            and (method, history.comes_to(method, "try")) in history.plan.breaks
        ):
            raise GatewayUnavailableError("disk full")
        if history.plan.kill is not None and history.dies_at(method, when):
            dying = self._world.gateway_of(self)
            if dying is not None:
                await self._world.kill(dying, is_graceful=history.plan.kill.is_graceful)


class Gateway:
    """One process: its parts, and the calls that it serves."""

    def __init__(self, world: "World", beside: "Gateway | None" = None) -> None:
        shared = memory_state()
        self.connector: ModelConnector = connector_of(world.kind.name).of(world.vendor)
        self.journal: ModelJournal = ModelJournal(world, None if beside is None else beside.journal)
        self.answers = Cache(
            max_bytes=1 << 24,
            max_entries=1000,
            log=shared.invalidations,
            monotonic=world.seconds,
            now=world.now,
        )
        with patch.object(composition, "SourceReader", SourceReader if world.has_cache else LightReader):
            self.federation: FederatedSources = self._composed(world, shared)
        self.calls: set[asyncio.Task[Any]] = set()
        self.is_open = asyncio.Event()

    def _composed(self, world: "World", shared: SharedState) -> FederatedSources:
        return composition.compose(
            [Source(self.connector, rate_limits=shared.rate_limits)],
            people=BookOfPeople(PEOPLE.values()),
            journal=self.journal,
            answers=self.answers,
            cursors=CursorCodec(b"model"),
            leases=shared.leases,
            monotonic=world.seconds,
            now=world.now,
        )

    async def start(self) -> None:
        """As a supervisor does: again until it succeeds. It serves nothing before."""
        while not self.journal.is_closed:
            try:
                await self.federation.start()
            except GatewayUnavailableError:
                await asyncio.sleep(1)
            else:
                self.is_open.set()
                return


class World:
    """`has_cache`: whether reads go through the cache; without it they take a third of the time. `size`: gateways at once."""

    def __init__(self, kind: Kind, *, has_cache: bool = False, size: int = 1) -> None:
        self.kind = kind
        self.has_cache = has_cache
        self.size = size
        self.clock = clock = ModelClock()
        self.seconds, self.now = clock.seconds, clock.now
        self.vendor = Vendor(kind, self.seconds, self.now)
        self.ends: Mapping[str, End] = {}
        self.histories_of: dict[str, History] = {}
        first = Gateway(self)
        self.gateways = [first, *(Gateway(self, first) for _ in range(size - 1))]
        self.kills = 0
        self._ended: list[asyncio.Task[Any]] = []
        self._calls = 0
        self._all_called = asyncio.Event()
        self._failures: list[BaseException] = []

    def gateway_of(self, journal: ModelJournal) -> Gateway | None:
        """None for one that is ending already."""
        return next((gateway for gateway in self.gateways if gateway.journal is journal), None)

    def history(self) -> History | None:
        """That of the present call."""
        call = CALL.get()
        found = None if call is None else call.history
        return found if isinstance(found, History) else None

    async def run(self, plans: Sequence[Plan], seed: int) -> list[History]:
        """All plans from their beginning to the time when every write must have its end."""
        for gateway in self.gateways:
            await gateway.start()
        histories = [self._begun(plan, seed) for plan in plans]
        loop = asyncio.get_running_loop()
        for history in histories:
            for write in history.plan.writes:
                for number, at in enumerate(write.calls):
                    self._calls += 1
                    loop.call_later(history.plan.begins + at, self._call, history, write, number)
            if history.plan.looked is not None:
                loop.call_later(history.plan.begins - history.plan.looked, self._look, history)
            for rival in history.plan.rivals:
                loop.call_later(history.plan.begins + rival.at, self._rival, history, rival)
        await self._all_called.wait()
        for failure in self._failures:
            raise failure
        await asyncio.sleep(ALL_SETTLED + 60)
        for gateway in self.gateways:
            await gateway.federation.stop()
            await gateway.answers.aclose()
        await asyncio.gather(*self._ended, return_exceptions=True)
        self.ends = self.gateways[0].journal.ends()
        self.gateways[0].journal.close()
        return histories

    async def kill(self, dying: Gateway, *, is_graceful: bool) -> None:
        """The gateway ends now, and another one starts in its place. The call of the moment ends with it."""
        new = self.gateways[self.gateways.index(dying)] = Gateway(self, dying)
        self.kills += 1
        if is_graceful:
            self._ended.append(asyncio.ensure_future(self._replaced(dying, new)))
            await asyncio.sleep(0)
            return
        dying.journal.end()
        dying.connector.is_dead = True
        for call in dying.calls:
            call.cancel()
        self._ended.append(asyncio.ensure_future(self._stopped(dying)))
        starting = asyncio.ensure_future(new.start())
        self._ended.append(starting)
        current = asyncio.current_task()
        if current in dying.calls or (current is not None and current.cancelling()):
            await asyncio.sleep(0)

    async def _replaced(self, gateway: Gateway, by: Gateway) -> None:
        await self._stopped(gateway)
        gateway.journal.end()
        await by.start()

    async def _stopped(self, gateway: Gateway) -> None:
        with contextlib.suppress(GatewayUnavailableError, ConnectorError):
            await gateway.federation.stop()
        await gateway.answers.aclose()

    def _begun(self, plan: Plan, seed: int) -> History:
        history = History(
            faults=faults_of(plan),
            chance=random.Random(f"{seed}/run/{plan.number}"),
            blind=tuple(1000.0 + at if at else 0.0 for at in plan.blind),  # type: ignore[arg-type]
            plan=plan,
            answers=[],
            admitted={},
            came={},
        )
        for task in (*((plan.task,) if plan.task is not None else ()), *plan.more):
            self.vendor.tasks[task.native_id] = VendorRecord([(self.seconds(), task)])
            self.vendor.stories[task.native_id] = history
        if plan.flow is not None:
            self.vendor.flows[plan.flow.native_id] = VendorRecord([(self.seconds(), plan.flow)])
            self.vendor.stories[plan.flow.native_id] = history
        return history

    def _call(self, history: History, write: Write, number: int) -> None:
        """Make a call; later if no gateway serves now."""
        # The writes of a history, and the calls of a write, go to each gateway in turn.
        turn = history.plan.number + history.plan.writes.index(write) + number
        loop, gateway = asyncio.get_running_loop(), self.gateways[turn % self.size]
        if not gateway.is_open.is_set():
            loop.call_later(0.5, self._call, history, write, number)
            return
        call = Call(f"{write.name}.{number}", history, write.name)
        task = loop.create_task(self._performed(gateway, PEOPLE[write.person], write, call))
        gateway.calls.add(task)
        if history.plan.kill is not None and history.plan.kill.method == "sending" and number == 0:
            loop.call_later(history.chance.uniform(0.0, 1.2), self._kill_while, gateway, task, history)

        def ended(_: object) -> None:
            gateway.calls.discard(task)
            failure = None if task.cancelled() else task.exception()
            if failure is not None:
                self._failures.append(failure)
            results = () if task.cancelled() or failure is not None else task.result()
            history.answers.append(Answer(write, call, self.seconds(), results))
            self._calls -= 1
            if not self._calls:
                self._all_called.set()

        task.add_done_callback(ended)

    def _kill_while(self, gateway: Gateway, task: "asyncio.Task[Any]", history: History) -> None:
        """In the middle of a call, if it still runs."""
        if (
            not task.done()
            and gateway in self.gateways
            and history.plan.kill is not None
            and not history.came.get("sending in")
        ):
            history.came["sending in"] = 1
            self._ended.append(asyncio.ensure_future(self.kill(gateway, is_graceful=history.plan.kill.is_graceful)))

    async def _performed(self, gateway: Gateway, caller: Caller, write: Write, call: Call) -> tuple[WriteResult, ...]:
        CALL.set(call)
        token = "token" if self.kind.acts_as == "viewer" else None
        with in_context(CallContext(caller=caller, token=token).with_deadline(MUTATION_DEADLINE)):
            if write.intent is None:
                return (await gateway.federation.take_next(caller, TakeNextRequest(idempotency_key=write.key)),)
            if write.targets:
                done = await gateway.federation.perform_bulk(caller, _bulk_of(write, call))
                return tuple(entry.result for entry in done.entries.values())
            request = WriteRequest(target=write.target, intent=write.intent, idempotency_key=write.key)
            return (await gateway.federation.perform(caller, request),)

    def _look(self, history: History) -> None:
        """A page shows the task to all who may see it."""
        gateway = self.gateways[history.plan.number % self.size]
        if history.plan.task is not None and gateway.is_open.is_set():
            ref = history.plan.task.ref

            async def looked() -> None:
                with in_context(CallContext(caller=PEOPLE["alice"], token="token").with_deadline(5.0)):
                    await gateway.federation.get_tasks(PEOPLE["alice"], [ref])

            self._ended.append(asyncio.ensure_future(looked()))

    def _rival(self, history: History, rival: Rival) -> None:
        target = history.plan.task or history.plan.flow
        if target is not None:
            changes = _changes(self.vendor, target.native_id, rival)
            self.vendor.apply(rival.verb, target.native_id, changes[rival.verb], None)


def _bulk_of(write: Write, call: Call) -> BulkRequest:
    """The first call names some of the tasks, later ones all."""
    plan = cast("History", call.history).plan
    everything = tuple(task.ref for task in (plan.task, *plan.more) if task is not None)
    targets = write.targets if call.name.endswith(".0") else everything
    return BulkRequest(targets=targets, intent=cast("TaskIntent", write.intent), idempotency_key=write.key)


def _changes(vendor: Vendor, native_id: str, rival: Rival) -> dict[str, Callable[[], Any]]:
    owner = rival.owner or rival.actor
    return {
        "claim": lambda: vendor.claim(native_id, owner, owner),
        "own": lambda: vendor.own(native_id, owner, rival.actor),
        "disown": lambda: vendor.disown(native_id, rival.actor),
        "complete": lambda: vendor.end(native_id, rival.actor, outcome=rival.outcome),
        "cancel": lambda: vendor.end(native_id, rival.actor, state=TaskState.CANCELED),
        "update": lambda: vendor.update(native_id, rival.actor, title=rival.title),
        "suspend_flow": lambda: vendor.change_flow(native_id, FlowState.SUSPENDED),
        "resume_flow": lambda: vendor.change_flow(native_id, FlowState.ACTIVE),
        "cancel_flow": lambda: vendor.change_flow(native_id, FlowState.CANCELED),
    }

"""The background reconciler: finds out what became of writes without a clear result, and gives up at last.

It only reads. A write that can be proved is settled as soon as the source shows the proof. The others end as UNKNOWN with
`settledAt` once they can no longer be applied; all do after LONGEST seconds.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import anyio
import structlog
from msgspec import Struct, structs

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import ConnectorError, GatewayError
from connectors.sdk.model import FlowRef, Task, TaskRef
from gateway.federation.authorization import OwnWork
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.sources import Source
from gateway.federation.traffic import Batches, CallContext, Priority, RequestCost, current_context, in_context
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.looker import Shown
from gateway.federation.writes.progress import earlier_steps
from gateway.federation.writes.read_share import ReadShare
from gateway.federation.writes.recorder import Recorder
from gateway.federation.writes.settlement import Settlement, Settler, ToRead, unresolved
from gateway.store import Journal, OpenWrite
from schema.ports import WriteResult

log = structlog.get_logger("taskgate.write")

# Seconds: after which every write ends; for one look; from look to look at most; between two looks into the journal.
LONGEST = 900.0
LOOK_SECONDS = 15.0
LONGEST_WAIT = 15.0
IDLE = 30.0
# Looks that are due so soon are made now, with those that are due.
TOGETHER = 0.1
# Targets in one source that are looked at at the same time, and what one may cost where the share of reads is limited.
AT_ONCE = 16
READS_OF_A_LOOK = 3
# Where the share is small: seconds from look to look, and tasks for which a list may cost less than a read of each.
RARE_WAIT = 30.0
WORTH_A_LIST = 3

# Stands for all sources that are not configured. Their writes wait for them, as those of a source that cannot be read.
_REMOVED = ""

Settled = Callable[[str, str], None]
"""Told of each write that ends: its source, and APPLIED, REJECTED or UNRESOLVED."""


class OpenWrites(Struct, frozen=True):
    """Writes to one source whose result is not known yet. `oldest`: when the first of them was asked for."""

    count: int
    oldest: datetime


class _Watch:
    """When a write is looked at next, in seconds of the monotonic clock. `since`: when this process first saw it."""

    def __init__(self, now: float) -> None:
        self.since = now
        self.next_at = now
        self.looks = 0

    def put_off(self, now: float, left: float | None, *, longest: float = LONGEST_WAIT) -> None:
        """`left`: seconds until the write can no longer be applied; then it is looked at once more. `longest`: from look to look."""
        wait = longest if longest > LONGEST_WAIT else min(longest, 2.0 ** min(self.looks, 10))
        self.next_at = now + (min(wait, LONGEST_WAIT) if left is None or left <= 0 else min(wait, left))
        self.looks += 1

    def wait_until_over(self, now: float, age: float) -> None:
        """`age`: seconds since the write was asked for."""
        self.next_at = max(now + 1.0, now + LONGEST - max(age, now - self.since) + TOGETHER)


class Reconciler:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        journal: Journal,
        settler: Settler,
        recorder: Recorder,
        own: OwnWork,
        answers: Cache,
        trail: AuditTrail,
        settled: Settled = lambda _source, _status: None,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._journal = journal
        self._settler = settler
        self._recorder = recorder
        self._own = own
        self._answers = answers
        self._trail = trail
        self._settled = settled
        self._now = now
        self._monotonic = monotonic
        self._watches: dict[str, _Watch] = {}
        # As the journal had them at the last look, without those that have ended since.
        self._open: dict[str, OpenWrite] = {}
        # By source. A reload may add sources, and open others in the place of these.
        self._shares: dict[str, tuple[Source, ReadShare]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        # People whose writes only their own token can look at, and the looks that their requests have begun.
        self._waiting: set[str] = set()
        self._visits: set[asyncio.Task[None]] = set()

    def wake(self, source: str) -> None:
        """A write to that source has ended without a clear result."""
        key = self._loop_of(source)
        if key in self._wakes:
            self._wakes[key].set()
        else:
            # Its loop begins with a look.
            self._wakes.setdefault(_REMOVED, asyncio.Event()).set()

    async def run(self) -> None:
        """Until it is cancelled. One source that hangs holds up no other."""
        async with anyio.create_task_group() as group:
            await self._run(_REMOVED, lambda: self._begin_loops(group))

    def _begin_loops(self, group: anyio.abc.TaskGroup) -> None:
        """For sources that have none."""
        for key in self._sources:
            if key not in self._wakes:
                self._wakes[key] = asyncio.Event()
                group.start_soon(self._run, key)

    async def _run(self, key: str, before: Callable[[], None] = lambda: None) -> None:
        """A journal that fails is tried again."""
        wake = self._wakes.setdefault(key, asyncio.Event())
        while True:
            wake.clear()
            before()
            try:
                pause = await self.look_at_all(key)
            except GatewayError:
                log.exception("open writes not looked at")
                pause = IDLE
            with anyio.move_on_after(pause):
                await wake.wait()

    def _loop_of(self, source: str) -> str:
        return source if source in self._sources else _REMOVED

    def open_writes(self) -> Mapping[str, OpenWrites]:
        """By source, as known without a look into the journal: that of another gateway is up to IDLE seconds late."""
        found: dict[str, OpenWrites] = {}
        for write in self._open.values():
            known = found.get(write.target.source, OpenWrites(0, write.requested_at))
            found[write.target.source] = OpenWrites(known.count + 1, min(known.oldest, write.requested_at))
        return found

    async def stop(self) -> None:
        """Cut off the looks that requests have begun."""
        for visit in self._visits:
            visit.cancel()
        await self.settled_visits()

    async def settled_visits(self) -> None:
        """Return when those have ended."""
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def look_at_all(self, key: str) -> float:
        """Look at every write to a source that is due. The seconds to the next one. Raises GatewayUnavailableError."""
        await self._recorder.catch_up()
        found = await self._journal.unsettled()
        open_ids = {write.operation_id for write in found}
        self._open = {write.operation_id: write for write in found}
        self._watches = {one: watch for one, watch in self._watches.items() if one in open_ids}
        self._waiting = {write.person for write in found if self._is_personal(write)}
        writes = [write for write in found if self._loop_of(write.target.source) == key]
        now = self._monotonic()
        watches = {write.operation_id: self._watches.setdefault(write.operation_id, _Watch(now)) for write in writes}
        due = [write for write in writes if watches[write.operation_id].next_at <= now + TOGETHER]
        if due:
            await self._look_at(
                due, CallContext(operation="look up a write", priority=Priority.BACKGROUND, by_reader=True)
            )
        ends = [watch.next_at for one, watch in watches.items() if one in self._watches]
        return max(0.1, min(IDLE, min(ends, default=now + IDLE) - self._monotonic()))

    def awaits(self, person: str) -> bool:
        """Whether `met` has something to do."""
        return person in self._waiting

    def met(self, person: str) -> None:
        """A request of that person is here: with its token, their writes to sources that need one are looked at.

        The token is kept for that look only.
        """
        if person not in self._waiting:
            return
        self._waiting.discard(person)
        context = structs.replace(
            current_context(),
            operation="look up a write",
            priority=Priority.BACKGROUND,
            operation_records=None,
            counters=(),
        )
        visit = asyncio.get_running_loop().create_task(self._visit(person, context))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def settle(self, write: OpenWrite, found: Settlement) -> WriteResult | None:
        """Record what was found out, if anything. Raises GatewayUnavailableError."""
        if found.result is None:
            return None
        if found.ended is not None:
            self._own.add(found.ended)
        await self._end(write, found.result, found)
        return found.result

    # One write

    async def _visit(self, person: str, context: CallContext) -> None:
        try:
            writes = [write for write in await self._journal.unsettled() if write.person == person]
            await self._look_at([write for write in writes if self._is_personal(write)], context, is_visit=True)
        except GatewayError:
            log.exception("open writes not looked at")

    async def _look_at(self, writes: Iterable[OpenWrite], context: CallContext, *, is_visit: bool = False) -> None:
        """What needs no read ends without waiting for what needs one."""
        by_source: dict[str, list[tuple[OpenWrite, ToRead]]] = {}
        for write in writes:
            try:
                plan = await self._settler.plan(write)
            except GatewayError:
                log.exception("write not looked at", operation=write.operation_id)
                self._watch(write).put_off(self._monotonic(), None)
                continue
            if plan.read is None:
                await self._judge(write, plan.found)
            elif is_visit or self._is_readable(write):
                by_source.setdefault(write.target.source, []).append((write, plan.read))
            else:
                await self._judge(write, None)
        async with anyio.create_task_group() as group:
            for planned in by_source.values():
                group.start_soon(self._read, self._share(planned[0][1].source), planned, context)

    def _share(self, source: Source) -> ReadShare:
        known = self._shares.get(source.key)
        if known is None or known[0] is not source:
            known = self._shares[source.key] = source, _share_of(source, self._monotonic)
        return known[1]

    async def _read(self, share: ReadShare, planned: list[tuple[OpenWrite, ToRead]], context: CallContext) -> None:
        """Writes to one source: the oldest first, as many targets at a time as the share has room for.

        Reads of the same moment travel together, and one read of a target serves all writes to it.
        """
        planned.sort(key=lambda each: each[1].over_at)
        batches = Batches() if len({read.target for _, read in planned}) > 1 else None
        context = structs.replace(context, batches=batches)
        rows = await self._rows(share, [read for _, read in planned], context)
        by_target: dict[TaskRef | FlowRef, list[tuple[OpenWrite, ToRead]]] = {}
        for each in planned:
            by_target.setdefault(each[1].target, []).append(each)
        waiting = list(by_target.items())
        while waiting:
            at_once = int(max(1.0, min(AT_ONCE, share.room() / READS_OF_A_LOOK)))
            these, waiting = waiting[:at_once], waiting[at_once:]
            async with anyio.create_task_group() as group:
                for target, writes in these:
                    shown = Shown(writes[0][1].source.connector.traces, rows.get(target))
                    group.start_soon(self._look, share, writes, context, shown)

    async def _rows(
        self, share: ReadShare, reads: Iterable[ToRead], context: CallContext
    ) -> Mapping[TaskRef | FlowRef, Task]:
        """Tasks as a list shows them: where the share is small, one page of it may be worth many reads of one task."""
        wanted = {read.target.native_id: read.source for read in reads if read.is_row_enough}
        room = share.room()
        if not share.is_small or len(wanted) < WORTH_A_LIST or room < 1:
            return {}
        source, cost = next(iter(wanted.values())), RequestCost()
        with in_context(context.with_deadline(LOOK_SECONDS).counted_by(cost)):
            try:
                found = await source.read(
                    "list tasks", lambda: source.connector.find_rows(tuple(wanted), most_calls=int(room))
                )
            except ConnectorError:
                return {}
            finally:
                share.take(cost.requests)
        return {task.ref: task for task in found}

    async def _look(
        self, share: ReadShare, writes: Iterable[tuple[OpenWrite, ToRead]], context: CallContext, shown: Shown
    ) -> None:
        """Writes to one target. One that cannot be judged holds up no other."""
        for write, read in writes:
            is_read = shown.of(read.evidence, is_accepted=read.is_accepted) is not None
            if not is_read and share.room(may_wait=self._now() < read.over_at) < 1:
                await self._judge(write, None, again_in=share.wait())
                continue
            cost, found = RequestCost(), None
            with in_context(context.with_deadline(LOOK_SECONDS).counted_by(cost)):
                try:
                    found = await self._settler.look_at(write, read, shown=shown)
                except Exception:
                    log.exception("write not looked at", operation=write.operation_id)
                finally:
                    share.take(cost.requests)
            await self._judge(write, found, is_rare=share.is_small)

    async def _judge(
        self, write: OpenWrite, found: Settlement | None, *, is_rare: bool = False, again_in: float = 0.0
    ) -> None:
        """Record what was found, or when to look again. `found` None: nothing was read. Raises nothing.

        `is_rare`: reads are few. `again_in`: seconds until there is one.
        """
        watch, now = self._watch(write), self._monotonic()
        try:
            if found is not None and await self.settle(write, found) is not None:
                return
            if self._is_over(write, watch, found):
                await self._end(write, unresolved(write), found, is_final=True)
                return
        except GatewayError:
            log.exception("result not recorded", operation=write.operation_id)
        if not self._is_readable(write):
            # Requests of the person look at it; here its time only passes.
            watch.wait_until_over(now, (self._now() - write.requested_at).total_seconds())
        elif again_in:
            watch.next_at = now + max(again_in, 1.0)
        elif found is None:
            watch.put_off(now, None)
        else:
            left = (found.over_at - self._now()).total_seconds()
            longest = RARE_WAIT if is_rare else LONGEST_WAIT
            watch.put_off(now, left, longest=longest if found.may_become_known else left)

    def _watch(self, write: OpenWrite) -> _Watch:
        return self._watches.setdefault(write.operation_id, _Watch(self._monotonic()))

    def _is_readable(self, write: OpenWrite) -> bool:
        """Whether the gateway can read the source by itself."""
        source = self._sources.get(write.target.source)
        return source is None or source.reads_by_itself

    def _is_personal(self, write: OpenWrite) -> bool:
        """Whether the author's token can read what others may not. It may also help where the reader account fails."""
        source = self._sources.get(write.target.source)
        return source is not None and source.acts_as != "service"

    def _is_over(self, write: OpenWrite, watch: _Watch, found: Settlement | None) -> bool:
        """Whether the search ends. A clock that jumps ahead ends it early, one that jumps back does not prolong it."""
        since = self._monotonic() - watch.since
        if max(since, (self._now() - write.requested_at).total_seconds()) > LONGEST:
            return True
        return found is not None and not found.may_become_known and self._now() >= found.over_at

    async def _end(
        self, write: OpenWrite, result: WriteResult, found: Settlement | None, *, is_final: bool = False
    ) -> None:
        await self._journal.settle(
            write.operation_id,
            result,
            ended=None if found is None else found.ended,
            is_final=is_final,
            only_unsettled=True,
            earlier=earlier_steps(write.action),
        )
        self._watches.pop(write.operation_id, None)
        self._open.pop(write.operation_id, None)
        if isinstance(write.target, TaskRef | FlowRef):
            kinds = (Kind.TASK, Kind.TASK_LIST) if isinstance(write.target, TaskRef) else (Kind.FLOW, Kind.FLOW_LIST)
            source, native_id = write.target.source, write.target.native_id
            self._answers.invalidate([Tag(source, kinds[0], native_id), Tag(source, kinds[1])])
        status = "UNRESOLVED" if result.status is MutationStatus.UNKNOWN else result.status.value
        self._settled(write.target.source, status)
        self._trail.settled(write.person, write.target, write.action, result)
        tell = log.warning if status == "UNRESOLVED" else log.info
        tell("write settled later", operation=write.operation_id, source=write.target.source, status=status)


def _share_of(source: Source, monotonic: Callable[[], float]) -> ReadShare:
    limits = source.connector.settings.limits.over(source.connector.info.default_limits)
    return ReadShare(lambda: source.read_limit, limits.window, monotonic=monotonic)

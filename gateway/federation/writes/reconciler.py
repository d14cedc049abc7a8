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
from connectors.sdk.errors import GatewayError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.federation.authorization import OwnWork
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, RequestCost, current_context, in_context
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.progress import earlier_steps
from gateway.federation.writes.read_share import ReadShare
from gateway.federation.writes.recorder import Recorder
from gateway.federation.writes.settlement import Settlement, Settler, unresolved
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
# Looks at one source at the same time.
AT_ONCE = 4

# Stands for all sources that are configured no more.
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

    def put_off(self, now: float, left: float | None) -> None:
        """`left`: seconds until the write can no longer be applied; then it is looked at once more."""
        wait = min(LONGEST_WAIT, 2.0 ** min(self.looks, 10))
        self.next_at = now + (wait if left is None or left <= 0 else min(wait, left))
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
        self._shares = {key: _share_of(source, monotonic) for key, source in sources.items()}
        self._wakes = {key: asyncio.Event() for key in (*sources, _REMOVED)}
        # People whose writes only their own token can look at, and the looks that their requests have begun.
        self._waiting: set[str] = set()
        self._visits: set[asyncio.Task[None]] = set()

    def wake(self, source: str) -> None:
        """A write to that source has ended without a clear result."""
        self._wakes[self._loop_of(source)].set()

    async def run(self) -> None:
        """Until it is cancelled. One source that hangs holds up no other."""
        async with anyio.create_task_group() as group:
            for key in self._wakes:
                group.start_soon(self._run, key)

    async def _run(self, key: str) -> None:
        """A journal that fails is tried again."""
        while True:
            self._wakes[key].clear()
            try:
                pause = await self.look_at_all(key)
            except GatewayError:
                log.exception("open writes not looked at")
                pause = IDLE
            with anyio.move_on_after(pause):
                await self._wakes[key].wait()

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
        writes = list(writes)
        if len(writes) == 1:
            await self._look(writes[0], context, is_visit=is_visit)
            return
        by_source: dict[str, anyio.CapacityLimiter] = {}

        async def one(write: OpenWrite) -> None:
            async with by_source[write.target.source]:
                await self._look(write, context, is_visit=is_visit)

        async with anyio.create_task_group() as group:
            for write in writes:
                share = self._shares.get(write.target.source)
                at_once = AT_ONCE if share is None else share.at_once(AT_ONCE)
                by_source.setdefault(write.target.source, anyio.CapacityLimiter(at_once))
                group.start_soon(one, write)

    async def _look(self, write: OpenWrite, context: CallContext, *, is_visit: bool) -> None:
        watch = self._watches.setdefault(write.operation_id, _Watch(self._monotonic()))
        found: Settlement | None = None
        try:
            found = await self._found(write, context, is_visit=is_visit)
            if found is not None and await self.settle(write, found) is not None:
                return
            if self._is_over(write, watch, found):
                await self._end(write, unresolved(write), found, is_final=True)
                return
        except GatewayError:
            log.exception("result not recorded", operation=write.operation_id)
        except Exception:  # one write that cannot be judged holds up no other
            log.exception("write not looked at", operation=write.operation_id)
        if not self._is_readable(write):
            # Requests of the person look at it; here its time only passes.
            watch.wait_until_over(self._monotonic(), (self._now() - write.requested_at).total_seconds())
            return
        left = None if found is None else (found.over_at - self._now()).total_seconds()
        watch.put_off(self._monotonic(), left)

    async def _found(self, write: OpenWrite, context: CallContext, *, is_visit: bool) -> Settlement | None:
        """None if nothing may be read now."""
        share = self._shares.get(write.target.source)
        if not (is_visit or self._is_readable(write)) or (share is not None and not share.has_room()):
            return None
        cost = RequestCost()
        with in_context(context.with_deadline(LOOK_SECONDS).counted_by(cost)):
            try:
                return await self._settler.look(write)
            finally:
                if share is not None:
                    share.take(cost.requests)

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
    return ReadShare(limits.requests, limits.window, monotonic=monotonic)

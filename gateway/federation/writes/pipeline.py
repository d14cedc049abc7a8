"""The way of every write: admit (idempotency key, journal), lock its target, carry it out, settle.

A write is sent at most once, and its result never claims more than is known. Once admitted it runs to its end, also if
the client disconnects, but not beyond the deadline of its request or the end of the gateway: then it is UNKNOWN if
anything may have left, else REJECTED.
"""

import asyncio
import contextlib
import math
import uuid
from collections.abc import Callable, Mapping

import anyio
import structlog
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import (
    Failure,
    GatewayError,
    GatewayUnavailableError,
    IdempotencyKeyReusedError,
    NotFoundError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import FlowRef, Task, TaskRef
from gateway.federation.authorization import OwnWork, visible_record
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, current_context, in_context
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.copies import Copies
from gateway.federation.writes.creation import Creator
from gateway.federation.writes.ended import ended_task
from gateway.federation.writes.fingerprint import fingerprint_of
from gateway.federation.writes.flow_write import FlowWriter
from gateway.federation.writes.identities import Identities
from gateway.federation.writes.progress import earlier_steps
from gateway.federation.writes.reconciler import OpenWrites, Reconciler
from gateway.federation.writes.recorder import REUSED, Recorder
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.replay import Replays
from gateway.federation.writes.settlement import Settler
from gateway.federation.writes.target_lease import TargetLeases
from gateway.federation.writes.task_write import TaskWriter
from gateway.federation.writes.undoing import Undoer
from gateway.federation.writes.verbs import action_of
from gateway.store import Journal, Record, Stage
from schema.ports import Operation, Problem, WriteRequest, WriteResult

log = structlog.get_logger("taskgate.write")

# The share of the time of a request, and at most the seconds, that are left for recording the result and answering.
ANSWER_SHARE = 0.1
ANSWER_SECONDS = 5.0


class WritePipeline:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        journal: Journal,
        tasks: TaskWriter,
        flows: FlowWriter,
        creator: Creator,
        leases: TargetLeases,
        own: OwnWork,
        identities: Identities,
        recovery: Recovery,
        recorder: Recorder,
        settler: Settler,
        reconciler: Reconciler,
        undoer: Undoer,
        trail: AuditTrail,
        replays: Replays,
        now: Clock = utc_now,
        deadline: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """`deadline` gives seconds that one write may take, also in a request that may take longer."""
        self._deadline = deadline
        # The gateway ends: what has not begun is not begun.
        self.is_ending = False
        self._sources = sources
        self._journal = journal
        self._tasks = tasks
        self._flows = flows
        self._creator = creator
        self._leases = leases
        self._copies = Copies(journal, recovery)
        self._own = own
        self._identities = identities
        self._now = now
        self._recovery = recovery
        self._recorder = recorder
        self._settler = settler
        self._reconciler = reconciler
        self._undoer = undoer
        self._trail = trail
        self._replays = replays
        self._background: list[asyncio.Task[None]] = []
        self._running: set[anyio.CancelScope] = set()
        # When all writes must be at their end, in seconds of the event loop's clock.
        self._closes_at = math.inf

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        """The result of the write; every expected failure is in it. Its upstream calls go before those of lists."""
        operation_id = str(uuid.uuid4())
        source = self._sources.get(request.target.source)
        if source is None:
            return await self.without_source(caller, request, operation_id)
        return await self.run(Attempt(caller, request, source, operation_id))

    async def without_source(self, caller: Caller, request: WriteRequest, operation_id: str) -> WriteResult:
        """Refused; but a write that had the key while there was such a source stays what it is."""
        known = None
        if request.idempotency_key is not None:
            try:
                known = await self._recorder.repeated(caller.key, request.idempotency_key, fingerprint_of(request))
            except GatewayError as error:
                known = _rejected(operation_id, error)
        result = known or _rejected(operation_id, NotFoundError("there is no such source"))
        if not result.replayed:
            self._trail.denied(caller, request, result)
        return result

    async def run(self, attempt: Attempt) -> WriteResult:
        """As `perform`."""
        context = structs.replace(self.limited(current_context()), priority=Priority.WRITE)
        if attempt.caller.is_task_admin:
            with in_context(context.counted_by(attempt.cost)):
                return await self._audited(attempt)
        with in_context(context.counted_apart_by(attempt.cost)):
            result = await self._audited(attempt)
        if isinstance(attempt.refusal, NotFoundError):
            # The number of calls could tell whether there is such a target.
            return structs.replace(result, upstream_calls=0)
        context.tell(attempt.cost.told)
        return result

    def limited(self, context: CallContext) -> CallContext:
        """With no more time than a write may take."""
        deadline = self._deadline()
        return context.limited_to(deadline) if deadline < math.inf else context

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        """A write by its id, for its author and task admins; else None. Raises GatewayUnavailableError."""
        await self._try_to_catch_up()
        found = await self._journal.find(operation_id)
        if found is None or not (caller.is_task_admin or found.person == caller.key):
            return None
        is_own = found.person == caller.key
        return structs.replace(found, problems=self._recorder.told(operation_id, found.problems)) if is_own else found

    async def last_of(self, task: TaskRef) -> Operation | None:
        """The newest write to a task that the caller is known to see. Raises GatewayUnavailableError."""
        await self._try_to_catch_up()
        return await self._journal.last(task)

    async def start(self) -> None:
        """Before the first write: end those of an earlier process. Raises GatewayUnavailableError.

        From then on those without a clear result are looked up in the background.
        """
        await self._recovery.settle()
        loops = (self._reconciler.run(), self._undoer.run(), self._recovery.run())
        self._background = [asyncio.create_task(loop) for loop in loops]

    def drain(self, seconds: float) -> None:
        """The gateway ends soon: writes that still run then are answered with what is known of them."""
        self._closes_at = anyio.current_time() + seconds
        for scope in self._running:
            scope.deadline = min(scope.deadline, self._closes_at)

    async def stop(self) -> None:
        """The gateway ends: writes that still run are cut off. Those that may have left are looked up at the next start."""
        self.is_ending = True
        for scope in list(self._running):
            scope.cancel()
        await self._copies.stop()
        for running in self._background:
            running.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._reconciler.stop()
        await self._undoer.stop()

    def open_writes(self) -> Mapping[str, OpenWrites]:
        """By source: writes whose result is not known yet."""
        return self._reconciler.open_writes()

    def met(self, caller: Caller) -> None:
        """A request of that person is here: what only their token can find out is looked up."""
        self._reconciler.met(caller.key)
        self._undoer.met(caller)

    def awaits(self, caller: Caller) -> bool:
        """Whether `met` has something to do for that person."""
        return self._reconciler.awaits(caller.key) or self._undoer.awaits(caller.key)

    async def _try_to_catch_up(self) -> None:
        with contextlib.suppress(GatewayError):
            await self._recorder.catch_up()

    async def _audited(self, attempt: Attempt) -> WriteResult:
        """With its line in the audit, also where something fails that should not."""
        try:
            result = await self._perform(attempt)
        except Exception:
            error = GatewayUnavailableError("internal error of the gateway")
            self._trail.ended(attempt, attempt.unknown() if attempt.was_sent else attempt.rejected(error))
            raise
        self._trail.ended(attempt, result)
        return result

    async def _perform(self, attempt: Attempt) -> WriteResult:
        seen = structs.replace(attempt.request, expected_version=None)
        attempt.fingerprint = f"{attempt.caller.key} {fingerprint_of(seen)}"
        with self._copies.leading(attempt.operation_id) as answer:
            try:
                earlier = await self._admit(attempt)
            except GatewayError as error:
                return attempt.rejected(error)
            if earlier is None:
                attempt.is_recorded = True
                self._replays.note(attempt)
                answer.result = await self._first(attempt)
                return answer.result
        try:
            result = await self._repeated(attempt, earlier)
        except GatewayError as error:
            return attempt.rejected(error)
        return await self._replays.shown(attempt, result)

    async def _admit(self, attempt: Attempt) -> Record | None:
        """As `Journal.admit`. A repeated key gets its answer also while the journal cannot be written."""
        request, person = attempt.request, attempt.caller.key
        try:
            await self._recorder.catch_up()
            earlier = await self._journal.admit(
                operation_id=attempt.operation_id,
                person=person,
                client_key=request.idempotency_key,
                fingerprint=fingerprint_of(request),
                source=attempt.source.key,
                target=request.target,
                action=action_of(request.intent),
            )
        except GatewayError:
            if request.idempotency_key is None:
                raise
            earlier = await self._journal.earlier(person, request.idempotency_key)
            if earlier is None:
                raise
        return None if earlier is None else self._recorder.known(earlier)

    async def _first(self, attempt: Attempt) -> WriteResult:
        """The way of an admitted write, to its recorded result."""
        result = await self._carry_out(attempt)
        with anyio.CancelScope(shield=True):
            result = await self._settle(attempt, result)
        self._undoer.release(attempt.operation_id)
        log.info(
            "write",
            source=attempt.source.key,
            action=attempt.request.intent.verb,
            status=result.status,
            person=attempt.caller.key,
            operation=attempt.operation_id,
            codes=[problem.code for problem in result.problems],
        )
        return result

    async def _carry_out(self, attempt: Attempt) -> WriteResult:
        end = min(_latest_end(), self._closes_at)
        # Calls that wait for a limit are refused in time: what still waits then was not sent.
        context = structs.replace(current_context(), deadline=None if math.isinf(end) else end)
        with anyio.CancelScope(deadline=end, shield=True) as scope, in_context(context):
            self._running.add(scope)
            try:
                return await self._contained(attempt)
            finally:
                self._running.discard(scope)
        return attempt.cut_off()

    async def _contained(self, attempt: Attempt) -> WriteResult:
        """Whatever goes wrong once a request may have left leaves the result open."""
        try:
            return await self._written(attempt)
        except GatewayError as error:
            # The journal could not note that a step is sent, so that step was not sent.
            return attempt.rejected(error)
        except Exception as raised:  # noqa: BLE001 it is logged there
            found = attempt.source.error_of(raised, attempt.request.intent.verb, maybe_applied=attempt.was_sent)
            return attempt.unknown(Problem.from_error(found)) if attempt.was_sent else attempt.rejected(found)

    async def _written(self, attempt: Attempt) -> WriteResult:
        hindrance = await attempt.hindrance()
        if hindrance is not None:
            return attempt.rejected(hindrance)
        await self._identities.know(attempt.source, attempt.caller, attempt.request.intent)
        target = attempt.request.target
        if not isinstance(target, TaskRef | FlowRef):
            return await self._creator.carry_out(attempt)
        async with self._leases.hold(target):
            if isinstance(target, TaskRef):
                return await self._tasks.carry_out(attempt, target)
            return await self._flows.carry_out(attempt, target)

    async def _settle(self, attempt: Attempt, result: WriteResult) -> WriteResult:
        """Record the result. Returns what is answered."""
        ended = ended_task(attempt, result, self._now())
        if ended is not None:
            self._own.add(ended)
            result = structs.replace(result, task=self._left(attempt, result.task))
        frees_key = result.status is MutationStatus.REJECTED and may_pass(attempt.refusal)
        # A task that is shown for this one answer is not recorded, so a repeated key does not show it again.
        kept = structs.replace(result, task=None) if attempt.is_shown_once else result
        await self._recorder.record(
            attempt.operation_id,
            kept,
            ended=ended,
            frees_key=frees_key,
            was_seen=attempt.was_seen,
            earlier=earlier_steps(action_of(attempt.request.intent)) | attempt.unclear_steps,
        )
        if result.status in {MutationStatus.UNKNOWN, MutationStatus.PENDING}:
            self._reconciler.wake(attempt.source.key)
        return result

    def _left(self, attempt: Attempt, task: Task | None) -> Task | None:
        """The ended task as the caller will see it: the vendor's record if they see that, else as their write left it."""
        if task is None:
            return None
        return visible_record(attempt.caller, attempt.connector, self._own, task.ref, self._own.remembered(task))

    async def _repeated(self, attempt: Attempt, earlier: Record) -> WriteResult:
        """The result for an idempotency key that was used before. Never sends a second write."""
        attempt.operation_id = earlier.operation_id
        if earlier.fingerprint != fingerprint_of(attempt.request):
            raise IdempotencyKeyReusedError(REUSED)
        attempt.is_recorded = True
        first = await self._copies.first(earlier, seconds=_latest_end() - anyio.current_time())
        if first is not earlier and first.result is not None:
            return structs.replace(first.result, replayed=True)
        if first.result is not None and first.is_final:
            problems = self._recorder.told(first.operation_id, first.result.problems)
            return structs.replace(first.result, problems=problems, replayed=True, upstream_calls=0)
        if first.stage is Stage.ADMITTED or first.is_elsewhere or self._copies.is_leading(first.operation_id):
            return attempt.result(MutationStatus.PENDING, replayed=True, problems=(_under_way(attempt),))
        found = None
        with contextlib.suppress(GatewayError):
            # Where the journal fails meanwhile, what was known stays: the write may have been sent.
            found = await self._undoer.try_now(first.operation_id, attempt.caller) or await self._look_up(attempt)
        if found is None:
            found = first.result or attempt.unknown()
        return structs.replace(found, replayed=True, upstream_calls=attempt.cost.requests)

    async def _look_up(self, attempt: Attempt) -> WriteResult | None:
        """For an earlier write that is UNKNOWN or PENDING: what the source shows now, None if that is nothing new."""
        write = await self._journal.open_write(attempt.operation_id)
        return None if write is None else await self._reconciler.settle(write, await self._settler.look(write))


def _rejected(operation_id: str, error: Failure) -> WriteResult:
    return WriteResult(status=MutationStatus.REJECTED, operation_id=operation_id, problems=(Problem.from_error(error),))


def _under_way(attempt: Attempt) -> Problem:
    late = UpstreamTimeoutError(
        "the first request with this idempotencyKey is still under way; ask operation(id:), or send the key again"
    )
    return Problem.from_error(late.at(attempt.source.key, attempt.request.intent.verb))


def _latest_end() -> float:
    """When a write must be at its end so that its request is answered in time, in seconds of the event loop's clock."""
    context = current_context()
    left = context.remaining()
    if context.deadline is None or left is None:
        return math.inf
    return context.deadline - min(ANSWER_SECONDS, left * ANSWER_SHARE)


def may_pass(refusal: Failure | None) -> bool:
    """Whether the reason of a refusal passes: it says nothing about the request itself, which may be sent again later."""
    if isinstance(refusal, GatewayUnavailableError):
        return True
    return isinstance(refusal, UnavailableError) and not refusal.maybe_applied

"""Takes the first step of a write back if the second has failed, and keeps at it until that is done.

An undo is a write of its own in the journal. It is sent only if a fresh read shows the task open and as the first step left
it. What cannot be undone at once is tried again in the background, also by the next process.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import Assign, IfLate, MutationStatus, TaskCommand, Update
from connectors.sdk.errors import ConnectorError, GatewayError
from connectors.sdk.model import Task, TaskRef
from gateway.federation.objects import TaskReader
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, current_context, in_context
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.progress import Progress, earlier_steps
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.target_lease import TargetLeases
from gateway.federation.writes.verbs import is_shown
from gateway.people import People
from gateway.store import KEPT_SECONDS, Journal, Step, Undo
from schema.ports import (
    AssignIntent,
    Operation,
    Problem,
    TaskIntent,
    UnassignIntent,
    UpdateIntent,
    WriteRequest,
    WriteResult,
)

log = structlog.get_logger("taskgate.write")

# Seconds for one try in the background; between the tries, which double; after a failure of the journal.
TRY_SECONDS = 30.0
FIRST_WAIT, LONGEST_WAIT = 2.0, 15.0


class Undone(Enum):
    """DONE: the task is as before the step. CLOSED: it is not open any more. OTHERS: it is not as the step left it.
    FAILED: it is, or that is not known.
    """

    DONE = auto()
    CLOSED = auto()
    OTHERS = auto()
    FAILED = auto()


class Undoer:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        journal: Journal,
        reads: TaskReader,
        overlay: Overlay,
        sender: AtMostOnceSender,
        leases: TargetLeases,
        people: People,
        trail: AuditTrail,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._journal = journal
        self._reads = reads
        self._overlay = overlay
        self._sender = sender
        self._leases = leases
        self._people = people
        self._trail = trail
        self._now = now
        self._monotonic = monotonic
        # Writes that still run undo their step themselves: those of this process are here.
        self._running: set[str] = set()
        # When to try again, and after how many seconds once more.
        self._next: dict[str, tuple[float, float]] = {}
        self._woken = asyncio.Event()
        # People with whose token alone something can be undone, and what their requests have begun.
        self._waiting: set[str] = set()
        self._visits: set[asyncio.Task[None]] = set()

    async def note(self, undo: Undo) -> None:
        """Before the first step is sent. Raises GatewayUnavailableError: then it must not be sent."""
        self._running.add(undo.operation_id)
        await self._journal.note_undo(undo)

    async def renote(self, undo: Undo) -> None:
        """Raises nothing: without it the undo is only tried later, or once more than needed."""
        with contextlib.suppress(GatewayError):
            await self._journal.note_undo(undo)

    async def drop(self, operation_id: str) -> None:
        """There is nothing to undo. Raises nothing: what stays in the journal does nothing to a task of others."""
        self._next.pop(operation_id, None)
        with contextlib.suppress(GatewayError):
            await self._journal.drop_undo(operation_id)

    def release(self, operation_id: str) -> None:
        """The write has a result. What it could not undo is tried in the background."""
        if operation_id in self._running:
            self._running.discard(operation_id)
            self._woken.set()

    async def unclear_ends(self, target: TaskRef) -> dict[str, datetime]:
        """Second steps to that task that may still arrive: until when, by the fingerprints of their writes.

        Raises GatewayUnavailableError.
        """
        return {
            undo.fingerprint: until
            for undo in await self._journal.undos()
            if undo.target == target
            and undo.end_sent_at is not None
            and (until := undo.end_sent_at + self._latest(undo.target.source)) > self._now()
        }

    async def take_back(self, undo: Undo, caller: Caller) -> tuple[Undone, Task | None]:
        """One try, and the task as last seen. To be called with the lease of the task. Raises nothing."""
        source = self._sources.get(undo.target.source)
        if source is None:
            return Undone.FAILED, None
        try:
            now = await self._reads.task(undo.target, fresh=True)
            if now is None or not now.is_open:
                return Undone.CLOSED, now
            if not _is_left(undo, now):
                return Undone.OTHERS, now
            return await self._send(undo, source, caller, now)
        except (ConnectorError, GatewayError):
            return Undone.FAILED, None

    async def is_closed(self, target: TaskRef) -> bool:
        """Whether the task is not open any more, or cannot be read. Raises nothing."""
        try:
            now = await self._reads.task(target, fresh=True)
        except ConnectorError:
            return True
        return now is None or not now.is_open

    async def is_back(self, undo: Undo) -> bool:
        """Whether a read shows the task open and without the step. Raises nothing."""
        try:
            now = await self._reads.task(undo.target, fresh=True)
        except ConnectorError:
            return False
        return now is not None and now.is_open and not _is_left(undo, now)

    async def try_now(self, operation_id: str, caller: Caller) -> WriteResult | None:
        """For a caller who asks for that write again: its result, if an undo has settled it. Raises nothing."""
        if operation_id in self._running:
            return None
        with contextlib.suppress(GatewayError):
            undo = await self._noted(operation_id)
            if undo is not None:
                await self._advance(undo, caller)
                found = await self._journal.find(operation_id)
                if found is not None and found.status is MutationStatus.REJECTED:
                    return _rejection(undo, Undone.DONE, found, await self._journal.steps(operation_id))
        return None

    def awaits(self, person: str) -> bool:
        """Whether `met` has something to do."""
        return person in self._waiting

    def met(self, caller: Caller) -> None:
        """A request of that person is here: what only their token can undo is tried with it, once."""
        if caller.key not in self._waiting:
            return
        self._waiting.discard(caller.key)
        visit = asyncio.create_task(self._visit(caller))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def stop(self) -> None:
        """Cut off what requests have begun."""
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visit(self, caller: Caller) -> None:
        context = structs.replace(current_context(), operation_records=None, counters=())
        with in_context(context.with_deadline(TRY_SECONDS)), contextlib.suppress(GatewayError):
            for undo in await self._journal.undos():
                if undo.person == caller.key and undo.operation_id not in self._running:
                    await self._advance(undo, caller)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            wait: float | None = LONGEST_WAIT
            try:
                wait = await self._round()
            except GatewayError:
                log.exception("undos not read")
            except Exception:
                log.exception("undo failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def _round(self) -> float | None:
        """Try what is due. The seconds until something else is; None if nothing will be."""
        waits: list[float] = []
        for undo in await self._journal.undos():
            operation_id = undo.operation_id
            if operation_id in self._running:
                continue
            at, wait = self._next.get(operation_id, (0.0, FIRST_WAIT))
            if at > self._monotonic():
                waits.append(at - self._monotonic())
                continue
            if await self._advance(undo, None):
                self._next.pop(operation_id, None)
            else:
                self._next[operation_id] = (self._monotonic() + wait, min(wait * 2, LONGEST_WAIT))
                waits.append(wait)
        return min(waits, default=None)

    async def _noted(self, operation_id: str) -> Undo | None:
        return next((one for one in await self._journal.undos() if one.operation_id == operation_id), None)

    async def _advance(self, undo: Undo, caller: Caller | None) -> bool:
        """Whether nothing is left to do. Without a `caller` only a service account can act."""
        record = await self._journal.record(undo.operation_id)
        if record is not None and record.is_elsewhere:
            return False
        # Read again, because the write may have run when `undo` was read: its second step may be on its way by now.
        noted = await self._noted(undo.operation_id)
        if noted is None:
            return True
        undo = noted
        source = self._sources.get(undo.target.source)
        if (self._now() - undo.noted_at).total_seconds() > KEPT_SECONDS:
            log.error("step not undone", operation=undo.operation_id, source=undo.target.source)
            await self.drop(undo.operation_id)
            return True
        if source is None:
            # It may be configured again.
            return False
        steps = await self._journal.steps(undo.operation_id)
        if not steps:
            await self.drop(undo.operation_id)
            return True
        open_ends = [step for step in steps if step.command == undo.end and step.status is not MutationStatus.REJECTED]
        if undo.end_sent_at is None and open_ends:
            undo = structs.replace(undo, end_sent_at=open_ends[-1].sent_at)
        is_over = (undo.end_sent_at or steps[-1].sent_at) + self._latest(source.key) <= self._now()
        if undo.is_done or (undo.end_sent_at is not None and undo.late is IfLate.HARMFUL and not is_over):
            if undo.is_done and is_over:
                await self.drop(undo.operation_id)
            return undo.is_done and is_over
        if caller is None and source.acts_as != "service":
            self._waiting.add(undo.person)
            undone = Undone.FAILED
        else:
            undone = await self._tried(undo, caller)
            log.info("undo tried", operation=undo.operation_id, source=source.key, undone=undone.name)
        if undo.end_sent_at is None or (undone is Undone.DONE and undo.late is IfLate.REFUSED):
            await self._reject(undo, undone)
        if undone is Undone.DONE and undo.end_sent_at is not None and not is_over:
            await self.renote(structs.replace(undo, is_done=True))
            return False
        if undone is Undone.DONE or undone is Undone.CLOSED or (undone is Undone.OTHERS and is_over):
            await self.drop(undo.operation_id)
            return True
        return False

    async def _tried(self, undo: Undo, caller: Caller | None) -> Undone:
        own = CallContext(operation="undo a step", priority=Priority.WRITE)
        context = own if caller is None else structs.replace(current_context(), priority=Priority.WRITE)
        author = caller or self._people.by_key(undo.person) or Caller(key=undo.person, name=undo.person, identities={})
        with in_context(context.limited_to(TRY_SECONDS)):
            async with self._leases.hold(undo.target):
                undone, _ = await self.take_back(undo, author)
        return undone

    async def _reject(self, undo: Undo, undone: Undone) -> None:
        """What was asked for certainly did not come about. A result that is known already stays."""
        found = await self._journal.find(undo.operation_id)
        if found is None or found.status not in {MutationStatus.UNKNOWN, MutationStatus.PENDING}:
            return
        rejection = _rejection(undo, undone, found, await self._journal.steps(undo.operation_id))
        await self._journal.settle(undo.operation_id, rejection, earlier=earlier_steps(found.action))
        self._trail.settled(undo.person, undo.target, found.action, rejection)

    async def _send(self, undo: Undo, source: Source, caller: Caller, now: Task) -> tuple[Undone, Task | None]:
        command = undo.undo.on(now)
        attempt = Attempt(caller, WriteRequest(target=undo.target, intent=_intent(command)), source, str(uuid.uuid4()))
        await self._journal.admit(
            operation_id=attempt.operation_id,
            person=undo.person,
            client_key=None,
            fingerprint="",
            source=source.key,
            target=undo.target,
            action=command.action,
        )
        try:
            outcome = await self._sender.send(attempt, command, source.connector.perform)
        except ConnectorError as error:
            seen = await self._reads.task(undo.target, fresh=True) if error.maybe_applied else None
            is_done = seen is not None and seen.is_open and not _is_left(undo, seen)
            open_status = MutationStatus.UNKNOWN if error.maybe_applied else MutationStatus.REJECTED
            status = MutationStatus.APPLIED if is_done else open_status
            # Without the vendor's words.
            problem = Problem(code=error.code, message="the step was not undone", source=source.key)
            problems = () if is_done else (problem,)
            await self._settle(undo, attempt, command, attempt.result(status, problems=problems))
            return (Undone.DONE if is_done else Undone.FAILED), seen
        self._overlay.put(now, outcome.task)
        await self._settle(undo, attempt, command, attempt.result(outcome.status, task=outcome.task))
        is_applied = outcome.status is MutationStatus.APPLIED
        return (Undone.DONE if is_applied else Undone.FAILED), outcome.task

    async def _settle(self, undo: Undo, attempt: Attempt, command: TaskCommand, result: WriteResult) -> None:
        """`frees_key`: it is no write that the author asked for, so it is not shown as the task's last one."""
        self._trail.undone(undo.person, attempt, command.action, result)
        with contextlib.suppress(GatewayError):
            await self._journal.settle(attempt.operation_id, result, frees_key=True)

    def _latest(self, source: str) -> timedelta:
        """How long after it was sent a write may be applied and become readable."""
        settings = self._sources[source].connector.settings
        return timedelta(seconds=settings.late_max + settings.read_lag)


def _is_left(undo: Undo, now: Task) -> bool:
    """Whether an open task is as the first step left it."""
    return is_shown(undo.step.on(now), now) and {owner.native_id for owner in now.assignees} == set(undo.owners)


def _rejection(undo: Undo, undone: Undone, found: Operation, steps: Sequence[Step]) -> WriteResult:
    """Its effect is what the steps before the last one did, by what the journal says of them."""
    progress, first = Progress(undo.end), None
    for step in steps:
        # The two steps may have one name.
        if first is None and step.command == undo.step.name:
            first = step
        elif step.command == undo.end:
            continue
        is_undone = step is first and undone is Undone.DONE
        if step.status is MutationStatus.REJECTED and not is_undone:
            continue
        if is_undone or step.status is MutationStatus.APPLIED:
            progress.add(step.command)
        else:
            progress.add_unclear(step.command)
        if is_undone:
            progress.take_back(step.command)
        elif step is first and undone is Undone.FAILED:
            progress.note_open(step.command)
    cut = Problem(code="UPSTREAM_ERROR", message="the write was cut off; send it again", source=undo.target.source)
    return WriteResult(
        status=MutationStatus.REJECTED,
        operation_id=undo.operation_id,
        problems=found.problems[:1] or (cut,),
        effect=progress.not_ended,
    )


def _intent(command: TaskCommand) -> TaskIntent:
    """For logs and errors: what the graph calls the command."""
    match command:
        case Assign():
            return AssignIntent()
        case Update():
            return UpdateIntent()
        case _:
            return UnassignIntent()

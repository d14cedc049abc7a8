"""A write to a task: read, judge, validate, send once, and tell what is known.

On a clear answer the expected record goes into the overlay; on an unclear one the task is read once more: APPLIED,
REJECTED or UNKNOWN.
"""

from msgspec import Struct, structs

from connectors.sdk.capability import Support
from connectors.sdk.commands import Claim, MutationStatus, TaskCommand, Update
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UnsupportedActionError,
    VersionConflictError,
)
from connectors.sdk.model import DetailAspect, FormKind, Task, TaskRef
from gateway.federation.authorization import Permission, can_see, check_assignment
from gateway.federation.objects import TaskReader
from gateway.federation.overlay import Overlay
from gateway.federation.sources import command_type
from gateway.federation.writes.attempt import Write
from gateway.federation.writes.command_builder import Orders
from gateway.federation.writes.form_validation import check_fields, check_outcome, missing_error, missing_fields
from gateway.federation.writes.send_once import Sending
from gateway.federation.writes.verification import shows, shows_another
from schema.ports import ClaimIntent, CompleteIntent, Problem, SaveDraftIntent, UpdateIntent, WriteResult


class Judged(Struct, frozen=True):
    """A command that may be sent, or the result that makes sending it needless."""

    command: TaskCommand | None
    settled: WriteResult | None = None


class TaskWrites:
    def __init__(self, *, reads: TaskReader, overlay: Overlay, sending: Sending, orders: Orders) -> None:
        self._reads = reads
        self._overlay = overlay
        self._sending = sending
        self._orders = orders

    async def carry_out(self, write: Write, ref: TaskRef) -> WriteResult:
        try:
            check_assignment(write.request.intent)
            wanted = command_type(write.connector, write.request.intent)
            write.capability = write.connector.capabilities[wanted]
            _check_fields_of_update(write)
            fresh = write.capability.support is Support.EMULATED
            await self._read(write, ref, fresh=fresh)
            try:
                judged = await self._judge(write)
            except (ConflictError, ForbiddenError):
                if fresh:
                    raise
                # Nobody is refused for a state that may be out of date.
                await self._read(write, ref, fresh=True)
                judged = await self._judge(write)
        except ConnectorError as error:
            return write.rejected(error)
        if judged.settled is not None:
            return judged.settled
        if judged.command is None:
            raise AssertionError("a judged write is either settled or a command")
        return await self._send(write, judged.command)

    async def look_up(self, write: Write, ref: TaskRef) -> WriteResult:
        """What the vendor shows now of a write whose answer was lost; never a second write."""
        try:
            task = await self._reads.task(ref, fresh=True)
            if task is None or not can_see(write.caller, write.connector, task):
                return write.unknown()
            write.task = task
            command = self._orders.command(write, task)
        except ConnectorError:
            return write.unknown()
        return write.result(MutationStatus.APPLIED) if shows(command, task) else write.unknown()

    async def _read(self, write: Write, ref: TaskRef, *, fresh: bool) -> None:
        task = await self._reads.task(ref, fresh=fresh)
        if task is None or not can_see(write.caller, write.connector, task):
            write.task = None
            raise NotFoundError("there is no such task, or you may not see it")
        write.task = task

    async def _judge(self, write: Write) -> Judged:
        task, intent, request = write.task, write.request.intent, write.request
        if task is None:
            raise NotFoundError("there is no such task, or you may not see it")
        if request.expected_version is not None and request.expected_version != task.version:
            raise VersionConflictError("the task changed since you read it; read it again")
        permission = Permission(write.caller, write.connector)
        if isinstance(intent, ClaimIntent) and task.is_open and permission.is_mine(task):
            return Judged(None, write.result(MutationStatus.APPLIED))
        command = self._orders.command(write, task)
        actions = command.actions if isinstance(command, Update) else {command.action}
        for action in sorted(actions):
            permission.check(task, intent, action)
        if isinstance(intent, SaveDraftIntent):
            await self._validate_draft(task, intent)
        if isinstance(intent, CompleteIntent):
            await self._validate(task, intent)
            if not task.assignees and intent.claim_if_needed:
                claimed = await self._claim_first(write, task, permission)
                if isinstance(claimed, WriteResult):
                    return Judged(None, claimed)
                command = structs.replace(command, task=claimed)
        return Judged(command)

    async def _claim_first(self, write: Write, task: Task, permission: Permission) -> Task | WriteResult:
        """completeTask(claimIfNeeded: true): the claimed task, or the result of the claim that failed."""
        if Claim not in write.connector.capabilities:
            return task
        completing = write.capability
        write.capability = write.connector.capabilities[Claim]
        result = await self._send(write, Claim(task=task, actor=permission.identity()))
        if result.status is not MutationStatus.APPLIED or result.task is None:
            return result
        # Claim and completion are two writes: together they are neither native nor atomic.
        write.capability = structs.replace(completing, support=Support.EMULATED, atomic=False)
        write.task = result.task
        return result.task

    async def _validate(self, task: Task, intent: CompleteIntent) -> None:
        """Outcome and form data against the task's detail, before anything is sent."""
        detail = await self._reads.detail(task, frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES}))
        check_outcome(intent.outcome, detail.outcomes)
        data = intent.data or {}
        if detail.form is None:
            return
        missing = missing_fields(detail.form, data)
        if missing and detail.form.kind is FormKind.VENDOR_SCHEMA:
            # The process may hold the value already; only then its variables are read.
            held = (await self._reads.detail(task, frozenset({DetailAspect.DATA}))).data
            known = held if isinstance(held, dict) else {}
            missing = [field for field in missing if known.get(field.key) in (None, "")]
        if missing:
            raise missing_error(missing[0])
        check_fields(detail.form, data)

    async def _validate_draft(self, task: Task, intent: SaveDraftIntent) -> None:
        """Types only: a draft may lack what is required."""
        detail = await self._reads.detail(task, frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES}))
        if detail.form is not None:
            check_fields(detail.form, intent.data)

    async def _send(self, write: Write, command: TaskCommand) -> WriteResult:
        try:
            outcome = await self._sending.once(write, lambda: write.connector.perform(command))
        except ConnectorError as error:
            return await (self._unclear if error.maybe_applied else self._refused)(write, command, error)
        self._overlay.put(command.task, outcome.task)
        return write.result(outcome.status, task=outcome.task, effect=outcome.effect)

    async def _refused(self, write: Write, command: TaskCommand, error: ConnectorError) -> WriteResult:
        """A clear no. The task as it is now says more than the vendor's text."""
        if isinstance(error, RejectedError):
            try:
                now = await self._reads.task(command.task.ref, fresh=True)
            except ConnectorError:
                now = None
            if now is not None and can_see(write.caller, write.connector, now):
                write.task = now
                if not now.is_open and not isinstance(error, ConflictError):
                    error = _closed(now, error).at(write.source.key, error.operation or "")
        return write.rejected(error)

    async def _unclear(self, write: Write, command: TaskCommand, error: ConnectorError) -> WriteResult:
        """The answer was lost: read once. What is not shown proves nothing, and is never sent again."""
        problem = Problem.from_error(error)
        try:
            now = await self._reads.task(command.task.ref, fresh=True)
        except ConnectorError:
            now = None
        if now is None:
            return write.unknown(problem)
        if shows(command, now):
            return write.result(MutationStatus.APPLIED, task=now)
        if now.pending_transition is not None:
            return write.result(MutationStatus.PENDING, task=now)
        if write.capability.guarded and shows_another(command, now):
            # The vendor's own guard can only have refused ours.
            conflict = (
                AlreadyAssignedError("somebody else was faster")
                if isinstance(command, Claim) and now.is_open
                else ConflictError(f"the task is {now.state}")
            )
            write.task = now
            return write.rejected(conflict)
        return write.unknown(problem, task=now)


def _check_fields_of_update(write: Write) -> None:
    """Before anything is read: fields that the source cannot change."""
    intent = write.request.intent
    if not isinstance(intent, UpdateIntent):
        return
    beyond = sorted(intent.fields - write.capability.fields)
    if beyond:
        raise UnsupportedActionError(f"{write.connector.title} cannot change {', '.join(beyond)} of a task")


def _closed(now: Task, error: ConnectorError) -> ConflictError:
    return ConflictError(f"the task is {now.state}", native_status=error.native_status, native_code=error.native_code)

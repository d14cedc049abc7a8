"""Writes that are sent at most once and never claim more than is known.

Admit (idempotency key) -> capability -> read and judge -> validate -> journal -> send once -> on a clear answer overlay
and forget, on an unclear one read once more: APPLIED, REJECTED or UNKNOWN.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import anyio
import msgspec
import structlog
from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import (
    Assign,
    Claim,
    Complete,
    MutationStatus,
    Outcome,
    Release,
    TaskCommand,
    Unassign,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    IdentityNotLinkedError,
    NotFoundError,
    RejectedError,
    ValidationFailedError,
    VersionConflictError,
)
from connectors.sdk.model import DetailAspect, FormKind, Task
from connectors.sdk.upstream import CallCount, calls
from gateway.federation.answers import SharedAnswers
from gateway.federation.evidence import intent_shows, shows, shows_another
from gateway.federation.form_data import check_fields, check_outcome, missing_error, missing_fields
from gateway.federation.journal import Journal, Record, Stage
from gateway.federation.overlay import Overlay
from gateway.federation.permission import Permission, check_assignment, command_type
from gateway.federation.reads import Reads
from gateway.federation.source import Source
from gateway.federation.visibility import can_see
from schema.port import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    IdempotencyKeyReusedError,
    Intent,
    PersonId,
    Problem,
    ReleaseIntent,
    UnassignIntent,
    WriteRequest,
    WriteResult,
)

log = structlog.get_logger("taskgate.write")

UNSETTLED = (
    "it is not known whether the vendor carried this out; look at the task again in a minute, "
    "or send the same idempotencyKey to have it looked up. It will not be sent a second time."
)


class Write:
    """One admitted write on its way: what it costs, whether it left, and what it may answer so far."""

    def __init__(self, caller: Caller, request: WriteRequest, source: Source, operation_id: str) -> None:
        self.caller = caller
        self.request = request
        self.source = source
        self.connector: Connector[Any] = source.connector
        self.operation_id = operation_id
        self.calls = CallCount()
        self.task: Task | None = None
        self.capability = Capability(support=Support.UNSUPPORTED, atomic=False)

    def result(self, status: MutationStatus, *, task: Task | None, **more: Any) -> WriteResult:
        return WriteResult(
            status=status,
            operation_id=self.operation_id,
            task=task,
            support=self.capability.support,
            atomic=self.capability.atomic,
            upstream_calls=self.calls.value,
            **more,
        )

    def rejected(self, error: ConnectorError) -> WriteResult:
        error.at(self.source.key, type(self.request.intent).__name__.removesuffix("Intent").lower())
        return self.result(MutationStatus.REJECTED, task=self.task, problems=(Problem.from_error(error),))


class Judged(Struct, frozen=True):
    """A command that may be sent, or the result that makes sending it needless."""

    command: TaskCommand | None
    settled: WriteResult | None = None


class Writes:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        reads: Reads,
        answers: SharedAnswers,
        overlay: Overlay,
        journal: Journal,
        person: Callable[[str], Caller | None],
    ) -> None:
        self._sources = sources
        self._reads = reads
        self._answers = answers
        self._overlay = overlay
        self._journal = journal
        self._person = person
        # Writes of this process to one task run one after the other: an emulated claim reads before it writes.
        self._locks: WeakValueDictionary[object, anyio.Lock] = WeakValueDictionary()

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        operation_id = str(uuid.uuid4())
        source = self._sources.get(request.task.source)
        if source is None:
            return _rejected(operation_id, NotFoundError("there is no such task, or you may not see it"))
        write = Write(caller, request, source, operation_id)
        calls.set(write.calls)
        try:
            earlier = await self._journal.admit(
                operation_id=operation_id,
                person=caller.key,
                client_key=request.idempotency_key,
                fingerprint=_fingerprint(request),
                source=source.key,
                task=request.task.native_id,
                action=type(request.intent).__name__,
            )
            if earlier is not None:
                return await self._repeated(write, earlier)
            lock = self._locks.setdefault(request.task, anyio.Lock())
            # Once admitted, a write runs to its end: whoever asked may hang up, the vendor's answer still counts.
            with anyio.CancelScope(shield=True):
                async with lock:
                    result = await self._admitted(write)
                if result.status is MutationStatus.REJECTED and _may_try_again(result):
                    await self._journal.withdraw(operation_id)
                else:
                    await self._journal.settle(operation_id, result)
        except ConnectorError as error:
            # The journal failed: before sending nothing happened; after it, the answer stands but is not replayable.
            return write.rejected(error)
        log.info(
            "write",
            source=source.key,
            action=type(request.intent).__name__.removesuffix("Intent").lower(),
            status=result.status,
            person=caller.key,
            operation=operation_id,
            codes=[problem.code for problem in result.problems],
        )
        return result

    async def _repeated(self, write: Write, earlier: Record) -> WriteResult:
        """The answer to a key that was sent before: never a second write."""
        write.operation_id = earlier.operation_id
        if earlier.fingerprint != _fingerprint(write.request):
            return write.rejected(
                IdempotencyKeyReusedError("this idempotencyKey was sent before with other arguments; use a new one")
            )
        if earlier.result is not None and earlier.result.status is not MutationStatus.UNKNOWN:
            return structs.replace(earlier.result, replayed=True, upstream_calls=0)
        if earlier.result is None and earlier.stage is Stage.ADMITTED:
            return write.result(MutationStatus.PENDING, task=None, replayed=True)
        return await self._looked_up(write)

    async def _looked_up(self, write: Write) -> WriteResult:
        """An earlier UNKNOWN, or a write under way: what the vendor shows now."""
        try:
            task = await self._reads.task(write.request.task, fresh=True)
        except ConnectorError:
            task = None
        if task is None or not can_see(write.caller, write.connector, task):
            return write.result(MutationStatus.UNKNOWN, task=None, replayed=True, problems=(_unsettled(),))
        intent = write.request.intent
        if intent_shows(intent, write.caller.identity(write.source.key), self._native_target(write, intent), task):
            result = write.result(MutationStatus.APPLIED, task=task, replayed=True)
            await self._journal.settle(write.operation_id, result)
            return result
        return write.result(MutationStatus.UNKNOWN, task=task, replayed=True, problems=(_unsettled(),))

    async def _admitted(self, write: Write) -> WriteResult:
        try:
            check_assignment(write.request.intent)
            wanted = command_type(write.connector, write.request.intent)
            write.capability = write.connector.capabilities[wanted]
            fresh = write.capability.support is Support.EMULATED
            await self._read(write, fresh=fresh)
            try:
                judged = await self._judge(write, wanted)
            except (ConflictError, ForbiddenError):
                if fresh:
                    raise
                # Nobody is refused for a state that may be out of date.
                await self._read(write, fresh=True)
                judged = await self._judge(write, wanted)
        except ConnectorError as error:
            return write.rejected(error)
        if judged.settled is not None:
            return judged.settled
        if judged.command is None:
            raise AssertionError("a judged write is either settled or a command")
        return await self._send(write, judged.command)

    async def _read(self, write: Write, *, fresh: bool) -> None:
        task = await self._reads.task(write.request.task, fresh=fresh)
        if task is None or not can_see(write.caller, write.connector, task):
            write.task = None
            raise NotFoundError("there is no such task, or you may not see it")
        write.task = task

    async def _judge(self, write: Write, wanted: type[TaskCommand]) -> Judged:
        task, intent, request = write.task, write.request.intent, write.request
        if task is None:
            raise NotFoundError("there is no such task, or you may not see it")
        if request.expected_version is not None and request.expected_version != task.version:
            raise VersionConflictError("the task changed since you read it; read it again")
        permission = Permission(write.caller, write.connector)
        if isinstance(intent, ClaimIntent) and task.is_open and permission.is_mine(task):
            return Judged(None, write.result(MutationStatus.APPLIED, task=task))
        permission.check(task, intent)
        actor = write.caller.identity(write.source.key)
        match intent:
            case ClaimIntent():
                return Judged(Claim(task=task, actor=permission.identity()))
            case ReleaseIntent():
                return Judged(Release(task=task, actor=actor, reason=intent.reason))
            case UnassignIntent():
                return Judged(Unassign(task=task, actor=actor, reason=intent.reason))
            case AssignIntent():
                user, group = self._native_target(write, intent)
                return Judged(
                    Assign(
                        task=task,
                        actor=actor,
                        user_id=user,
                        group_id=group,
                        # The owner forwards what is theirs: that is no override of somebody else.
                        override=intent.override or permission.is_mine(task),
                        keep_group=intent.keep_group,
                        reason=intent.reason,
                    )
                )
            case CompleteIntent():
                await self._validate(task, intent)
                if not task.assignees and intent.claim_if_needed:
                    claimed = await self._claim_first(write, task, permission)
                    if isinstance(claimed, WriteResult):
                        return Judged(None, claimed)
                    task = claimed
                return Judged(
                    Complete(task=task, actor=actor, outcome=intent.outcome, data=intent.data, comment=intent.comment)
                )
            case CancelIntent():
                return Judged(wanted(task=task, actor=actor, reason=intent.reason))
            case other:
                raise TypeError(f"no command for {type(other).__name__}")

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

    def _native_target(self, write: Write, intent: Intent) -> tuple[str | None, str | None]:
        """The native user and group of an assignment; IdentityNotLinkedError for people unknown to the source."""
        if not isinstance(intent, AssignIntent):
            return None, None
        if intent.group is not None:
            if intent.group.source != write.source.key:
                raise ValidationFailedError("the group belongs to another system than the task", field=("groupId",))
            return None, intent.group.native_id
        return self._native_user(write.source.key, intent.user), None

    def _native_user(self, source: str, user: PersonId | None) -> str:
        if user is not None and user.ref is not None:
            if user.ref.source != source:
                raise ValidationFailedError("the user belongs to another system than the task", field=("userId",))
            return user.ref.native_id
        person = None if user is None or user.key is None else self._person(user.key)
        identity = None if person is None else person.identity(source)
        if identity is None:
            raise IdentityNotLinkedError("that person is not linked to a user of the task's system")
        return identity.native_id

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

    async def _send(self, write: Write, command: TaskCommand) -> WriteResult:
        """The one place that writes upstream."""
        await self._journal.sent(write.operation_id)
        self._answers.forget(write.source.key)
        try:
            outcome = await write.connector.perform(command)
        except ConnectorError as error:
            error.at(write.source.key, command.action.lower())
            self._answers.forget(write.source.key)
            if error.maybe_applied:
                write.source.note_failure(error)
                return await self._unclear(write, command, error)
            if not isinstance(error, RejectedError):
                write.source.note_failure(error)
            return await self._refused(write, error)
        self._answers.forget(write.source.key)
        return self._applied(write, command, outcome)

    def _applied(self, write: Write, command: TaskCommand, outcome: Outcome) -> WriteResult:
        self._overlay.put(command.task, outcome.task)
        return write.result(outcome.status, task=outcome.task, effect=outcome.effect)

    async def _refused(self, write: Write, error: ConnectorError) -> WriteResult:
        """A clear no. The task as it is now says more than the vendor's text."""
        if isinstance(error, RejectedError):
            try:
                now = await self._reads.task(write.request.task, fresh=True)
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
            now = await self._reads.task(write.request.task, fresh=True)
        except ConnectorError:
            now = None
        if now is None:
            return write.result(MutationStatus.UNKNOWN, task=write.task, problems=(problem, _unsettled()))
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
        return write.result(MutationStatus.UNKNOWN, task=now, problems=(problem, _unsettled()))


def _closed(now: Task, error: ConnectorError) -> ConflictError:
    return ConflictError(f"the task is {now.state}", native_status=error.native_status, native_code=error.native_code)


def _unsettled() -> Problem:
    return Problem(code="UPSTREAM_ERROR", message=UNSETTLED)


def _rejected(operation_id: str, error: ConnectorError) -> WriteResult:
    return WriteResult(status=MutationStatus.REJECTED, operation_id=operation_id, problems=(Problem.from_error(error),))


def _may_try_again(result: WriteResult) -> bool:
    """A refusal that says nothing about the request itself: the same key may be sent again later."""
    return any(problem.code in {"RATE_LIMITED", "UPSTREAM_UNAVAILABLE"} for problem in result.problems)


def _fingerprint(request: WriteRequest) -> str:
    seen = (request.task.source, request.task.native_id, request.intent, request.expected_version)
    return hashlib.blake2b(msgspec.json.encode(seen, order="deterministic"), digest_size=16).hexdigest()

"""A write to an existing task: read, authorize, validate, send once, and say what is known.

After a clear answer the expected record goes into the overlay. After a lost one the task is looked at (`lost_answer`).
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import TypedDict

from msgspec import structs

from connectors.sdk.capability import Support
from connectors.sdk.commands import Assign, CancelFlowOfTask, Claim, MutationStatus, Outcome, TaskCommand, Update
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    InputError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
    VersionConflictError,
)
from connectors.sdk.model import UNREADABLE, FlowRef, Task, TaskRef, TaskState
from gateway.federation.authorization import KnownAccounts, OwnWork, Policy, RecentlyShown, can_see, visible_record
from gateway.federation.objects import TaskReader
from gateway.federation.overlay import Overlay
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.form_validation import FormValidation
from gateway.federation.writes.looks import Looks
from gateway.federation.writes.lost_answer import LostAnswers
from gateway.federation.writes.proof import Verdict
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.steps import StepWriter
from gateway.federation.writes.target_lease import TargetLeases
from gateway.federation.writes.verbs import Verb
from schema.ports import (
    AssignIntent,
    ClaimIntent,
    CompleteIntent,
    Intent,
    Problem,
    SaveDraftIntent,
    UpdateIntent,
    WriteResult,
)

_INVISIBLE = "there is no such task, or you may not see it"


class TaskWriter:
    """Carries out verbs of a task."""

    def __init__(
        self,
        *,
        reads: TaskReader,
        overlay: Overlay,
        sender: AtMostOnceSender,
        steps: StepWriter,
        lost: LostAnswers,
        commands: CommandBuilder,
        own: OwnWork,
        shown: RecentlyShown,
        known: KnownAccounts,
        looks: Looks,
        leases: TargetLeases,
    ) -> None:
        self._reads = reads
        self._forms = FormValidation(reads)
        self._overlay = overlay
        self._sender = sender
        self._steps = steps
        self._lost = lost
        self._commands = commands
        self._own = own
        self._shown = shown
        self._known = known
        self._looks = looks
        self._leases = leases

    async def carry_out(self, attempt: Attempt, ref: TaskRef) -> WriteResult:
        """Raises GatewayUnavailableError if the journal cannot be written; every other failure is in the result."""
        decided = await self._decided(attempt, ref)
        if isinstance(decided, CancelFlowOfTask) and decided.task.flow_id is not None:
            async with self._leases.hold(FlowRef(ref.source, decided.task.flow_id)):
                # Another write may have ended the flow meanwhile: of another of its tasks, or of the flow itself.
                with self._looks.since(self._looks.now()):
                    decided = await self._decided(attempt, ref)
                return await self._carried_out(attempt, decided)
        return await self._carried_out(attempt, decided)

    async def _carried_out(self, attempt: Attempt, decided: TaskCommand | WriteResult) -> WriteResult:
        if isinstance(decided, WriteResult):
            return decided
        try:
            claim = self._claim_before(attempt, decided)
        except ConnectorError as error:
            return attempt.rejected(error)
        return await self._steps.carry_out(attempt, decided, self._send, claim=claim)

    async def plan(self, attempt: Attempt, ref: TaskRef) -> Sequence[TaskCommand] | WriteResult:
        """The commands that `carry_out` would send, or the result if there is nothing to send. Nothing is written."""
        decided = await self._decided(attempt, ref)
        if isinstance(decided, WriteResult):
            return decided
        try:
            return await self._steps.plan(attempt, decided)
        except ConnectorError as error:
            return attempt.rejected(error)

    async def _decided(self, attempt: Attempt, ref: TaskRef) -> TaskCommand | WriteResult:
        try:
            _check_assignment(attempt.request.intent)
            verb = attempt.choose_verb()
            _check_update_fields(attempt)
            self._check_arguments(attempt, verb, ref)
            return await self._prepare(attempt, verb, ref)
        except (ConnectorError, InputError) as error:
            return attempt.rejected(error)

    def _check_arguments(self, attempt: Attempt, verb: Verb, ref: TaskRef) -> None:
        """What is wrong whatever the task is. Before anything is read: a read may be one of few."""
        command = self._commands.on_task(attempt, verb, _unreadable(ref, attempt.connector.clock()))
        attempt.source.ask(attempt.request.intent.verb, lambda: attempt.connector.check_arguments(command))

    async def _prepare(self, attempt: Attempt, verb: Verb, ref: TaskRef) -> TaskCommand | WriteResult:
        """The command to send, or the result if there is nothing to send. Raises what refuses the write.

        A cached record never refuses a write: before that, the task is read without the cache. An emulated verb is sent
        only on a record that was read while its target was held.
        """
        held_at, calls = self._looks.now(), attempt.cost.requests
        is_emulated = attempt.capability.support is Support.EMULATED
        with self._looks.shared(ref) if is_emulated else nullcontext():
            await self._read(attempt, verb, ref, fresh=is_emulated)
        is_own_look = attempt.cost.requests > calls
        try:
            judged = await self._judge(attempt, verb)
        except (ConflictError, ForbiddenError):
            if is_emulated:
                raise
            with self._looks.shared(ref):
                await self._read(attempt, verb, ref, fresh=True)
            return await self._judge(attempt, verb)
        if not is_emulated or is_own_look or isinstance(judged, WriteResult):
            return judged
        # Another write's look has allowed it. This one needs its own.
        seen = attempt.task
        with self._looks.since(held_at):
            await self._read(attempt, verb, ref, fresh=True)
        return judged if attempt.task == seen else await self._judge(attempt, verb)

    async def _read(self, attempt: Attempt, verb: Verb, ref: TaskRef, *, fresh: bool) -> None:
        """Sets `attempt.task`. Raises NotFoundError for a task that the caller may not see.

        A caller who was shown the task a moment ago is told why the write is refused instead.
        """
        try:
            task = await self._reads.task(ref, fresh=fresh)
            if not fresh and self._visible(attempt, ref, task) is None and self._could_see(attempt, ref):
                task = await self._reads.task(ref, fresh=True)
        except (AlreadyAssignedError, ForbiddenError) as error:
            # Vendors that see the person say so of tasks, too, that this person never saw.
            is_hidden = attempt.source.hides(error) and not attempt.caller.is_task_admin
            if not is_hidden or self._could_see(attempt, ref):
                raise
            task = None
        except MalformedResponseError:
            if not (attempt.capability.by_id and attempt.caller.is_task_admin):
                raise
            # A task admin may repair or end a task whose record cannot be decoded.
            task = _unreadable(ref, attempt.connector.clock())
        attempt.task = self._visible(attempt, ref, task)
        if attempt.task is not None:
            attempt.was_seen = True
            self._known.note_task(attempt.task)
            return
        if task is None or not self._could_see(attempt, ref):
            raise NotFoundError(_INVISIBLE)
        attempt.task = self._shown_once(attempt, task)
        raise self._policy(attempt).refusal_unseen(task, verb.command.action)

    def _could_see(self, attempt: Attempt, ref: TaskRef) -> bool:
        """Whether the task was shown to the caller a moment ago, or would have been before a write hid it."""
        if self._shown.knows(attempt.caller, ref):
            return True
        before = self._shown.before(ref)
        if before is None or not can_see(attempt.caller, attempt.connector, before):
            return False
        self._shown.note(attempt.caller, [ref])
        return True

    def _policy(self, attempt: Attempt) -> Policy:
        return Policy(attempt.caller, attempt.connector, self._known)

    def _visible(self, attempt: Attempt, ref: TaskRef, task: Task | None) -> Task | None:
        """What the caller sees of the task; `task` is the vendor's record."""
        return visible_record(attempt.caller, attempt.connector, self._own, ref, task)

    def _shown_once(self, attempt: Attempt, task: Task) -> Task | None:
        """The little that a caller may be told, once, of a task that they saw a moment ago and see no longer."""
        if not self._shown.may_tell(attempt.caller, task.ref):
            return None
        attempt.is_shown_once = True
        return Task(
            source=task.source,
            native_id=task.native_id,
            title=task.title,
            state=task.state,
            rule=task.rule,
            fetched_at=task.fetched_at,
            assignees=task.assignees,
        )

    async def _judge(self, attempt: Attempt, verb: Verb) -> TaskCommand | WriteResult:
        """Authorization and validation against the task as last read."""
        task, intent, expected = _read_task(attempt), attempt.request.intent, attempt.request.expected_version
        if expected is not None and expected != task.version:
            raise VersionConflictError("the task has changed since you read it; read it again")
        policy = self._policy(attempt)
        if isinstance(intent, ClaimIntent) and task.is_open and policy.is_mine(task):
            return attempt.result(MutationStatus.APPLIED)
        command = self._commands.on_task(attempt, verb, task)
        actions = command.actions if isinstance(command, Update) else {command.action}
        for action in sorted(actions):
            policy.check(task, intent, action)
        if isinstance(intent, SaveDraftIntent):
            given, draft = await self._forms.draft(attempt.connector, task, intent)
            command = structs.replace(command, data=dict(draft), given=given)
        if isinstance(intent, CompleteIntent):
            given, data, attempt.held = await self._forms.completion(attempt.connector, task, intent)
            command = structs.replace(command, data=None if data is None else dict(data), given=given)
        return command

    def _claim_before(self, attempt: Attempt, command: TaskCommand) -> Claim | None:
        """For completeTask(claimIfNeeded: true) of a task that has no owner."""
        intent = attempt.request.intent
        if not isinstance(intent, CompleteIntent) or not intent.claim_if_needed or command.task.assignees:
            return None
        if Claim not in attempt.connector.info.capabilities:
            return None
        return Claim(task=command.task, actor=self._policy(attempt).identity())

    async def _send(self, attempt: Attempt, command: TaskCommand) -> WriteResult:
        try:
            outcome = await self._sender.send(attempt, command, attempt.connector.perform)
        except ConnectorError as error:
            if error.maybe_applied:
                return await self._verify(attempt, command, error)
            return await self._refused(attempt, command, error)
        return await self._applied(attempt, command, outcome)

    async def _applied(self, attempt: Attempt, command: TaskCommand, outcome: Outcome) -> WriteResult:
        """The vendor's clear answer."""
        if command.task.rule == UNREADABLE:
            # What the outcome shows was made from a record that could not be decoded.
            return attempt.result(outcome.status, task=await self._read_again(command.task.ref), effect=outcome.effect)
        task = self._known.completed(outcome.task)
        self._shown.note_written(command.task, task)
        self._overlay.put(command.task, task)
        return attempt.result(outcome.status, task=task, effect=outcome.effect)

    async def _refused(self, attempt: Attempt, command: TaskCommand, error: ConnectorError) -> WriteResult:
        """The source has refused. If the task is closed or taken by now, that says more than the vendor's text."""
        if isinstance(error, RejectedError):
            now = await self._read_again(command.task.ref)
            attempt.task = None if now is None else self._visible_or_once(attempt, now)
            if now is not None:
                error = self._plainer(attempt, command, now, error)
        return attempt.rejected(error)

    def _visible_or_once(self, attempt: Attempt, now: Task) -> Task | None:
        return self._visible(attempt, now.ref, now) or self._shown_once(attempt, now)

    def _plainer(self, attempt: Attempt, command: TaskCommand, now: Task, error: RejectedError) -> RejectedError:
        """The refusal as the record read after it tells it; the vendor's own where that says as much."""
        policy = self._policy(attempt)
        if isinstance(error, NotFoundError) and isinstance(command, Assign) and now.is_open:
            what, field = ("group", "groupId") if command.user_id is None else ("user", "userId")
            found = ValidationFailedError(f"the source knows no such {what}", field=(field,), **_native(error))
            return found.at(attempt.source.key, error.operation or "")
        if not now.is_open and not isinstance(error, ConflictError):
            plainer: RejectedError = ConflictError(f"the task is {now.state}", **_native(error))
        elif isinstance(command, Claim) and now.is_open and now.assignees and not policy.is_mine(now):
            plainer = AlreadyAssignedError(f"the task is assigned to {policy.owner_name(now)}", **_native(error))
        else:
            return error
        return plainer.in_own_words().at(attempt.source.key, error.operation or "")

    async def _verify(self, attempt: Attempt, command: TaskCommand, error: ConnectorError) -> WriteResult:
        """The answer was lost: what can be found out while the request is open."""
        found = await self._lost.find(attempt, command, attempt.connector.perform)
        if isinstance(found.outcome, Outcome):
            return await self._applied(attempt, command, found.outcome)
        now = found.look.seen.task
        if now is None:
            return attempt.unknown(Problem.from_error(error))
        if found.look.verdict is Verdict.APPLIED:
            return attempt.result(MutationStatus.APPLIED, task=now)
        seen = self._visible_or_once(attempt, now)
        if found.look.verdict is Verdict.OPEN:
            # Also where another person owns the task: they may have taken it from ours.
            return attempt.unknown(Problem.from_error(error), task=seen)
        attempt.task = seen
        return attempt.rejected(ConflictError(f"the task is {now.state}").in_own_words())

    async def _read_again(self, ref: TaskRef) -> Task | None:
        """The task without the cache; None if there is none or it cannot be read."""
        try:
            return await self._reads.task(ref, fresh=True)
        except ConnectorError:
            return None


def _read_task(attempt: Attempt) -> Task:
    if attempt.task is None:
        raise NotFoundError(_INVISIBLE)
    return attempt.task


def _check_assignment(intent: Intent) -> None:
    if isinstance(intent, AssignIntent) and (intent.user is None) == (intent.group is None):
        raise InputError("give exactly one of userId and groupId", field=("userId",))


def _check_update_fields(attempt: Attempt) -> None:
    """Before anything is read: fields that the source cannot change."""
    intent = attempt.request.intent
    if not isinstance(intent, UpdateIntent):
        return
    unsupported = sorted(intent.fields - attempt.capability.fields)
    if unsupported:
        raise UnsupportedActionError(f"{attempt.connector.info.title} cannot change {', '.join(unsupported)} of a task")


class _Native(TypedDict):
    native_status: int | None
    native_code: str | None


def _native(error: ConnectorError) -> _Native:
    return {"native_status": error.native_status, "native_code": error.native_code}


def _unreadable(ref: TaskRef, now: datetime) -> Task:
    """A task with a known id; its other members could not be read."""
    return Task(
        source=ref.source,
        native_id=ref.native_id,
        title=ref.native_id,
        state=TaskState.UNKNOWN,
        rule=UNREADABLE,
        fetched_at=now,
    )

"""A write of several steps: each is sent, recorded and judged by itself. If a later one fails, it is never finished later.

The step before it is taken back instead, except for a claim that the caller asked for. The result is REJECTED if what was
asked for certainly did not come about, UNKNOWN if that is not known; `effect` says what was done.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from msgspec import structs

from connectors.sdk.capability import Support
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import Assign, Claim, IfLate, MutationStatus, TaskCommand
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConflictError, ConnectorError, GatewayError, UnavailableError
from connectors.sdk.model import Task
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.progress import Progress
from gateway.federation.writes.undoing import Undoer, Undone
from gateway.store import Journal, KeptCommand, Undo
from schema.ports import Problem, WriteResult

Send = Callable[[Attempt, TaskCommand], Awaitable[WriteResult]]
"""Sends one step, and says what is known of it."""


class StepWriter:
    def __init__(self, *, journal: Journal, undoer: Undoer, now: Clock = utc_now) -> None:
        self._journal = journal
        self._undoer = undoer
        self._now = now

    async def carry_out(
        self, attempt: Attempt, command: TaskCommand, send: Send, *, claim: Claim | None = None
    ) -> WriteResult:
        """`claim` is sent first; nothing takes it back.

        Raises GatewayUnavailableError if the journal cannot be written before anything was sent.
        """
        if claim is not None:
            claimed = await self._claimed(attempt, claim, command, send)
            if isinstance(claimed, WriteResult):
                return claimed
            command = structs.replace(command, task=claimed)
        try:
            steps = await _steps_of(attempt, command)
            is_repeated = len(steps) > 1 and await self._is_repeated(attempt, command)
        except ConnectorError as error:
            return attempt.rejected(error)
        if len(steps) == 1 and claim is None:
            return await send(attempt, steps[0])
        attempt.capability = structs.replace(attempt.capability, support=Support.EMULATED, atomic=False)
        if len(steps) == 1:
            return await self._sent(attempt, steps[0], send)
        first, second = steps
        return await self._in_two(attempt, first, second, send, is_repeated=is_repeated)

    async def plan(self, attempt: Attempt, command: TaskCommand) -> Sequence[TaskCommand]:
        """The commands that carry it out, each by one write; nothing is written. Raises ConnectorError."""
        return await _steps_of(attempt, command)

    async def _claimed(self, attempt: Attempt, claim: Claim, command: TaskCommand, send: Send) -> Task | WriteResult:
        """The claimed task, or the result of the whole write if the claim failed."""
        result = await self._sent(attempt, claim, send)
        if result.status is MutationStatus.REJECTED:
            return result
        attempt.progress = Progress(type(command).__name__)
        if result.status is MutationStatus.APPLIED and result.task is not None:
            attempt.progress.add(type(claim).__name__)
            attempt.task = result.task
            return result.task
        attempt.progress.add_unclear(type(claim).__name__)
        return _stopped(attempt, result)

    async def _is_repeated(self, attempt: Attempt, command: TaskCommand) -> bool:
        """Whether an unclear second step of an equal write may still arrive. UnavailableError for that of another write.

        It would find what it needs, once the first step is sent again. That of an equal write does what is asked for.
        """
        ends = await self._undoer.unclear_ends(command.task.ref)
        until = max((at for of, at in ends.items() if of != attempt.fingerprint), default=None)
        if until is not None:
            raise UnavailableError(
                f"may still apply an earlier write to this task; send it again after {until:%H:%M:%S} UTC"
            ).at(attempt.source.key, attempt.request.intent.verb)
        return bool(ends)

    async def _in_two(
        self, attempt: Attempt, first: TaskCommand, second: TaskCommand, send: Send, *, is_repeated: bool
    ) -> WriteResult:
        undo = await self._noted(attempt, first, second)
        progress = attempt.progress = attempt.progress or Progress(type(second).__name__)
        before, name = attempt.task, type(first).__name__
        # If it is undone at once, its owner has the task back before a late request could be seen.
        attempt.looks_once = undo is not None and undo.late is not IfLate.HARMFUL
        begun = await self._sent(attempt, first, send)
        if begun.status is MutationStatus.REJECTED:
            await self._undoer.drop(attempt.operation_id)
            return begun
        if begun.status is not MutationStatus.APPLIED:
            progress.add_unclear(name)
            attempt.unclear_steps.add(name)
            return await self._undone(attempt, progress, undo, begun)
        progress.add(name)
        attempt.task = before
        sent_at = self._now()
        try:
            ended = await self._sent(attempt, structs.replace(second, task=begun.task or first.task), send)
        except GatewayError as error:
            # The journal could not note that the second step is sent, so it was not sent.
            ended = attempt.rejected(error)
        if ended.status in {MutationStatus.APPLIED, MutationStatus.PENDING}:
            await self._undoer.drop(attempt.operation_id)
            return ended
        if ended.status is MutationStatus.UNKNOWN and undo is not None:
            undo = structs.replace(undo, end_sent_at=sent_at)
            await self._undoer.renote(undo)
        told = await self._undone(attempt, progress, undo, ended)
        if is_repeated and told.status is MutationStatus.REJECTED and await self._undoer.is_closed(first.task.ref):
            # Refused, perhaps because the second step of the equal write has arrived by now.
            await self._settle_step(attempt, MutationStatus.UNKNOWN)
            return _told(attempt, attempt.unknown(*told.problems[:1], task=told.task), is_open=True)
        return told

    async def _noted(self, attempt: Attempt, first: TaskCommand, second: TaskCommand) -> Undo | None:
        connector, verb = attempt.connector, attempt.request.intent.verb
        undo = attempt.source.ask(verb, lambda: connector.undo_of(first, first.task))
        if undo is None:
            return None
        noted = Undo(
            operation_id=attempt.operation_id,
            person=attempt.caller.key,
            fingerprint=attempt.fingerprint,
            target=first.task.ref,
            step=KeptCommand.of(first),
            undo=KeptCommand.of(undo),
            owners=_owners_left(first),
            end=type(second).__name__,
            late=attempt.source.ask(verb, lambda: connector.if_late(second, undo)),
            noted_at=self._now(),
        )
        await self._undoer.note(noted)
        return noted

    async def _undone(
        self, attempt: Attempt, progress: Progress, undo: Undo | None, failed: WriteResult
    ) -> WriteResult:
        """The result of a write whose first step may be applied, and whose second failed, is unclear, or was not sent."""
        is_open = undo is not None and undo.end_sent_at is not None
        if undo is None:
            return _told(attempt, failed, is_open=failed.status is MutationStatus.UNKNOWN)
        if is_open and undo.late is IfLate.HARMFUL:
            progress.note_open(undo.step.name)
            return _told(attempt, failed, is_open=True)
        undone, task = await self._undoer.take_back(undo, attempt.caller)
        if undone is Undone.DONE:
            progress.take_back(undo.step.name)
            if is_open:
                await self._undoer.renote(structs.replace(undo, is_done=True))
                is_open = undo.late is not IfLate.REFUSED or not await self._undoer.is_back(undo)
            else:
                await self._undoer.drop(undo.operation_id)
            return _told(attempt, structs.replace(failed, task=task), is_open=is_open)
        if undone is Undone.FAILED:
            progress.note_open(undo.step.name)
        elif undone is Undone.CLOSED:
            await self._undoer.drop(undo.operation_id)
        return _told(attempt, failed, is_open=is_open)

    async def _sent(self, attempt: Attempt, step: TaskCommand, send: Send) -> WriteResult:
        """What is known of one step. It is judged by the capability of its own command."""
        whole = attempt.capability
        attempt.capability = attempt.connector.info.capabilities[type(step)]
        try:
            result = await send(attempt, step)
        finally:
            attempt.capability = whole
        await self._settle_step(attempt, result.status)
        return structs.replace(result, support=whole.support, atomic=whole.atomic)

    async def _settle_step(self, attempt: Attempt, status: MutationStatus) -> None:
        """If this fails, `settle` records the step with the status of the whole."""
        with contextlib.suppress(GatewayError):
            await self._journal.settle_step(attempt.operation_id, attempt.step, status)


async def _steps_of(attempt: Attempt, command: TaskCommand) -> Sequence[TaskCommand]:
    """Raises ConnectorError; nothing is sent then."""
    connector = attempt.connector
    if type(connector).steps is Connector.steps:
        return (command,)
    try:
        return await attempt.source.write(attempt.request.intent.verb, lambda: connector.steps(command))
    except ConnectorError as error:
        error.maybe_applied = False
        raise


def _owners_left(step: TaskCommand) -> tuple[str, ...]:
    if isinstance(step, Assign) and step.user_id is not None:
        return (step.user_id,)
    return tuple(owner.native_id for owner in step.task.assignees)


def _stopped(attempt: Attempt, unclear: WriteResult) -> WriteResult:
    """An earlier step is unclear, so the last one was not sent: what was asked for certainly did not come about."""
    return _told(attempt, unclear, is_open=False)


def _told(attempt: Attempt, result: WriteResult, *, is_open: bool) -> WriteResult:
    """`is_open`: the last step may be applied. Otherwise the first problem says why it is not."""
    progress = attempt.progress
    if is_open:
        return structs.replace(result, effect=None if progress is None else progress.perhaps_ended)
    problems = result.problems
    if result.status is not MutationStatus.REJECTED:
        problems = problems[:1] or (Problem.from_error(_under_way(attempt)),)
        if problems[0].code == UnavailableError.code:
            # The reason passes, so the idempotency key can be used again.
            attempt.refusal = UnavailableError(problems[0].message)
    return structs.replace(
        result,
        status=MutationStatus.REJECTED,
        problems=problems,
        effect=None if progress is None else progress.not_ended,
    )


def _under_way(attempt: Attempt) -> ConflictError:
    """The source has taken an earlier step and has not finished it."""
    error = ConflictError(
        "an earlier step is still under way, so the last one was not sent; send the write again later"
    )
    error.at(attempt.source.key, attempt.request.intent.verb)
    return error

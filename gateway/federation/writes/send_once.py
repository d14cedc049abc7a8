"""The only place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import Command, FlowOutcome, MutationStatus, Outcome, TaskCommand
from connectors.sdk.errors import ConnectorError, MalformedResponseError, UnavailableError
from gateway.federation.cache import Cache, PendingWrite
from gateway.federation.sources import Source
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.evidence import evidence_of
from gateway.federation.writes.verbs import target_tag, touched
from gateway.store import Journal

C = TypeVar("C", bound=Command)
T = TypeVar("T", bound=Outcome | FlowOutcome)

# Seconds after a lost answer in which lists are not kept either.
UNSETTLED_SECONDS = 10.0


class AtMostOnceSender:
    """Writes the journal entry, sends exactly once, and invalidates the cached answers that the write touches."""

    def __init__(self, *, journal: Journal, answers: Cache, now: Clock = utc_now) -> None:
        self._journal = journal
        self._answers = answers
        self._now = now

    async def send(self, attempt: Attempt, command: C, perform: Callable[[C], Awaitable[T]]) -> T:
        """The source's answer to `perform(command)`; of a command that travels with others, its own line of the answer.

        Raises GatewayUnavailableError if the journal cannot be written: then nothing was sent. Raises the source's
        ConnectorError, with `maybe_applied` if the answer was lost, or did not say whether it did what was asked for.
        """
        evidence = evidence_of(command, at=self._now(), held=attempt.held)
        attempt.step = await self._journal.mark_sent(attempt.operation_id, evidence)
        attempt.evidence, attempt.was_sent = evidence, True
        source = attempt.source
        array = attempt.array if attempt.array is not None and attempt.array.takes(command) else None
        async with self._answers.writing(touched(source.key, command)) as pending:
            try:
                if array is not None:
                    return cast(T, await array.perform(cast(TaskCommand, command)))
                return _clear(await source.write(attempt.request.intent.verb, lambda: perform(command)))
            except ConnectorError as error:
                error.at(source.key, attempt.request.intent.verb)
                if error.maybe_applied:
                    self._leave_open(source, command, pending)
                elif isinstance(error, UnavailableError):
                    pending.not_sent()
                raise
            except BaseException:
                if array is not None and not array.has_sent(cast(TaskCommand, command).task.ref):
                    attempt.was_sent = False
                    pending.not_sent()
                    raise
                # Cut off, by the deadline for example: the request may be on its way still.
                self._leave_open(source, command, pending)
                raise

    def _leave_open(self, source: Source, command: Command, pending: PendingWrite) -> None:
        """The target is read afresh for as long as the write may still be applied. Lists would cost too many reads."""
        pending.unsettled_for(UNSETTLED_SECONDS)
        tag = target_tag(command)
        if tag is not None:
            settings = source.connector.settings
            self._answers.invalidate([tag], unsettled=settings.late_max + settings.read_lag)


def _clear(outcome: T) -> T:
    if outcome.status is MutationStatus.UNKNOWN:
        raise MalformedResponseError("shows no effect of what it accepted", maybe_applied=True)
    return outcome

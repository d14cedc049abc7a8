"""The only place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import Command
from connectors.sdk.errors import ConnectorError, UnavailableError
from gateway.federation.cache import Cache
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.evidence import evidence_of
from gateway.federation.writes.verbs import touched
from gateway.store import Journal

C = TypeVar("C", bound=Command)
T = TypeVar("T")

# Seconds after a lost answer in which the write may still be applied, or its effect may still become readable.
UNSETTLED_SECONDS = 10.0


class AtMostOnceSender:
    """Writes the journal entry, sends exactly once, and invalidates the cached answers that the write touches."""

    def __init__(self, *, journal: Journal, answers: Cache, now: Clock = utc_now) -> None:
        self._journal = journal
        self._answers = answers
        self._now = now

    async def send(self, attempt: Attempt, command: C, perform: Callable[[C], Awaitable[T]]) -> T:
        """The source's answer to `perform(command)`.

        Raises GatewayUnavailableError if the journal cannot be written: then nothing was sent. Raises the source's
        ConnectorError, with `maybe_applied` if the answer was lost.
        """
        await self._journal.mark_sent(attempt.operation_id, evidence_of(command, at=self._now()))
        attempt.was_sent = True
        source = attempt.source
        async with self._answers.writing(touched(source.key, command)) as pending:
            try:
                return await source.write(attempt.request.intent.verb, lambda: perform(command))
            except ConnectorError as error:
                if error.maybe_applied:
                    pending.unsettled_for(UNSETTLED_SECONDS)
                elif isinstance(error, UnavailableError):
                    pending.not_sent()
                raise
            except BaseException:
                # Cut off, by the deadline for example: the request may be on its way still.
                pending.unsettled_for(UNSETTLED_SECONDS)
                raise

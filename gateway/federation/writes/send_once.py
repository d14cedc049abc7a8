"""The only place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.sdk.commands import Command
from connectors.sdk.errors import ConnectorError, RejectedError, UnavailableError
from gateway.federation.cache import Cache
from gateway.federation.sources import acting_on
from gateway.federation.traffic import called
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.verbs import touched
from gateway.store import Journal

C = TypeVar("C", bound=Command)
T = TypeVar("T")

# Seconds after a lost answer in which the write may still be applied, or its effect may still become readable.
UNSETTLED_SECONDS = 10.0


class AtMostOnceSender:
    """Writes the journal entry, sends exactly once, and invalidates the cached answers that the write touches."""

    def __init__(self, *, journal: Journal, answers: Cache) -> None:
        self._journal = journal
        self._answers = answers

    async def send(self, attempt: Attempt, command: C, perform: Callable[[C], Awaitable[T]]) -> T:
        """The source's answer to `perform(command)`.

        Raises GatewayUnavailableError if the journal cannot be written: then nothing was sent. Raises the source's
        ConnectorError, with `maybe_applied` if the answer was lost.
        """
        await self._journal.mark_sent(attempt.operation_id)
        source, name = attempt.source, attempt.request.intent.verb
        with self._answers.writing(touched(source.key, command)) as pending:
            try:
                with acting_on(attempt.connector.settings), called(name):
                    return await perform(command)
            except ConnectorError as error:
                error.at(source.key, name)
                if error.maybe_applied:
                    pending.settles_within(UNSETTLED_SECONDS)
                elif isinstance(error, UnavailableError):
                    pending.spare()
                if error.maybe_applied or not isinstance(error, RejectedError):
                    source.note_failure(error)
                raise

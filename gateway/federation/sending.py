"""The one place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.sdk.errors import ConnectorError, RejectedError
from gateway.federation.answers import SharedAnswers
from gateway.federation.asking import acting_on
from gateway.federation.journal import Journal
from gateway.federation.write import Write

T = TypeVar("T")


class Sending:
    """Journal first, send once, and nothing read before stays good."""

    def __init__(self, *, journal: Journal, answers: SharedAnswers) -> None:
        self._journal = journal
        self._answers = answers

    async def once(self, write: Write, perform: Callable[[], Awaitable[T]]) -> T:
        """The vendor's clear answer; its ConnectorError, `maybe_applied` where the answer is unclear."""
        await self._journal.sent(write.operation_id)
        self._answers.forget(write.source.key)
        try:
            with acting_on(write.connector.settings):
                return await perform()
        except ConnectorError as error:
            error.at(write.source.key, write.request.intent.verb)
            if error.maybe_applied or not isinstance(error, RejectedError):
                write.source.note_failure(error)
            raise
        finally:
            self._answers.forget(write.source.key)

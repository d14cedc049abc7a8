"""The one place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.sdk.errors import ConnectorError, RejectedError, UnavailableError
from gateway.federation.cache import Cache, touched
from gateway.federation.sources import acting_on
from gateway.federation.traffic import called
from gateway.federation.writes.attempt import Write
from gateway.store import Journal

T = TypeVar("T")

# Seconds after a lost answer in which the write may still be applied, or its effect may still become readable.
UNSETTLED_SECONDS = 10.0


class Sending:
    """Journal first, send once, and nothing read before stays good."""

    def __init__(self, *, journal: Journal, answers: Cache) -> None:
        self._journal = journal
        self._answers = answers

    async def once(self, write: Write, perform: Callable[[], Awaitable[T]]) -> T:
        """The vendor's clear answer; its ConnectorError, `maybe_applied` where the answer is unclear."""
        await self._journal.sent(write.operation_id)
        task, flow = write.task, write.flow
        tags = touched(
            write.source.key,
            write.request.intent.action,
            task_id=None if task is None else task.native_id,
            flow_id=flow.native_id if flow is not None else None if task is None else task.flow_id,
        )
        with self._answers.writing(tags) as pending:
            try:
                with acting_on(write.connector.settings), called(write.request.intent.verb):
                    return await perform()
            except ConnectorError as error:
                error.at(write.source.key, write.request.intent.verb)
                if error.maybe_applied:
                    pending.settles_within(UNSETTLED_SECONDS)
                elif isinstance(error, UnavailableError):
                    pending.spare()
                if error.maybe_applied or not isinstance(error, RejectedError):
                    write.source.note_failure(error)
                raise

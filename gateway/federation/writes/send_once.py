"""The one place that writes upstream."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.sdk.errors import ConnectorError, UnavailableError
from gateway.federation.cache import Cache, touched
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
        async with self._answers.writing(tags) as pending:
            try:
                return await write.source.write(write.request.intent.verb, perform)
            except ConnectorError as error:
                if error.maybe_applied:
                    pending.unsettled_for(UNSETTLED_SECONDS)
                elif isinstance(error, UnavailableError):
                    pending.not_sent()
                raise

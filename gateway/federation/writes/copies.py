"""Requests with an idempotency key whose first request is still under way: they wait for it and get its answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import structlog

from connectors.sdk.errors import GatewayError
from gateway.federation.writes.recovery import Recovery
from gateway.store import Journal, Record, Stage
from schema.ports import WriteResult

log = structlog.get_logger("taskgate.write")

# Seconds between two looks at a write of another gateway: the first pause, and the longest.
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.25


class Answer:
    """The answer of a write that this process carries out, once it is known."""

    def __init__(self) -> None:
        self.result: WriteResult | None = None
        self.has_ended = asyncio.Event()


class Copies:
    """One look at the journal serves all copies that wait for one write."""

    def __init__(self, journal: Journal, recovery: Recovery) -> None:
        self._journal = journal
        self._recovery = recovery
        self._under_way: dict[str, Answer] = {}
        self._looks: dict[str, asyncio.Task[Record | None]] = {}

    @contextmanager
    def leading(self, operation_id: str) -> Iterator[Answer]:
        """Around a write from before its admission to its end, however it ends. Copies get `Answer.result`."""
        answer = self._under_way[operation_id] = Answer()
        try:
            yield answer
        finally:
            del self._under_way[operation_id]
            answer.has_ended.set()

    def is_leading(self, operation_id: str) -> bool:
        """Whether this process carries the write out."""
        return operation_id in self._under_way

    async def first(self, record: Record, *, seconds: float) -> Record:
        """The record of the first request when it has an answer, or as it is after `seconds`.

        A write whose gateway has ended meanwhile gets the result of one that was cut off. Raises nothing.
        """
        if record.stage is Stage.SETTLED:
            return record
        try:
            with anyio.move_on_after(seconds):
                return await self._ended(record)
        except GatewayError:
            log.exception("first request not found", operation=record.operation_id)
        return record

    async def stop(self) -> None:
        """The gateway ends: no more looks at writes of others."""
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    async def _ended(self, record: Record) -> Record:
        answer = self._under_way.get(record.operation_id)
        if answer is not None:
            await answer.has_ended.wait()
            if answer.result is not None:
                return Record(
                    operation_id=record.operation_id,
                    fingerprint=record.fingerprint,
                    stage=Stage.SETTLED,
                    result=answer.result,
                )
        look = self._looks.get(record.operation_id)
        if look is None:
            look = self._looks[record.operation_id] = asyncio.create_task(self._looked_at(record.operation_id))
            look.add_done_callback(self._looked)
        await asyncio.wait({look})
        return record if look.cancelled() else look.result() or record

    def _looked(self, look: "asyncio.Task[Record | None]") -> None:
        self._looks = {operation: each for operation, each in self._looks.items() if each is not look}
        if not look.cancelled():
            look.exception()  # retrieved here, because all copies may have gone

    async def _looked_at(self, operation_id: str) -> Record | None:
        """The record once the write has a result or its gateway has ended."""
        pause = FIRST_PAUSE
        while True:
            record = await self._journal.record(operation_id)
            if record is None or record.stage is Stage.SETTLED:
                return record
            if not record.is_elsewhere:
                await self._recovery.settle_abandoned()
                return await self._journal.record(operation_id)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

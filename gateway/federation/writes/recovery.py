"""Writes that the end of an earlier process cut off. None of them is ever sent again."""

from collections.abc import Sequence

import anyio
import structlog

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayError, GatewayUnavailableError
from gateway.federation.writes.attempt import UNSETTLED
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.store import Journal, OpenWrite, Stage
from schema.ports import Problem, WriteResult

log = structlog.get_logger("taskgate.write")

# Seconds between two looks for writes of other gateways over the same journal that have ended.
PAUSE = 10.0


class Recovery:
    """Gives every write of an earlier process a result that says no more than is known."""

    def __init__(self, *, journal: Journal, trail: AuditTrail) -> None:
        self._journal = journal
        self._trail = trail

    async def settle(self) -> None:
        """What was admitted and not sent is REJECTED, and its key can be used again; what may have left is UNKNOWN.

        Nothing else could be done with the first: no caller waits, and the journal holds neither arguments nor tokens. The
        second are looked up by the reconciler. Raises GatewayUnavailableError.
        """
        await self._settle(await self._journal.open_writes())

    async def settle_abandoned(self) -> None:
        """As `settle`, while this gateway runs: the writes of others over the same journal that have ended."""
        await self._settle(await self._journal.abandoned())

    async def run(self) -> None:
        """`settle_abandoned` from time to time, until it is cancelled: no gateway may start after another has been killed."""
        while True:
            await anyio.sleep(PAUSE)
            try:
                await self.settle_abandoned()
            except GatewayError:
                log.exception("writes of other gateways not looked at")

    async def _settle(self, writes: Sequence[OpenWrite]) -> None:
        for write in writes:
            is_sent = write.stage is not Stage.ADMITTED
            result = _unknown(write) if is_sent else _not_sent(write)
            await self._journal.settle(
                write.operation_id, result, frees_key=not is_sent, only_open=True, was_seen=is_sent
            )
            self._trail.settled(write.person, write.target, write.action, result, kind="recovered")
            log.info("write recovered", operation=write.operation_id, status=result.status)


def _not_sent(write: OpenWrite) -> WriteResult:
    error = GatewayUnavailableError("the gateway ended before this write was sent; send it again")
    return WriteResult(
        status=MutationStatus.REJECTED, operation_id=write.operation_id, problems=(Problem.from_error(error),)
    )


def _unknown(write: OpenWrite) -> WriteResult:
    problem = Problem(code="UPSTREAM_ERROR", message=UNSETTLED, source=write.target.source)
    return WriteResult(status=MutationStatus.UNKNOWN, operation_id=write.operation_id, problems=(problem,))

"""Results in the journal. What it does not take is kept in memory until it can be written again."""

from collections import OrderedDict

import structlog
from msgspec import Struct, structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayError, IdempotencyKeyReusedError
from gateway.federation.writes.attempt import UNSETTLED
from gateway.store import EndedTask, Journal, Record, Stage
from schema.ports import Problem, WriteResult

log = structlog.get_logger("taskgate.write")

# Results kept in memory. Beyond, the oldest are given up: a repeated key then looks at the source.
MOST_KEPT = 10_000


REUSED = "this idempotencyKey was sent before with other arguments; use a new one"


class _Unrecorded(Struct, frozen=True):
    result: WriteResult
    ended: EndedTask | None
    frees_key: bool
    was_seen: bool
    is_final: bool
    earlier: frozenset[str]


class Recorder:
    """A result is true whether or not it is recorded, so a journal that fails never changes an answer."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._unrecorded: OrderedDict[str, _Unrecorded] = OrderedDict()
        # The vendor's words, which are not recorded, by operation: the author of a write is told them again.
        self._told: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()

    async def record(
        self,
        operation_id: str,
        result: WriteResult,
        *,
        ended: EndedTask | None = None,
        frees_key: bool = False,
        was_seen: bool = True,
        is_final: bool = False,
        earlier: frozenset[str] = frozenset(),
    ) -> None:
        """As `Journal.settle`. Raises nothing."""
        if any(problem.quotes_vendor for problem in result.problems):
            self._told[operation_id] = result.problems
            while len(self._told) > MOST_KEPT:
                self._told.popitem(last=False)
        try:
            await self._journal.settle(
                operation_id,
                result,
                ended=ended,
                frees_key=frees_key,
                was_seen=was_seen,
                is_final=is_final,
                earlier=earlier,
            )
        except GatewayError:
            log.exception("result not recorded", operation=operation_id)
            self._unrecorded[operation_id] = _Unrecorded(result, ended, frees_key, was_seen, is_final, earlier)
            while len(self._unrecorded) > MOST_KEPT:
                self._unrecorded.popitem(last=False)

    def told(self, operation_id: str, recorded: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """The recorded problems of a write, for its author: in the vendor's words while these are remembered."""
        said = self._told.get(operation_id, ())
        return said if [each.code for each in said] == [each.code for each in recorded] else recorded

    def known(self, record: Record) -> Record:
        """The record with its result, also one that the journal has not taken yet."""
        kept = self._unrecorded.get(record.operation_id)
        if kept is None:
            return record
        is_final = kept.is_final or kept.result.status in {MutationStatus.APPLIED, MutationStatus.REJECTED}
        return structs.replace(record, stage=Stage.SETTLED, result=kept.result, is_final=is_final, is_elsewhere=False)

    async def repeated(self, person: str, client_key: str | None, fingerprint: str) -> WriteResult | None:
        """What is known of an earlier write with that key, for a caller who cannot ask its source. None if there was none.

        Raises GatewayUnavailableError, IdempotencyKeyReusedError.
        """
        earlier = None if client_key is None else await self._journal.earlier(person, client_key)
        if earlier is None:
            return None
        if earlier.fingerprint != fingerprint:
            raise IdempotencyKeyReusedError(REUSED)
        unclear = Problem(code="UPSTREAM_ERROR", message=UNSETTLED)
        unknown = WriteResult(status=MutationStatus.UNKNOWN, operation_id=earlier.operation_id, problems=(unclear,))
        result = self.known(earlier).result or unknown
        return structs.replace(result, task=None, flow=None, replayed=True, upstream_calls=0)

    async def catch_up(self) -> None:
        """Record what is kept, oldest first. GatewayError if the journal still cannot be written."""
        while self._unrecorded:
            operation_id, kept = next(iter(self._unrecorded.items()))
            await self._journal.settle(
                operation_id,
                kept.result,
                ended=kept.ended,
                frees_key=kept.frees_key,
                was_seen=kept.was_seen,
                is_final=kept.is_final,
                earlier=kept.earlier,
            )
            self._unrecorded.pop(operation_id, None)

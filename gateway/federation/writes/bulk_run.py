"""One bulk action while it is carried out: what its entries have become, and what keeps others from beginning."""

import contextlib
from collections.abc import Awaitable, Callable
from uuid import uuid4

import anyio
import structlog

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import (
    Failure,
    GatewayUnavailableError,
    NotFoundError,
    RateLimitedError,
    UnsupportedActionError,
)
from connectors.sdk.model import TaskRef
from gateway.federation.sources import SHORT_WAIT, Source
from gateway.federation.writes.attempt import Attempt
from schema.ports import BulkEntry, BulkRequest, Problem, WriteRequest, WriteResult

log = structlog.get_logger("taskgate.write")


class BulkRun:
    """`may_begin` tells whether there is time to begin one more entry, `is_ending` whether the gateway ends."""

    def __init__(
        self, caller: Caller, request: BulkRequest, *, may_begin: Callable[[], bool], is_ending: Callable[[], bool]
    ) -> None:
        self.caller = caller
        self.request = request
        self.entries: dict[TaskRef, BulkEntry] = {}
        self._may_begin = may_begin
        self._is_ending = is_ending
        self._limited: dict[str, RateLimitedError] = {}
        self._running: dict[TaskRef, Attempt] = {}
        self._reads: dict[str, Callable[[], Awaitable[None]]] = {}
        self._reading: dict[str, anyio.Event] = {}

    def attempt(self, source: Source, ref: TaskRef) -> Attempt:
        """The write of one entry."""
        attempt = Attempt(self.caller, self.entry_request(ref), source, str(uuid4()))
        attempt.hindrance = lambda: self._begin(attempt)
        return attempt

    def entry_request(self, ref: TaskRef) -> WriteRequest:
        """Its idempotency key is made of the client's key and the task's id."""
        key = self.request.idempotency_key
        entry = None if key is None else entry_key(key, ref)
        return WriteRequest(target=ref, intent=self.request.intent, idempotency_key=entry)

    def read_first(self, source: Source, read: Callable[[], Awaitable[None]]) -> None:
        """`read` is awaited once, before the first entry of the source begins. Entries that are replayed need no read."""
        self._reads[source.key] = read

    async def _begin(self, attempt: Attempt) -> Failure | None:
        hindrance = self.hindrance(attempt)
        if hindrance is None:
            key = attempt.source.key
            read = self._reads.pop(key, None)
            if read is not None:
                done = self._reading[key] = anyio.Event()
                try:
                    await read()
                finally:
                    done.set()
            elif key in self._reading:
                await self._reading[key].wait()
        return hindrance

    def hindrance(self, attempt: Attempt) -> Failure | None:
        """Why the entry must not begin now; the same key may be sent again. None: it begins."""
        if self._is_ending():
            return GatewayUnavailableError("the gateway ends; nothing was sent, send the same request again")
        if not self._may_begin():
            return GatewayUnavailableError(
                "there was no time left for this task; nothing was sent, send the same request again"
            )
        limited = self._limit_of(attempt)
        if limited is not None:
            return limited
        if isinstance(attempt.request.target, TaskRef):
            self._running[attempt.request.target] = attempt
        return None

    async def wait_for_limit(self, source: Source) -> None:
        """Wait for a rate limit that ends soon."""
        limited = self._limited.get(source.key)
        if limited is not None and limited.retry_at is not None:
            seconds = (limited.retry_at - source.connector.clock()).total_seconds()
            if 0 < seconds <= SHORT_WAIT.total_seconds():
                await anyio.sleep(seconds)

    def ended(self, ref: TaskRef, attempt: Attempt, result: WriteResult) -> None:
        self._running.pop(ref, None)
        if isinstance(attempt.refusal, RateLimitedError) and attempt.refusal.retry_at is not None:
            self._limited[ref.source] = attempt.refusal
        self.entries[ref] = BulkEntry(result, attempt.is_recorded)

    def failed(self, ref: TaskRef, attempt: Attempt, raised: Exception) -> None:
        """The entry raised what no write should raise."""
        log.error("internal error", operation=attempt.operation_id, exc_info=raised)
        self._running.pop(ref, None)
        error = GatewayUnavailableError("internal error of the gateway")
        result = attempt.unknown() if attempt.was_sent else attempt.rejected(error)
        self.entries[ref] = BulkEntry(result, attempt.is_recorded)

    def has_no_source(self, ref: TaskRef) -> None:
        problem = Problem.from_error(NotFoundError("there is no such task, or you may not see it"))
        result = WriteResult(status=MutationStatus.REJECTED, operation_id="", problems=(problem,))
        self.entries[ref] = BulkEntry(result, is_recorded=False)

    def _limit_of(self, attempt: Attempt) -> RateLimitedError | None:
        source, target = attempt.source, attempt.request.target
        known = self._limited.get(source.key)
        if known is not None and known.retry_at is not None and known.retry_at > source.connector.clock() + SHORT_WAIT:
            return RateLimitedError(known.message, retry_at=known.retry_at)
        # Entries that travel together need one place for all.
        ahead = 0
        if attempt.array is None:
            ahead = sum(
                other.source is source and not other.was_sent for ref, other in self._running.items() if ref != target
            )
        return source.limit_met(ahead=ahead, needs_read=self._support_of(attempt) is Support.EMULATED)

    @staticmethod
    def _support_of(attempt: Attempt) -> Support:
        with contextlib.suppress(UnsupportedActionError):
            attempt.choose_verb()
        return attempt.capability.support


def entry_key(key: str, ref: TaskRef) -> str:
    """Longer than any key of a client, so that none is equal to it."""
    return f"{key:256}{ref.source}/{ref.native_id}"

"""The claim of the next task: of a list that many people share, each gets another task."""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import groupby
from uuid import uuid4

import msgspec
import structlog
from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    Failure,
    GatewayError,
    GatewayUnavailableError,
    IdempotencyKeyReusedError,
    InputError,
)
from connectors.sdk.model import OPEN_STATES, Task, TaskRef
from connectors.sdk.query import SortKey, order_value
from gateway.federation.cache import fingerprint
from gateway.federation.objects import TaskReader
from gateway.federation.overlay import Overlay, Reading
from gateway.federation.sources import Source
from gateway.federation.traffic import RequestCost, current_context, in_context
from gateway.federation.writes.attempt import UNSETTLED, Attempt
from gateway.federation.writes.audit_lines import AuditTrail
from gateway.federation.writes.pipeline import WritePipeline, may_pass
from gateway.federation.writes.recorder import REUSED, Recorder
from gateway.federation.writes.recovery import Recovery
from gateway.federation.writes.replay import Replays
from gateway.federation.writes.target_lease import TargetLeases
from gateway.shared import Leases
from gateway.store import Journal, Record, Stage
from schema.ports import (
    ClaimIntent,
    InboxScope,
    Operation,
    Problem,
    SourceRef,
    TakeNextRequest,
    TaskFilter,
    TaskList,
    TaskListRequest,
    WriteRequest,
    WriteResult,
)

log = structlog.get_logger("taskgate.write")

# Rows of the list that are looked at. Fifty people who ask at the same time find a task each.
MOST_READ = 100
# Tasks that are tried: each costs a write, and may cost a read.
MOST_TRIED = 10
# Seconds that must be left of the request for one more try.
LEAST_TIME = 5.0

ListTasks = Callable[[Caller, TaskListRequest], Awaitable[TaskList]]


class _Taking(Struct, frozen=True):
    """A task that one person tries to take."""

    ref: TaskRef


class NextTask:
    """Reads the list of claimable tasks and claims one of them. Every claim is a write of its own."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        list_tasks: ListTasks,
        reads: TaskReader,
        pipeline: WritePipeline,
        overlay: Overlay,
        journal: Journal,
        leases: Leases,
        presses: TargetLeases,
        recovery: Recovery,
        recorder: Recorder,
        trail: AuditTrail,
        replays: Replays,
    ) -> None:
        """`presses` make copies of a request wait for the first, also at another gateway over the same journal."""
        self._sources = sources
        self._list_tasks = list_tasks
        self._reads = reads
        self._pipeline = pipeline
        self._overlay = overlay
        self._journal = journal
        self._leases = leases
        self._presses = presses
        self._recovery = recovery
        self._recorder = recorder
        self._trail = trail
        self._replays = replays
        # Claims that have begun and have not ended.
        self._running: set[Attempt] = set()

    async def take(self, caller: Caller, request: TakeNextRequest) -> WriteResult:
        """The result of the claim that ended the search; every expected failure is in it.

        With an idempotency key one record holds the result: the same key takes no second task.
        """
        cost = RequestCost()
        record = _Recorded(str(uuid4()), request)
        try:
            with in_context(self._pipeline.limited(current_context()).counted_by(cost)):
                if request.idempotency_key is None:
                    result = await self._once(caller, record)
                else:
                    async with self._presses.hold(_press(caller.key, request.idempotency_key)):
                        result = await self._once(caller, record)
        except GatewayUnavailableError as error:
            known = await self._known(caller, record)
            result = known or _refused(record.operation_id, error)
            if known is None and record.operation_id == record.own_id:
                await self._record(record, result, frees_key=True)
        except (GatewayError, InputError) as error:
            result = _refused(record.operation_id, error)
        if result.status is MutationStatus.REJECTED and not result.replayed:
            self._trail.found_no_next(caller, result)
        if result.replayed and result.task is not None:
            source = self._sources.get(result.task.source)
            gone = structs.replace(result, task=None)
            result = gone if source is None else await self._replays.shown_task(caller, source, result)
        return structs.replace(result, upstream_calls=cost.told.requests)

    async def _known(self, caller: Caller, record: "_Recorded") -> WriteResult | None:
        """The journal fails: what is known of an earlier request with the key. None if there was none."""
        if record.request.idempotency_key is None:
            return None
        with contextlib.suppress(GatewayError):
            earlier = await self._journal.earlier(caller.key, record.request.idempotency_key)
            if (
                earlier is not None
                and earlier.operation_id != record.own_id
                and earlier.fingerprint == record.fingerprint
            ):
                known = self._recorder.known(earlier).result or _open(earlier.operation_id)
                return structs.replace(known, replayed=True)
        return None

    async def _once(self, caller: Caller, record: "_Recorded") -> WriteResult:
        """Raises GatewayError, InputError."""
        earlier = await self._admit(caller, record)
        if earlier is not None and earlier.fingerprint != record.fingerprint:
            # Of another kind perhaps, and still under way: only copies of this request wait for each other.
            raise IdempotencyKeyReusedError(REUSED)
        if earlier is not None and earlier.stage is not Stage.SETTLED:
            # Copies wait for it, so it runs no more: it was cut off before it noted a claim.
            cut = GatewayUnavailableError("the request was cut off before anything was claimed; send it again")
            try:
                await self._journal.settle(earlier.operation_id, _refused(earlier.operation_id, cut), frees_key=True)
            except GatewayError:
                # The record may lack a claim that could not be noted.
                return structs.replace(_open(earlier.operation_id), replayed=True)
            earlier = await self._admit(caller, record)
        if earlier is not None:
            replayed = await self._replayed(caller, record, earlier)
            if replayed is not None:
                return structs.replace(replayed, replayed=True)
        try:
            found = await self._search(caller, record)
        except InputError as error:
            found = _Found(_refused(record.operation_id, error))
        await self._record(record, found.result, frees_key=found.may_pass)
        return found.result

    async def _admit(self, caller: Caller, record: "_Recorded") -> Record | None:
        """As `Journal.admit`."""
        earlier = await self._journal.admit(
            operation_id=record.operation_id,
            person=caller.key,
            client_key=record.request.idempotency_key,
            fingerprint=record.fingerprint,
            source="",
            target=SourceRef(""),
            action=TaskAction.CLAIM,
        )
        return None if earlier is None else self._recorder.known(earlier)

    async def _record(self, record: "_Recorded", result: WriteResult, *, frees_key: bool = False) -> None:
        """Nothing will be found out about this record: that is what the record of the claim is for. Raises nothing."""
        await self._recorder.record(record.operation_id, result, frees_key=frees_key, is_final=True)

    async def _replayed(self, caller: Caller, record: "_Recorded", earlier: Record) -> WriteResult | None:
        """The result of the first request; None if its claim was not applied: then the search goes on."""
        record.operation_id = earlier.operation_id
        result = earlier.result
        if result is None or result.status in {MutationStatus.APPLIED, MutationStatus.REJECTED}:
            return result or _open(earlier.operation_id)
        # The result was open when it was recorded. The record of the claim tells what has become of it.
        claim = await self._claimed(result.operation_id)
        if claim is None or claim.status is MutationStatus.REJECTED:
            return None
        if claim.status is result.status:
            return result
        task = None if claim.task is None else await self._task(caller, claim.task)
        settled = structs.replace(result, status=claim.status, task=task or result.task, problems=claim.problems)
        if claim.settled_at is not None:
            await self._record(record, settled)
        return settled

    async def _claimed(self, operation_id: str) -> Operation | None:
        """A claim that was noted; None if it never began. The end of its gateway has cut it off, if it is not settled."""
        record = await self._journal.record(operation_id)
        if record is not None and record.stage is not Stage.SETTLED:
            await self._recovery.settle_abandoned()
        return await self._journal.find(operation_id)

    async def _search(self, caller: Caller, record: "_Recorded") -> "_Found":
        listed = await self._list(caller, record.request)
        tried = 0
        refusals: dict[str, tuple[Problem, ...]] = {
            report.source: (report.error,) for report in listed.sources if report.error is not None
        }
        unusable: set[str] = set()
        for task in _turned([edge.task for edge in listed.edges], record.request.order, caller.key):
            if tried == MOST_TRIED or (tried and not _has_time()):
                break
            if task.source in unusable:
                continue
            async with self._leases.hold_if_free(_Taking(task.ref)) as is_ours:
                if not is_ours or self._leases.is_held(task.ref) or self._is_taken(task):
                    continue
                attempt = self._claim(caller, task)
                limited = attempt.source.limit_met(ahead=self._unsent(task.source), needs_read=True)
                if limited is not None:
                    unusable.add(task.source)
                    refusals[task.source] = attempt.rejected(limited).problems
                    continue
                tried += 1
                self._running.add(attempt)
                try:
                    await self._note(record, attempt)
                    result = await self._pipeline.run(attempt)
                finally:
                    self._running.discard(attempt)
            if result.status is MutationStatus.APPLIED and not attempt.was_sent:
                # It is the caller's already, by a request that the list does not show: this one takes another task.
                continue
            if result.status is not MutationStatus.REJECTED:
                return _Found(result)
            if may_pass(attempt.refusal):
                # Whatever hinders it hinders every claim in that source now.
                unusable.add(task.source)
                refusals[task.source] = result.problems
        return self._nothing(record, tried, refusals)

    async def _list(self, caller: Caller, request: TakeNextRequest) -> TaskList:
        return await self._list_tasks(
            caller,
            TaskListRequest(
                scope=InboxScope.CLAIMABLE,
                filter=TaskFilter(states=OPEN_STATES, all_of=(request.filter,)),
                order=request.order,
                first=MOST_READ,
                count=False,
            ),
        )

    def _claim(self, caller: Caller, task: Task) -> Attempt:
        request = WriteRequest(target=task.ref, intent=ClaimIntent())
        return Attempt(caller, request, self._sources[task.source], str(uuid4()))

    def _unsent(self, source: str) -> int:
        """Claims in that source which still need a place within its rate limit."""
        return sum(other.source.key == source and not other.was_sent for other in self._running)

    async def _note(self, record: "_Recorded", attempt: Attempt) -> None:
        """Before a claim is sent: should this process end now, the same key finds the claim instead of taking a second task."""
        if record.request.idempotency_key is not None:
            link = _open(attempt.operation_id)
            await self._journal.settle(record.operation_id, link, is_final=True)

    def _is_taken(self, task: Task) -> bool:
        """By a write of this gateway that the list does not show."""
        seen = self._overlay.seen(task, Reading.ROW)
        return not seen.is_open or bool(seen.assignees)

    async def _task(self, caller: Caller, ref: TaskRef) -> Task | None:
        try:
            return await self._reads.visible_task(caller, ref)
        except ConnectorError:
            return None

    @staticmethod
    def _nothing(record: "_Recorded", tried: int, refusals: dict[str, tuple[Problem, ...]]) -> "_Found":
        text = (
            f"none of the {tried} tasks that were tried could be claimed; ask again"
            if tried
            else "there is no task that you could take now"
        )
        problem = Problem.from_error(ConflictError(text))
        others = tuple(each for problems in refusals.values() for each in problems)
        return _Found(_rejected(record.operation_id, problem, *others), may_pass=bool(refusals))


class _Found(Struct, frozen=True):
    """`may_pass`: nothing was taken, for a reason that passes. The key may be sent again."""

    result: WriteResult
    may_pass: bool = False


class _Recorded:
    """The request, its own id, and the id of the record that holds its result: that of the first one with its key."""

    def __init__(self, operation_id: str, request: TakeNextRequest) -> None:
        self.own_id = self.operation_id = operation_id
        self.request = request

    @property
    def fingerprint(self) -> str:
        return fingerprint("next", self.request.filter, self.request.order)


def _turned(tasks: Sequence[Task], order: Sequence[SortKey], person: str) -> Iterator[Task]:
    """The tasks in their order. Among equals each person begins elsewhere."""
    turn = int.from_bytes(hashlib.blake2b(person.encode(), digest_size=8).digest())
    for _, group in groupby(tasks, key=lambda task: tuple(order_value(task, key.field) for key in order)):
        equals = list(group)
        start = turn % len(equals)
        yield from (*equals[start:], *equals[:start])


def _has_time() -> bool:
    left = current_context().remaining()
    return left is None or left >= LEAST_TIME


def _press(person: str, key: str) -> SourceRef:
    """One idempotency key of a person."""
    digest = hashlib.blake2b(msgspec.json.encode((person, key)), digest_size=16)
    return SourceRef(f"next {digest.hexdigest()}")


def _open(operation_id: str) -> WriteResult:
    problem = Problem(code="UPSTREAM_ERROR", message=UNSETTLED)
    return WriteResult(
        status=MutationStatus.UNKNOWN, operation_id=operation_id, problems=(problem,), support=Support.EMULATED
    )


def _refused(operation_id: str, error: Failure) -> WriteResult:
    return _rejected(operation_id, *Problem.all_of(error))


def _rejected(operation_id: str, *problems: Problem) -> WriteResult:
    return WriteResult(
        status=MutationStatus.REJECTED, operation_id=operation_id, problems=problems, support=Support.EMULATED
    )

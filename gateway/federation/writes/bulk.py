"""The same action on several tasks: one write of its own for each, of several sources at the same time."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence

import anyio
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus, TaskCommand
from connectors.sdk.errors import ConnectorError, NotFoundError, UnsupportedActionError
from connectors.sdk.model import TaskRef
from gateway.federation.objects import TaskReader
from gateway.federation.sources import Source
from gateway.federation.traffic import Batches, Priority, RequestCost, current_context, in_context
from gateway.federation.writes.array import Array
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.bulk_run import BulkRun
from gateway.federation.writes.identities import Identities
from gateway.federation.writes.pipeline import WritePipeline
from gateway.federation.writes.task_write import TaskWriter
from gateway.federation.writes.verbs import Verb, verb_for
from schema.ports import BulkEntry, BulkRequest, BulkResult, WriteResult

# Seconds that one bulk action may take.
DEADLINE = 300.0
# The last part of that time in which no entry begins any more: this share of it, and at most these seconds.
LAST_SHARE, LAST_SECONDS = 0.2, 20.0
# Seconds that a request for many tasks may wait for a rate limit: less than each of the writes has.
ARRAY_SECONDS = 30.0
# Writes of one bulk action that run at the same time in one source, if the source takes twice as many requests.
SIDE_BY_SIDE = 4


class BulkWriter:
    """`deadline` gives seconds; `monotonic` is the clock that it is measured on."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        pipeline: WritePipeline,
        tasks: TaskWriter,
        reads: TaskReader,
        identities: Identities,
        deadline: Callable[[], float] = lambda: DEADLINE,
        monotonic: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._tasks = tasks
        self._reads = reads
        self._identities = identities
        self._deadline = deadline
        self._monotonic = monotonic

    async def perform(self, caller: Caller, request: BulkRequest) -> BulkResult:
        """One entry for each distinct target. Every expected failure is in an entry."""
        context = current_context().limited_to(deadline := self._deadline())
        left = min(deadline, context.remaining() or 0.0)
        last_begin = self._monotonic() + left - min(LAST_SECONDS, left * LAST_SHARE)
        run = BulkRun(
            caller,
            request,
            may_begin=lambda: self._monotonic() < last_begin,
            is_ending=lambda: self._pipeline.is_ending,
        )
        by_source: dict[str, list[TaskRef]] = {}
        for ref in dict.fromkeys(request.targets):
            if ref.source in self._sources:
                by_source.setdefault(ref.source, []).append(ref)
            else:
                run.has_no_source(ref)
                if not request.dry_run:
                    await self._replay(run, ref)
        cost = RequestCost()
        estimates: list[int] = []
        with in_context(structs.replace(context, priority=Priority.WRITE).counted_by(cost)):
            async with anyio.create_task_group() as group:
                for key, refs in by_source.items():
                    if request.dry_run:
                        group.start_soon(self._judge_all, run, self._sources[key], refs, estimates)
                    else:
                        group.start_soon(self._write_all, run, self._sources[key], refs)
        calls = sum(estimates) if request.dry_run else cost.told.requests
        return BulkResult({ref: run.entries[ref] for ref in dict.fromkeys(request.targets)}, calls)

    # Writing

    async def _replay(self, run: BulkRun, ref: TaskRef) -> None:
        """An entry of a source that is not configured: what is known of it, if there was one when its source was."""
        found = await self._pipeline.without_source(run.caller, run.entry_request(ref), "")
        if found.replayed:
            run.entries[ref] = BulkEntry(found, is_recorded=True)

    async def _write_all(self, run: BulkRun, source: Source, refs: Sequence[TaskRef]) -> None:
        verb = _verb(source, run)
        if verb is not None and verb.command in source.connector.arrays and len(refs) > 1:
            await self._write_together(run, source, refs)
            return
        if verb is not None and _support(source, verb) is Support.NATIVE:
            run.read_first(source, lambda: self._read_ahead(run, refs, fresh=False))
        await self._write_each(run, source, refs)

    async def _write_each(self, run: BulkRun, source: Source, refs: Sequence[TaskRef]) -> None:
        """In their order, a few at the same time."""
        places = anyio.CapacityLimiter(1)

        async def write(ref: TaskRef) -> None:
            try:
                await self._write(run, source, ref)
            finally:
                places.release_on_behalf_of(ref)

        async with anyio.create_task_group() as group:
            for ref in refs:
                places.total_tokens = max(1, min(SIDE_BY_SIDE, source.admission.concurrency // 2))
                await places.acquire_on_behalf_of(ref)
                await run.wait_for_limit(source)
                group.start_soon(write, ref)

    async def _write_together(self, run: BulkRun, source: Source, refs: Sequence[TaskRef]) -> None:
        """All at the same time: they meet in the array, and their reads are collected."""
        array = Array(source, run.request.intent.verb, refs)
        with in_context(structs.replace(current_context(), batches=Batches())):
            async with anyio.create_task_group() as group:
                with in_context(current_context().limited_to(ARRAY_SECONDS)):
                    group.start_soon(array.run)
                for ref in refs:
                    group.start_soon(self._write, run, source, ref, array)

    async def _write(self, run: BulkRun, source: Source, ref: TaskRef, array: Array | None = None) -> None:
        attempt = run.attempt(source, ref)
        attempt.array = array
        # The question is asked now: an entry that begins later than others is decided on a record that was read later.
        try:
            with in_context(structs.replace(current_context(), asked_at=time.monotonic())):
                result = await self._pipeline.run(attempt)
        except Exception as raised:  # noqa: BLE001 it is logged there; one entry must not end the others
            run.failed(ref, attempt, raised)
        else:
            run.ended(ref, attempt, result)
        finally:
            if array is not None:
                array.leave(ref)

    # Dry run

    async def _judge_all(self, run: BulkRun, source: Source, refs: Sequence[TaskRef], estimates: list[int]) -> None:
        """What each write would do. Adds to `estimates` the calls that the writes would take."""
        verb, reading = _verb(source, run), RequestCost()
        requests: set[Hashable] = set()
        context = structs.replace(current_context(), asked_at=time.monotonic())
        is_emulated = verb is not None and _support(source, verb) is Support.EMULATED
        with in_context(context.counted_by(reading)):
            if verb is not None:
                await self._read_ahead(run, refs, fresh=is_emulated)
            for ref in refs:
                attempt, cost = run.attempt(source, ref), RequestCost()
                try:
                    with in_context(current_context().counted_apart_by(cost)):
                        planned = await self._planned(attempt, ref)
                except Exception as raised:  # noqa: BLE001 as in `_write`
                    run.failed(ref, attempt, raised)
                    continue
                if run.caller.is_task_admin or not isinstance(attempt.refusal, NotFoundError):
                    current_context().tell(cost.told)
                if not isinstance(planned, WriteResult):
                    requests.update(_requests_of(source, planned))
                    planned = attempt.result(MutationStatus.PENDING)
                run.entries[ref] = BulkEntry(planned, is_recorded=False)
        # Before an emulated write the task is read again.
        estimates.append(len(requests) + (reading.told.requests if is_emulated and requests else 0))

    async def _planned(self, attempt: Attempt, ref: TaskRef) -> Sequence[TaskCommand] | WriteResult:
        try:
            await self._identities.know(attempt.source, attempt.caller, attempt.request.intent)
        except ConnectorError as error:
            return attempt.rejected(error)
        return await self._tasks.plan(attempt, ref)

    async def _read_ahead(self, run: BulkRun, refs: Sequence[TaskRef], *, fresh: bool) -> None:
        """All tasks in as few calls as the vendor allows. What fails is read again for its own entry."""
        if len(refs) > 1:
            with in_context(structs.replace(current_context(), priority=Priority.INTERACTIVE)):
                await self._reads.tasks(run.caller, refs, fresh=fresh)


def _verb(source: Source, run: BulkRun) -> Verb | None:
    try:
        return verb_for(source.connector, run.request.intent)
    except UnsupportedActionError:
        return None


def _support(source: Source, verb: Verb) -> Support:
    return source.connector.info.capabilities[verb.command].support


def _requests_of(source: Source, steps: Sequence[TaskCommand]) -> list[Hashable]:
    """One for each step. Equal for commands that travel in one request: those of a single step."""
    together = source.ask("bulk", lambda: source.connector.array_of(steps[0])) if len(steps) == 1 else None
    return [(step.task.ref, number) for number, step in enumerate(steps)] if together is None else [together]

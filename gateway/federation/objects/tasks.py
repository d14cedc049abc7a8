"""Tasks and their details by id."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import anyio

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Connector
from connectors.sdk.errors import AlreadyAssignedError, ConnectorError
from connectors.sdk.model import DetailAspect, FlowRef, Task, TaskDetail, TaskRef
from gateway.federation.authorization import OWN_WORK, OwnWork, visible_record
from gateway.federation.cache import CachedResult, Kind, Tag
from gateway.federation.objects.batch import read_each
from gateway.federation.objects.flows import FlowReader
from gateway.federation.overlay import Overlay, Reading
from gateway.federation.sources import Links, Source, SourceReader
from gateway.federation.traffic import RequestCost, current_context, in_context

GET_TASK = "get task"


class TaskReader:
    """Tasks of all sources as our own writes left them.

    Writes are decided on these answers, so an answer that is no longer fresh is never returned while it is read again.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        reader: SourceReader,
        overlay: Overlay,
        flows: FlowReader,
        own: OwnWork,
        links: Links,
    ) -> None:
        self._sources = sources
        self._reader = reader
        self._overlay = overlay
        self._flows = flows
        self._own = own
        self._links = links
        # The sources whose connector looks at the flow; the rows of other sources need no look-up.
        self._by_flow = {
            key for key, source in sources.items() if type(source.connector).within_flow is not Connector.within_flow
        }

    async def tasks(
        self, caller: Caller, refs: Iterable[TaskRef], *, fresh: bool = False
    ) -> dict[TaskRef, Task | ConnectorError]:
        """The tasks that exist and that `caller` may see. A ref that could not be read has its error."""

        wanted = [ref for ref in dict.fromkeys(refs) if ref.source in self._sources]
        unknown = await self._not_known(caller, {ref.source for ref in wanted})
        known = [ref for ref in wanted if ref.source not in unknown]
        found: dict[TaskRef, Task | ConnectorError] = {
            ref: unknown[ref.source] for ref in wanted if ref.source in unknown
        }
        if caller.is_task_admin:
            return found | self._visible(caller, known, await self._records(known, fresh=fresh))
        cost, context = RequestCost(), current_context()
        with in_context(context.counted_apart_by(cost)):
            records = await self._records(known, fresh=fresh)
        found |= self._visible(caller, known, records)
        if all(ref in found for ref in wanted):
            # Otherwise the number of calls could tell that a hidden task exists, and was read a moment ago.
            context.tell(cost)
        return found

    def _visible(
        self, caller: Caller, wanted: Iterable[TaskRef], records: Mapping[TaskRef, Task | ConnectorError]
    ) -> dict[TaskRef, Task | ConnectorError]:
        """The records that the caller may see, as the state of their flows makes them."""
        found: dict[TaskRef, Task | ConnectorError] = {}
        for ref in wanted:
            record = records.get(ref)
            if isinstance(record, ConnectorError) and self._sources[ref.source].hides(record):
                # The vendor shows no more than that there is one: to a reader there is no such task.
                record = None
            if isinstance(record, ConnectorError):
                found[ref] = record
                continue
            task = visible_record(caller, self._sources[ref.source].connector, self._own, ref, record)
            if task is not None:
                try:
                    found[ref] = self.within_flow(task)
                except ConnectorError as error:
                    found[ref] = error
        return found

    async def _not_known(self, caller: Caller, sources: Iterable[str]) -> dict[str, ConnectorError]:
        """Looks the caller up where that is needed; the sources in which it failed. Task admins see tasks in any case."""
        failed: dict[str, ConnectorError] = {}

        async def know(source: Source) -> None:
            try:
                await self._links.know(source, [caller])
            except ConnectorError as error:
                failed[source.key] = error

        asked = () if caller.is_task_admin else [self._sources[key] for key in sources]
        unknown = [source for source in asked if not self._links.are_known(source, [caller])]
        if unknown:
            async with anyio.create_task_group() as group:
                for source in unknown:
                    group.start_soon(know, source)
        return failed

    async def visible_task(self, caller: Caller, ref: TaskRef) -> Task | None:
        """As `tasks`, for one. Raises ConnectorError."""
        found = (await self.tasks(caller, [ref])).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def task(self, ref: TaskRef, *, fresh: bool = False) -> Task | None:
        """The record of a task of a known source, visible to the caller or not; None when there is none.

        Raises ConnectorError; AlreadyAssignedError where the vendor tells the caller no more than that.
        """
        found = (await self._records([ref], fresh=fresh)).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def vendor_record(self, ref: TaskRef) -> Task | None:
        """The record as the vendor shows it now, without what our own writes are to have made of it. Raises ConnectorError."""
        source = self._sources[ref.source]
        if not source.ask(GET_TASK, lambda: source.connector.is_native_id(ref.native_id)):
            return None
        answers = await self._reader.read_each(
            source, GET_TASK, [ref.native_id], source.connector.get_tasks, kind=Kind.TASK, fresh=True
        )
        answer = answers.get(ref.native_id)
        if isinstance(answer, ConnectorError):
            raise answer
        return None if answer is None else answer.value

    async def _records(self, refs: Iterable[TaskRef], *, fresh: bool) -> dict[TaskRef, Task | ConnectorError]:
        """The records that exist, from one call for each source where its vendor reads several in one."""
        by_source: dict[str, set[str]] = {}
        for ref in refs:
            if ref.source in self._sources:
                by_source.setdefault(ref.source, set()).add(ref.native_id)
        found: dict[TaskRef, Task | ConnectorError] = {}

        async def load(key: str, ids: set[str]) -> None:
            found.update(await self._of_source(self._sources[key], sorted(ids), fresh=fresh))

        if len(by_source) == 1:
            await load(*by_source.popitem())
            return found
        async with anyio.create_task_group() as group:
            for key, ids in by_source.items():
                group.start_soon(load, key, ids)
        return found

    async def _of_source(
        self, source: Source, ids: Sequence[str], *, fresh: bool
    ) -> dict[TaskRef, Task | ConnectorError]:
        connector = source.connector
        try:
            possible = source.ask(GET_TASK, lambda: [one for one in ids if connector.is_native_id(one)])
        except ConnectorError as error:
            return {TaskRef(source.key, native_id): error for native_id in ids}
        answers = await self._reader.read_each(
            source, GET_TASK, possible, connector.get_tasks, kind=Kind.TASK, fresh=fresh
        )
        found: dict[TaskRef, Task | ConnectorError] = {}
        for native_id, answer in answers.items():
            ref = TaskRef(source.key, native_id)
            if isinstance(answer, AlreadyAssignedError):
                found[ref] = self._expected(ref, read_at=None) or answer
                continue
            if isinstance(answer, ConnectorError):
                found[ref] = answer
                continue
            task = self._as_written(ref, answer)
            if task is not None:
                found[ref] = task
        return found

    def _as_written(self, ref: TaskRef, answer: CachedResult[Task | None]) -> Task | None:
        """The record as our own writes left it."""
        if answer.value is not None:
            return self._own.remembered(self._overlay.seen(answer.value, Reading.RECORD))
        # The vendor may not show a new task yet. The overlay holds only what the vendor accepted.
        return self._expected(ref, read_at=None if answer.error is None else answer.fetched_at)

    def _expected(self, ref: TaskRef, *, read_at: datetime | None) -> Task | None:
        """What our own writes left of a task that the vendor does not show."""
        self._own.is_gone(ref)
        expected = self._overlay.expected(ref.source, Reading.RECORD, read_at=read_at)
        return next((self._own.remembered(one) for one in expected if one.native_id == ref.native_id), None)

    def is_as_read(self, source: str) -> bool:
        """Whether `within_flow` changes no task of the source now."""
        return self._own.is_empty and source not in self._by_flow

    def within_flow(self, task: Task) -> Task:
        """A record as the vendor gave it, as its flow's state and our own writes make it. Makes no call.

        Raises ConnectorError.
        """
        task = self._own.remembered(task)
        if task.flow_id is None or task.source not in self._by_flow:
            return task
        flow = self._flows.known(FlowRef(task.source, task.flow_id))
        if flow is None:
            return task
        source = self._sources[task.source]
        return source.ask("get flow", lambda: source.connector.within_flow(task, flow))

    async def details(
        self,
        caller: Caller,
        wanted: Mapping[TaskRef, frozenset[DetailAspect]],
        *,
        known: Mapping[TaskRef, Task] = MappingProxyType({}),
        fresh: bool = False,
    ) -> dict[TaskRef, TaskDetail | ConnectorError]:
        """The wanted aspects of the tasks that `caller` may see. A ref that could not be read has its error.

        `known` are records that the caller was shown just now: they are not read again.
        """
        unread = [ref for ref in wanted if ref not in known]
        tasks: dict[TaskRef, Task | ConnectorError] = {**known, **(await self.tasks(caller, unread, fresh=fresh))}

        async def one(ref: TaskRef) -> TaskDetail | None:
            task = tasks.get(ref)
            if isinstance(task, ConnectorError):
                raise task
            if task is not None and task.rule == OWN_WORK:
                # Nothing that was read later is added to what the caller left.
                return TaskDetail(description=task.description)
            return None if task is None else await self._detail(task, wanted[ref], fresh=fresh)

        return await read_each([ref for ref in wanted if ref.source in self._sources], one)

    async def detail(self, task: Task, aspects: frozenset[DetailAspect], *, fresh: bool = False) -> TaskDetail:
        """Aspects of a task that the caller is known to see. Raises ConnectorError, also where one aspect failed alone."""
        detail = await self._detail(task, aspects, fresh=fresh)
        for failure in detail.failures.values():
            raise failure
        return detail

    async def _detail(self, task: Task, aspects: frozenset[DetailAspect], *, fresh: bool = False) -> TaskDetail:
        source = self._sources[task.source]
        known = source.ask("get detail", lambda: source.connector.detail_in(task, aspects))
        if known is not None:
            return _named(known, source)
        shared = await self._reader.read(
            source,
            "get detail",
            (task.native_id, aspects),
            lambda: source.connector.get_detail(task, aspects),
            about=Tag(task.source, Kind.TASK, task.native_id),
            fresh=fresh,
        )
        return _named(shared.value, source)


def _named(detail: TaskDetail, source: Source) -> TaskDetail:
    """Its failures name source and operation."""
    for failure in detail.failures.values():
        failure.at(source.key, "get detail")
    return detail

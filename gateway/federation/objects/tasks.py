"""Tasks and their details by id."""

from collections.abc import Iterable, Mapping

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, FlowRef, Task, TaskDetail, TaskRef
from gateway.federation.authorization import can_see
from gateway.federation.cache import Kind, Tag
from gateway.federation.objects.batch import read_each
from gateway.federation.objects.flows import FlowReader
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source, SourceReader


class TaskReader:
    """Tasks of all sources as our own writes left them.

    Writes are decided on these answers, so an answer that is no longer fresh is never returned while it is read again.
    """

    def __init__(
        self, sources: Mapping[str, Source], *, reader: SourceReader, overlay: Overlay, flows: FlowReader
    ) -> None:
        self._sources = sources
        self._reader = reader
        self._overlay = overlay
        self._flows = flows
        # The sources whose connector looks at the flow; the rows of other sources need no look-up.
        self._by_flow = {
            key for key, source in sources.items() if type(source.connector).within_flow is not Connector.within_flow
        }

    async def tasks(
        self, caller: Caller, refs: Iterable[TaskRef], *, fresh: bool = False
    ) -> dict[TaskRef, Task | ConnectorError]:
        """The tasks that exist and that `caller` may see. A ref that could not be read has its error."""

        async def one(ref: TaskRef) -> Task | None:
            task = await self._visible(caller, ref, fresh=fresh)
            return None if task is None else self.within_flow(task)

        return await read_each([ref for ref in refs if ref.source in self._sources], one)

    async def visible_task(self, caller: Caller, ref: TaskRef) -> Task | None:
        """As `tasks`, for one. Raises ConnectorError."""
        found = (await self.tasks(caller, [ref])).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def task(self, ref: TaskRef, *, fresh: bool = False) -> Task | None:
        """The record of a task of a known source, visible to the caller or not; None when there is none.

        Raises ConnectorError.
        """
        source = self._sources[ref.source]
        if not source.connector.is_native_id(ref.native_id):
            return None

        async def get() -> Task | None:
            found = (await source.connector.get_tasks([ref.native_id])).get(ref.native_id)
            if isinstance(found, ConnectorError):
                raise found
            return found

        about = Tag(ref.source, Kind.TASK, ref.native_id)
        shared = await self._reader.read(source, "get task", ref.native_id, get, about=about, fresh=fresh)
        if shared.value is None:
            # The vendor may not show a new task yet. The overlay holds only what the vendor accepted.
            return next((one for one in self._overlay.expected(ref.source) if one.native_id == ref.native_id), None)
        return self._overlay.seen(shared.value)

    def within_flow(self, task: Task) -> Task:
        """The task as its flow's state makes it, where that flow is known. Makes no call."""
        if task.flow_id is None or task.source not in self._by_flow:
            return task
        flow = self._flows.known(FlowRef(task.source, task.flow_id))
        return task if flow is None else self._sources[task.source].connector.within_flow(task, flow)

    async def details(
        self, caller: Caller, wanted: Mapping[TaskRef, frozenset[DetailAspect]]
    ) -> dict[TaskRef, TaskDetail | ConnectorError]:
        """The wanted aspects of the tasks that `caller` may see. A ref that could not be read has its error."""

        async def one(ref: TaskRef) -> TaskDetail | None:
            task = await self._visible(caller, ref)
            return None if task is None else await self._detail(task, wanted[ref])

        return await read_each([ref for ref in wanted if ref.source in self._sources], one)

    async def detail(self, task: Task, aspects: frozenset[DetailAspect]) -> TaskDetail:
        """Aspects of a task that the caller is known to see. Raises ConnectorError, also where one aspect failed alone."""
        detail = await self._detail(task, aspects)
        for failure in detail.failures.values():
            raise failure
        return detail

    async def _detail(self, task: Task, aspects: frozenset[DetailAspect]) -> TaskDetail:
        source = self._sources[task.source]
        shared = await self._reader.read(
            source,
            "get detail",
            (task.native_id, aspects),
            lambda: source.connector.get_detail(task, aspects),
            about=Tag(task.source, Kind.TASK, task.native_id),
        )
        for failure in shared.value.failures.values():
            failure.at(source.key, "get detail")
        return shared.value

    async def _visible(self, caller: Caller, ref: TaskRef, *, fresh: bool = False) -> Task | None:
        task = await self.task(ref, fresh=fresh)
        return task if task is not None and can_see(caller, self._sources[ref.source].connector, task) else None

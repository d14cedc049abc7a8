"""Single objects: tasks, details, flows and people by id, shared for a short time, seen only by whoever may."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import anyio

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Flow, FlowRef, Group, NativeRef, Task, TaskDetail, TaskRef, User
from connectors.sdk.settings import CacheSettings
from gateway.federation.authorization import can_see
from gateway.federation.cache import Cache, CacheKey, Kind, Tag
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.sources import Source

T = TypeVar("T")
V = TypeVar("V")


class Reads:
    def __init__(
        self, sources: Mapping[str, Source], *, answers: Cache, overlay: Overlay, flow_overlay: FlowOverlay
    ) -> None:
        self._sources = sources
        self._answers = answers
        self._overlay = overlay
        self._flow_overlay = flow_overlay

    async def tasks(
        self, caller: Caller, refs: Iterable[TaskRef], *, fresh: bool = False
    ) -> dict[TaskRef, Task | ConnectorError]:
        """The tasks that exist and that `caller` may see; a ref that could not be read has its error."""

        async def one(ref: TaskRef) -> Task | None:
            task = await self.task(ref, fresh=fresh)
            if task is None or not can_see(caller, self._sources[ref.source].connector, task):
                return None
            return self.within_flow(task)

        return await self._each([ref for ref in refs if ref.source in self._sources], one)

    def within_flow(self, task: Task) -> Task:
        """The task as its flow's state makes it, where that flow was read lately; costs no call."""
        if task.flow_id is None:
            return task
        flow = self._flow_overlay.expected(FlowRef(task.source, task.flow_id))
        if flow is None:
            key = CacheKey(task.source, self._sources[task.source].scope, "get flow", task.flow_id)
            kept = self._answers.peek(key)
            flow = None if kept is None else kept.value
        return task if flow is None else self._sources[task.source].connector.within_flow(task, flow)

    async def task(self, ref: TaskRef, *, fresh: bool = False) -> Task | None:
        """The record to show, whoever asks; None when there is none. Raises ConnectorError."""
        connector = self._sources[ref.source].connector
        if not connector.is_native_id(ref.native_id):
            return None

        async def get() -> Task | None:
            found = (await connector.get_tasks([ref.native_id])).get(ref.native_id)
            if isinstance(found, ConnectorError):
                raise found
            return found

        task = await self._ask(
            ref.source, "get task", ref.native_id, get, Tag(ref.source, Kind.TASK, ref.native_id), fresh=fresh
        )
        if task is None:
            # A task written a moment ago may not be readable yet; the overlay only holds what the vendor accepted.
            return next((one for one in self._overlay.expected(ref.source) if one.native_id == ref.native_id), None)
        return self._overlay.seen(task)

    async def details(
        self, caller: Caller, wanted: Mapping[TaskRef, frozenset[DetailAspect]]
    ) -> dict[TaskRef, TaskDetail | ConnectorError]:
        async def one(ref: TaskRef) -> TaskDetail | None:
            task = await self.task(ref)
            if task is None or not can_see(caller, self._sources[ref.source].connector, task):
                return None
            return await self.detail(task, wanted[ref])

        return await self._each([ref for ref in wanted if ref.source in self._sources], one)

    async def detail(self, task: Task, aspects: frozenset[DetailAspect]) -> TaskDetail:
        """The aspects of a task that the asker is known to see. Raises ConnectorError."""
        connector = self._sources[task.source].connector
        return await self._ask(
            task.source,
            "get detail",
            (task.native_id, aspects),
            lambda: connector.get_detail(task, aspects),
            Tag(task.source, Kind.TASK, task.native_id),
        )

    async def flows(self, refs: Iterable[FlowRef], *, fresh: bool = False) -> dict[FlowRef, Flow | ConnectorError]:
        async def one(ref: FlowRef) -> Flow | None:
            connector = self._sources[ref.source].connector

            async def get() -> Flow | None:
                found = (await connector.get_flows([ref.native_id])).get(ref.native_id)
                if isinstance(found, ConnectorError):
                    raise found
                return found

            flow = await self._ask(
                ref.source, "get flow", ref.native_id, get, Tag(ref.source, Kind.FLOW, ref.native_id), fresh=fresh
            )
            # A flow begun a moment ago may not be readable yet.
            return self._flow_overlay.expected(ref) if flow is None else self._flow_overlay.seen(flow)

        return await self._each([ref for ref in refs if ref.source in self._sources], one)

    async def users(self, refs: Sequence[NativeRef]) -> dict[NativeRef, User]:
        return await self._directory(
            refs, "get users", lambda source, ids: self._sources[source].connector.get_users(ids)
        )

    async def groups(self, refs: Sequence[NativeRef]) -> dict[NativeRef, Group]:
        return await self._directory(
            refs, "get groups", lambda source, ids: self._sources[source].connector.get_groups(ids)
        )

    async def _directory(
        self,
        refs: Sequence[NativeRef],
        operation: str,
        get: Callable[[str, Sequence[str]], Awaitable[Mapping[str, V]]],
    ) -> dict[NativeRef, V]:
        """One batch per source; who could not be loaded is absent: rows show a stub instead."""
        by_source: dict[str, list[str]] = {}
        for ref in dict.fromkeys(refs):
            if ref.source in self._sources:
                by_source.setdefault(ref.source, []).append(ref.native_id)
        found: dict[NativeRef, V] = {}

        async def load(source: str, ids: tuple[str, ...]) -> None:
            try:
                batch = await self._ask(source, operation, ids, lambda: get(source, ids), Tag(source, Kind.DIRECTORY))
            except ConnectorError:
                return  # noted in the source's status
            found.update({NativeRef(source, native_id): batch[native_id] for native_id in ids if native_id in batch})

        async with anyio.create_task_group() as group:
            for source, ids in by_source.items():
                group.start_soon(load, source, tuple(sorted(ids)))
        return found

    async def _each(self, refs: Iterable[T], get: Callable[[T], Awaitable[V | None]]) -> dict[T, V | ConnectorError]:
        found: dict[T, V | ConnectorError] = {}

        async def one(ref: T) -> None:
            try:
                value = await get(ref)
            except ConnectorError as error:
                found[ref] = error
            else:
                if value is not None:
                    found[ref] = value

        async with anyio.create_task_group() as group:
            for ref in dict.fromkeys(refs):
                group.start_soon(one, ref)
        return found

    async def _ask(
        self,
        source: str,
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        about: Tag,
        *,
        fresh: bool = False,
    ) -> T:
        """Answers that decide a write are among these: none is given while it is refreshed."""
        settings = self._sources[source].connector.settings.cache
        result = await self._answers.get_or_fetch(
            CacheKey(source, self._sources[source].scope, operation, arguments),
            lambda: self._sources[source].read(operation, fetch),
            ttl=lambda _: _seconds(settings, about),
            tags=[about],
            max_stale=settings.max_stale_seconds,
            max_wait=self._sources[source].max_wait,
            fresh=fresh,
        )
        return result.value


def _seconds(settings: CacheSettings, about: Tag) -> float:
    match about.kind:
        case Kind.FLOW:
            return settings.flow_seconds
        case Kind.DIRECTORY:
            return settings.directory_seconds
        case _:
            return settings.detail_seconds

"""A federation in memory, and rows for it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import (
    CountAccuracy,
    Definition,
    DetailAspect,
    Flow,
    FlowRef,
    Group,
    NativeRef,
    Task,
    TaskDetail,
    TaskRef,
    TaskState,
    User,
)
from schema.ports import (
    AccountLink,
    BulkEntry,
    BulkRequest,
    BulkResult,
    DefinitionRow,
    EdgeRow,
    FlowListRequest,
    GroupRow,
    InboxWatchRequest,
    LinkedBy,
    Operation,
    PageRequest,
    PersonRow,
    Problem,
    RowList,
    SourceInfo,
    SourceReport,
    SourceStatus,
    StatsRequest,
    TakeNextRequest,
    TaskEdgeRow,
    TaskEvent,
    TaskList,
    TaskListRequest,
    TaskStats,
    Verdict,
    WriteRequest,
    WriteResult,
)

FETCHED_AT = datetime(2026, 6, 15, 8, 59, 30, 123456, tzinfo=UTC)


def a_task(native_id: str = "1", source: str = "c8", **more: Any) -> Task:
    return Task(
        **{
            "source": source,
            "native_id": native_id,
            "title": f"Task {native_id}",
            "state": TaskState.READY,
            "rule": "c8.created.unassigned",
            "fetched_at": FETCHED_AT,
            **more,
        }
    )


T = TypeVar("T")


class FakeFederation:
    """Answers from dictionaries that a test fills, and records every call as (method, argument).

    A value that is a ConnectorError is the failure of that key. Lists of tasks and `operation` raise `broken`. If
    `gate` is set, `get_users` waits for it; `held` is set while it waits.
    """

    def __init__(self, people: Sequence[Caller]) -> None:
        self._people = {person.key: person for person in people}
        self.tasks: dict[TaskRef, Task | ConnectorError] = {}
        self.details: dict[TaskRef, TaskDetail | ConnectorError] = {}
        self.known: list[frozenset[TaskRef]] = []
        self.read_fresh: frozenset[TaskRef | FlowRef] = frozenset()
        self.flows: dict[FlowRef, Flow | ConnectorError] = {}
        self.users: dict[NativeRef, User] = {}
        self.groups: dict[NativeRef, Group] = {}
        self.result: WriteResult | None = None
        self.problem: Problem | None = None
        self.broken: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.held = asyncio.Event()
        self.definitions: list[DefinitionRow] = []
        self.operations: dict[str, Operation] = {}
        self.stats = TaskStats(total=0, accuracy=CountAccuracy.EXACT, overdue=0, buckets=(), sources=())
        self.events: list[TaskEvent] = []
        self.people_rows: list[PersonRow] = []
        self.group_rows: list[GroupRow] = []
        self.calls: dict[str, list[Any]] = defaultdict(list)

    def add(self, *tasks: Task) -> None:
        self.tasks.update({task.ref: task for task in tasks})

    def sources(self) -> Sequence[SourceInfo]:
        return [
            SourceInfo(key="c8", name="Camunda", vendor="camunda", status=SourceStatus.OK, acts_as="service"),
            SourceInfo(
                key="geo",
                name="Field work",
                vendor="geotareas",
                status=SourceStatus.UNAVAILABLE,
                acts_as="exchange",
                status_reason="no answer",
                last_success_at=FETCHED_AT,
                time_zone="Europe/Madrid",
            ),
        ]

    def person(self, key: str) -> Caller | None:
        return self._people.get(key)

    async def links_of(self, person: Caller) -> Sequence[AccountLink]:
        return [
            AccountLink(source=source, identity=identity, linked_by=LinkedBy.CONFIG)
            for source, identity in person.identities.items()
        ]

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        for person in self._people.values():
            identity = person.identity(ref.source)
            if identity is not None and identity.native_id == ref.native_id:
                return person
        return None

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        self.calls["list_tasks"].append(request)
        if self.broken is not None:
            raise self.broken
        rows = [task for task in self.tasks.values() if isinstance(task, Task)]

        def cursor_of(task: Task) -> str:
            self.calls["cursor"].append(task.ref)
            return f"after-{task.native_id}"

        return TaskList(
            edges=[
                TaskEdgeRow(task, lambda task=task: cursor_of(task))  # type: ignore[misc]
                for task in rows[: request.first]
            ],
            has_next_page=len(rows) > request.first,
            has_previous_page=request.after is not None,
            total=len(rows) if request.count else None,
            total_accuracy=CountAccuracy.EXACT if request.count else CountAccuracy.UNKNOWN,
            is_complete=self.problem is None,
            sources=[
                SourceReport(source="c8", status=SourceStatus.OK, count=len(rows), upstream_calls=1),
                SourceReport(
                    source="geo",
                    status=SourceStatus.RATE_LIMITED if self.problem else SourceStatus.OK,
                    error=self.problem,
                ),
            ],
        )

    async def watch_inbox(self, caller: Caller, request: InboxWatchRequest) -> AsyncGenerator[TaskEvent, None]:
        for event in self.events:
            yield event

    async def watch_tasks(self, caller: Caller, refs: Collection[TaskRef]) -> AsyncGenerator[TaskEvent, None]:
        for event in self.events:
            if event.ref in refs:
                yield event

    async def watch_statuses(self, keys: Collection[str]) -> AsyncGenerator[str, None]:
        for key in keys:
            yield key

    async def task_stats(self, caller: Caller, request: StatsRequest) -> TaskStats:
        self.calls["task_stats"].append(request)
        return self.stats

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        self.calls["get_tasks fresh" if fresh else "get_tasks"].append(list(refs))
        return {ref: self.tasks[ref] for ref in refs if ref in self.tasks}

    async def get_details(
        self,
        caller: Caller,
        wanted: Mapping[TaskRef, frozenset[DetailAspect]],
        *,
        known: Mapping[TaskRef, Task] = MappingProxyType({}),
        fresh: bool = False,
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        self.calls["get_details"].append(dict(wanted))
        self.known.append(frozenset(known))
        if fresh:
            self.read_fresh |= frozenset(wanted)
        return {ref: self.details[ref] for ref in wanted if ref in self.details}

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        self.calls["get_flows"].append(list(refs))
        if fresh:
            self.read_fresh |= frozenset(refs)
        return {ref: self.flows[ref] for ref in refs if ref in self.flows}

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        self.calls["get_visible_flow"].append(ref)
        flow = self.flows.get(ref)
        if isinstance(flow, ConnectorError):
            raise flow
        return flow

    async def list_flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        self.calls["list_flows"].append(request)
        flows = [flow for flow in self.flows.values() if isinstance(flow, Flow)]
        return self._listed(flows, request)

    async def list_task_definitions(self, caller: Caller, request: PageRequest) -> RowList[DefinitionRow]:
        self.calls["list_task_definitions"].append(request)
        return self._listed(self.definitions, request)

    async def get_task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        self.calls["get_task_definition"].append(ref)
        known = {NativeRef(row.source, row.native_id): row.definition for row in self.definitions}
        return known.get(ref)

    async def get_flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        self.calls["get_flow_definition"].append(ref)
        flows = [flow for flow in self.flows.values() if isinstance(flow, Flow)]
        named = [flow.definition for flow in flows if flow.source == ref.source and flow.definition is not None]
        return next((one for one in named if one.native_id == ref.native_id), None)

    async def list_users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        self.calls["list_users"].append((request, search, assignable_to))
        return self._listed(self.people_rows, request)

    async def list_groups(
        self, caller: Caller, request: PageRequest, *, search: str | None = None
    ) -> RowList[GroupRow]:
        self.calls["list_groups"].append((request, search))
        return self._listed(self.group_rows, request)

    async def list_members(self, caller: Caller, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        self.calls["list_members"].append((group, request))
        return self._listed(self.people_rows, request)

    def _listed(self, rows: Sequence[T], request: PageRequest) -> RowList[T]:
        return RowList(
            edges=[EdgeRow(row, lambda: "after") for row in rows[: request.first]],
            has_next_page=len(rows) > request.first,
            has_previous_page=request.after is not None,
            total=len(rows) if request.count else None,
            total_accuracy=CountAccuracy.EXACT if request.count else CountAccuracy.UNKNOWN,
            sources=[
                SourceReport(source="c8", status=SourceStatus.OK),
                SourceReport(source="geo", status=SourceStatus.SKIPPED),
            ],
        )

    def verdicts(self, caller: Caller, task: Task, actions: Sequence[TaskAction] | None = None) -> Sequence[Verdict]:
        self.calls["verdicts"].append((task.ref, actions))
        return [
            Verdict(
                action=action,
                allowed=action is TaskAction.CLAIM,
                support=Support.NATIVE,
                atomic=True,
                reason=None if action is TaskAction.CLAIM else "not now",
            )
            for action in (TaskAction if actions is None else actions)
        ]

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        self.calls["get_users"].append(list(refs))
        if self.gate is not None:
            self.held.set()
            await self.gate.wait()
        return {ref: self.users[ref] for ref in refs if ref in self.users}

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        self.calls["get_groups"].append(list(refs))
        return {ref: self.groups[ref] for ref in refs if ref in self.groups}

    async def perform_bulk(self, caller: Caller, request: BulkRequest) -> BulkResult:
        self.calls["perform_bulk"].append(request)
        entries = {}
        for ref in request.targets:
            result = self.result or WriteResult(status=MutationStatus.APPLIED, operation_id=f"op-{ref.native_id}")
            task = self.tasks.get(ref)
            if isinstance(task, Task):
                result = structs.replace(result, task=task)
            entries[ref] = BulkEntry(result, is_recorded=not request.dry_run)
        return BulkResult(entries, upstream_calls=len(entries))

    async def take_next(self, caller: Caller, request: TakeNextRequest) -> WriteResult:
        self.calls["take_next"].append(request)
        return self.result or WriteResult(status=MutationStatus.APPLIED, operation_id="op-1")

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        self.calls["perform"].append(request)
        if self.result is not None:
            return self.result
        task = self.tasks.get(request.target) if isinstance(request.target, TaskRef) else None
        assert task is None or isinstance(task, Task)
        return WriteResult(
            status=MutationStatus.APPLIED,
            operation_id="op-1",
            task=task,
            support=Support.NATIVE,
            atomic=True,
            upstream_calls=1,
        )

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        self.calls["operation"].append(operation_id)
        if self.broken is not None:
            raise self.broken
        return self.operations.get(operation_id)

    async def last_write(self, task: TaskRef) -> Operation | None:
        self.calls["last_write"].append(task)
        return next((one for one in self.operations.values() if one.task == task), None)

"""Definitions by id. No vendor is called for a single definition: shared lists are searched."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError
from connectors.sdk.model import Definition, Flow, FlowRef, NativeRef
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from schema.ports import (
    DefinitionRow,
    FlowListRequest,
    PageRequest,
    RowList,
    SourceReport,
    SourceStatus,
    TaskFilter,
    TaskList,
    TaskListRequest,
)

_RECENT_ROWS = 100
_RECENT_TASKS_FOR_FLOWS = 20
"""Each flow of these tasks may cost a call."""

_FAILED = {SourceStatus.UNAVAILABLE, SourceStatus.RATE_LIMITED, SourceStatus.UNAUTHORIZED}


class Definitions:
    """The lists that are read do not depend on the id, so a hundred unknown ids cost no more calls than one."""

    def __init__(
        self,
        *,
        list_definitions: Callable[[PageRequest], Awaitable[RowList[DefinitionRow]]],
        list_tasks: Callable[[Caller, TaskListRequest], Awaitable[TaskList]],
        list_flows: Callable[[Caller, FlowListRequest], Awaitable[RowList[Flow]]],
        flows: Callable[[Iterable[FlowRef]], Awaitable[Mapping[FlowRef, Flow | ConnectorError]]],
    ) -> None:
        self._list_definitions = list_definitions
        self._list_tasks = list_tasks
        self._list_flows = list_flows
        self._flows = flows

    async def task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """From the source's list of definitions, else from the newest tasks that `caller` sees (older versions)."""
        sources, after = frozenset({ref.source}), None
        while True:
            page = await self._list_definitions(
                PageRequest(sources=sources, first=_RECENT_ROWS, after=after, count=False)
            )
            found = _named(ref, (edge.item.definition for edge in page.edges))
            if found is not None:
                return found
            if not page.has_next_page:
                break
            after = page.edges[-1].cursor()
        tasks = await self._recent_tasks(caller, ref.source, _RECENT_ROWS, TaskFilter(sources=sources))
        found = _named(ref, (edge.task.definition for edge in tasks.edges))
        if found is None:
            _raise_failure(ref, [*page.sources, *tasks.sources])
        return found

    async def flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """From the newest flows of the source, for task admins; then from the flows of recent tasks."""
        sources, reports = frozenset({ref.source}), list[SourceReport]()
        if caller.is_task_admin:
            page = await self._list_flows(caller, FlowListRequest(sources=sources, first=_RECENT_ROWS, count=False))
            found = _named(ref, (edge.item.definition for edge in page.edges))
            if found is not None:
                return found
            reports += page.sources
        # Some sources list flows of one business object only, and their flows are still reached from tasks.
        wanted = TaskFilter(sources=sources, has_flow=True)
        tasks = await self._recent_tasks(caller, ref.source, _RECENT_TASKS_FOR_FLOWS, wanted)
        refs = {FlowRef(ref.source, edge.task.flow_id) for edge in tasks.edges if edge.task.flow_id is not None}
        flows = await self._flows(refs)
        found = _named(ref, (flow.definition for flow in flows.values() if isinstance(flow, Flow)))
        if found is None:
            _raise_failure(ref, [*reports, *tasks.sources])
        return found

    async def _recent_tasks(self, caller: Caller, source: str, first: int, wanted: TaskFilter) -> TaskList:
        newest = SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC)
        return await self._list_tasks(caller, TaskListRequest(filter=wanted, order=(newest,), first=first, count=False))


def _named(ref: NativeRef, definitions: Iterable[Definition | None]) -> Definition | None:
    return next((one for one in definitions if one is not None and one.native_id == ref.native_id), None)


def _raise_failure(ref: NativeRef, reports: Sequence[SourceReport]) -> None:
    """Not found in a source that could not be read: that is a failure, not an unknown id."""
    for report in reports:
        if report.source == ref.source and report.status in _FAILED and report.error is not None:
            if report.status is SourceStatus.RATE_LIMITED:
                raise RateLimitedError(report.error.message, retry_at=report.error.retry_at)
            raise UnavailableError(report.error.message)

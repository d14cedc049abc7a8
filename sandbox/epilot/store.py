"""The flows and workflows of the organisation, and the rows that its query services see."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sandbox.epilot.engine import Engine
from sandbox.epilot.errors import RefusalError
from sandbox.epilot.records import Flow, Workflow
from sandbox.epilot.search import Row


class VisibleRows:
    """Rows by flow, as the query services see them: each change becomes visible at a given time."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}
        self._coming: deque[tuple[datetime, str, list[Row]]] = deque()

    def put(self, id: str, rows: list[Row], visible: datetime, now: datetime) -> None:
        if visible <= now and not self._coming:
            self._show(id, rows)
        else:
            self._coming.append((visible, id, rows))

    def all(self, now: datetime) -> Iterator[Row]:
        while self._coming and self._coming[0][0] <= now:
            _, id, rows = self._coming.popleft()
            self._show(id, rows)
        for rows in self._rows.values():
            yield from rows

    def _show(self, id: str, rows: list[Row]) -> None:
        if rows:
            self._rows[id] = rows
        else:
            self._rows.pop(id, None)


class FlowStore:
    """`rows_of` makes the rows of a flow for the query services."""

    def __init__(self, rows_of: Callable[[Flow], list[Row]], new_id: Callable[[], str]) -> None:
        self.engine = Engine(new_id)
        self.new_id = new_id
        self.rows = VisibleRows()
        self._rows_of = rows_of
        self._flows: dict[str, Flow] = {}
        self._by_entity: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def get(self, id: str) -> Flow:
        """Return a flow. Raises 404 without a body, as the operations on flows describe it."""
        flow = self._flows.get(id)
        if flow is None:
            raise RefusalError(404, "Flow execution not found", described=False)
        return flow

    def find(self, id: str) -> Flow | None:
        return self._flows.get(id)

    def of_entity(self, entity_id: str, entity_schema: str) -> list[Flow]:
        return [self._flows[id] for id in self._by_entity.get((entity_id, entity_schema), ())]

    def all(self) -> Iterator[Flow]:
        yield from self._flows.values()

    def put(self, flow: Flow, now: datetime, lag: timedelta) -> None:
        """Store a new or changed flow."""
        if flow.id not in self._flows:
            self._flows[flow.id] = flow
        for context in flow.contexts:
            self._by_entity[context.entity_id, context.entity_schema][flow.id] = None
        self.rows.put(flow.id, self._rows_of(flow), now + lag, now)

    def unlink(self, flow: Flow) -> None:
        """Remove the flow from the index of entities. To be called before its contexts change."""
        for context in flow.contexts:
            self._by_entity[context.entity_id, context.entity_schema].pop(flow.id, None)

    def remove(self, flow: Flow, now: datetime, lag: timedelta) -> None:
        self.unlink(flow)
        del self._flows[flow.id]
        self.rows.put(flow.id, [], now + lag, now)

    def settle(self, now: datetime, lag: timedelta) -> None:
        """Run automations and schedules that are due."""
        for flow in {flow.id: flow for flow in self.engine.settle(now, self.find)}.values():
            self.put(flow, now, lag)


class WorkflowStore:
    def __init__(self) -> None:
        self._by_id: dict[str, Workflow] = {}

    def find(self, id: str) -> Workflow | None:
        return self._by_id.get(id)

    def get(self, id: str, *, status: int = 500) -> Workflow:
        """Return a workflow. Raises `status`: most operations describe 500, not 404."""
        workflow = self._by_id.get(id)
        if workflow is None:
            raise RefusalError(status, "Workflow execution not found", described=status != 404)
        return workflow

    def put(self, workflow: Workflow) -> None:
        self._by_id[workflow.id] = workflow

    def remove(self, id: str) -> None:
        del self._by_id[id]

    def all(self) -> Iterator[Workflow]:
        yield from self._by_id.values()

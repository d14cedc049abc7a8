"""The flows of the organisation, and the rows that its query services see of them."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.epilot.engine import Engine
from sandbox.epilot.records import Flow
from sandbox.epilot.refusals import RefusalError

Row = dict[str, Any]


class Rows:
    """What the query services see, of each flow or workflow: behind the writes by as much as they are told."""

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
        self.rows = Rows()
        self._rows_of = rows_of
        self._flows: dict[str, Flow] = {}
        self._by_entity: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def get(self, id: str) -> Flow:
        """Give a flow; raise 404, which the operations on flows describe without a body."""
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
        """Keep a flow that is new or has changed."""
        if flow.id not in self._flows:
            self._flows[flow.id] = flow
        for context in flow.contexts:
            self._by_entity[context.entity_id, context.entity_schema][flow.id] = None
        self.rows.put(flow.id, self._rows_of(flow), now + lag, now)

    def unlink(self, flow: Flow) -> None:
        """Forget what the flow is about, before that changes."""
        for context in flow.contexts:
            self._by_entity[context.entity_id, context.entity_schema].pop(flow.id, None)

    def remove(self, flow: Flow, now: datetime, lag: timedelta) -> None:
        self.unlink(flow)
        del self._flows[flow.id]
        self.rows.put(flow.id, [], now + lag, now)

    def settle(self, now: datetime, lag: timedelta) -> None:
        """Let automations end and schedules come due."""
        for flow in {flow.id: flow for flow in self.engine.settle(now, self.find)}.values():
            self.put(flow, now, lag)

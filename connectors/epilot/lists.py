"""The four places where tasks can be listed, one class each; none of them holds everything."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Raw

from connectors.epilot import wire
from connectors.epilot.client import EpilotClient
from connectors.epilot.mapping import Around, Execution, task_from_wire, tasks_of
from connectors.epilot.reading import kanban_row, overview_row
from connectors.epilot.settings import Entity, EpilotSettings, Generation, KanbanColumns, ListBy
from connectors.sdk import (
    CountAccuracy,
    MalformedResponseError,
    Page,
    Task,
    TaskQuery,
    TaskState,
    ValidationFailedError,
)

_OFFSET = re.compile(r"[0-9]{1,9}")
_ENTITY_OFFSET = re.compile(r"([0-9]{1,3}):([0-9]{1,9})")

# Rows of one page of a query; a maximum is not described.
ROWS = 100

NOTHING: Page[Task] = Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


_ENDED_STATES = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.FAILED})
_UNENDED_STATES = frozenset(TaskState) - _ENDED_STATES
_OF_RUNNING_FLOWS = _UNENDED_STATES - {TaskState.CANCELED}
# The sets of states that a filter can tell, the narrowest first.
_TOLD = (_OF_RUNNING_FLOWS, _UNENDED_STATES, _ENDED_STATES)


class TaskList(ABC):
    """`note` says what it may leave out or show late."""

    note: ClassVar[str]

    def __init__(self, settings: EpilotSettings, client: EpilotClient, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.client = client
        self.clock = clock

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """As the connector's."""
        return TaskQuery()

    @abstractmethod
    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """As the connector's `list_tasks`."""

    def rows(self, rows: Iterable[tuple[wire.Task, Around, Raw]]) -> tuple[Task, ...]:
        """Of rows with the same id the first."""
        now = self.clock()
        found: dict[str, Task] = {}
        for row, around, raw in rows:
            task = task_from_wire(row, around, self.settings, fetched_at=now, payload=raw)
            found.setdefault(task.native_id, task)
        return tuple(found.values())


class Overview(TaskList):
    """The query API's data set of tasks; filters by people."""

    note = (
        "the overview is made from analytics and lags behind writes by a time that the vendor does not tell; "
        "it knows five statuses and two types, so that tasks on hold, scheduled or failed look like pending ones; "
        "it does not say which tasks of a flow are current"
    )

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """There is no filter for "nobody" alone, nor for states."""
        return TaskQuery(assignees=query.assignees)

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        if query.assignees is not None and not query.assignees:
            return NOTHING
        offset = 0 if after is None else _offset(after)
        size = _size(min(max(limit, 1), ROWS), offset)
        body: dict[str, object] = {
            "dataset": "workflow_tasks_overview",
            # It must be said even where nobody is asked for: unassigned tasks are left out by default.
            "include_unassigned": query.assignees is None,
            "sort_by": "creation_date_descending",
            "page_number": offset // size + self.settings.options.first_page,
            "page_size": size,
        }
        if query.assignees is not None:
            body["assignee_ids"] = sorted(query.assignees)
        if self.settings.options.definition_ids:
            body["workflow_definition_ids"] = list(self.settings.options.definition_ids)
        rows = await self.client.query_overview(body)
        if not rows.results and rows.hits is not None and rows.hits > offset:
            raise MalformedResponseError("the overview's pages do not add up; try the other options.first_page")
        generation = self.settings.generation
        tasks = self.rows((*overview_row(raw, generation), raw) for raw in rows.results)
        return _page(tasks, rows, offset)


class Kanban(TaskList):
    """The kanban API's data set of tasks; filters by every column."""

    note = (
        "the columns of the kanban data set are not published by the vendor: what is not called as configured is "
        "missing, and with kanban_filters what these hold back; which generations it holds is not told either"
    )

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """States by the class that the vendor's statuses can tell, so that lists share answers."""
        states = query.states
        if states:
            states = next((each for each in _TOLD if states <= each), None)
        return TaskQuery(states=states, assignees=query.assignees, has_assignee=query.has_assignee)

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        if query.states == frozenset() or query.assignees == frozenset():
            return NOTHING
        if query.assignees is not None and query.has_assignee is False:
            return NOTHING
        options = self.settings.options
        columns = options.kanban_columns
        offset = 0 if after is None else _offset(after)
        body: dict[str, object] = {
            "sorting": {"field": columns.created_at, "direction": "desc"},
            "from": offset,
            "size": min(max(limit, 1), ROWS),
        }
        items = [*(each.model_dump(exclude_none=True) for each in options.kanban_filters), *_conditions(query, columns)]
        if items:
            body["filters"] = {"items": items, "combination": "AND"}
        rows = await self.client.query_kanban(body)
        generation = self.settings.generation
        tasks = self.rows((*kanban_row(raw, generation, columns), raw) for raw in rows.results)
        # Statuses in another case than the filter's come all the same.
        return _page(tuple(task for task in tasks if query.matches(task)), rows, offset)


class OfEntities(TaskList):
    """All tasks of the flows of the configured business objects, one search each."""

    note = "only tasks of flows of the configured entities"

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """One entity a page at most; the cursor is `<entity>:<offset within its tasks>`."""
        entities = self.settings.options.entities
        if not entities:
            return NOTHING
        index, offset = (0, 0) if after is None else _entity_offset(after, len(entities))
        executions = await executions_of(entities[index], self.settings.generation, self.client)
        earlier = entities[:index]
        tasks = _tasks((each for each in executions if not _is_about_one_of(each, earlier)), self)
        end = offset + max(limit, 1)
        if end < len(tasks):
            return Page(items=tasks[offset:end], next_cursor=f"{index}:{end}")
        following = f"{index + 1}:0" if index + 1 < len(entities) else None
        return Page(items=tasks[offset:end], next_cursor=following)


class ExecutionsV1(TaskList):
    """All tasks of all executions of the older generation, in one answer."""

    note = (
        "only workflows of the older generation; their list is light, so that steps may lack status and assignees: "
        "then only the next open step of each is shown as ready"
    )

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        offset = 0 if after is None else _offset(after)
        tasks = _tasks(await self.client.workflows.list_executions(), self)
        end = offset + max(limit, 1)
        return Page(
            items=tasks[offset:end],
            next_cursor=str(end) if end < len(tasks) else None,
            total=len(tasks),
            total_accuracy=CountAccuracy.EXACT,
        )


TASK_LISTS: dict[ListBy, type[TaskList]] = {
    ListBy.OVERVIEW: Overview,
    ListBy.KANBAN: Kanban,
    ListBy.ENTITIES: OfEntities,
    ListBy.EXECUTIONS_V1: ExecutionsV1,
}


async def executions_of(entity: Entity, generation: Generation, client: EpilotClient) -> list[Execution]:
    """The executions of one business object, each once."""
    if generation is Generation.V1:
        found = await client.workflows.list_executions(entity_id=entity.entity_id, entity_schema=entity.entity_schema)
    else:
        found = await client.flows.search(entity_id=entity.entity_id, entity_schema=entity.entity_schema)
    return list({each.record.id: each for each in reversed(found)}.values())[::-1]


def _tasks(executions: Iterable[Execution], of: TaskList) -> Sequence[Task]:
    now = of.clock()
    found: dict[str, Task] = {}
    for execution in executions:
        for key, task in tasks_of(execution, of.settings, fetched_at=now).items():
            found.setdefault(key, task)
    return tuple(found.values())


def _is_about_one_of(execution: Execution, entities: Sequence[Entity]) -> bool:
    """Then it was found by that entity already."""
    about = {(each.entity_schema, each.entity_id) for each in execution.record.contexts or ()}
    return any((each.entity_schema, each.entity_id) in about for each in entities)


def _conditions(query: TaskQuery, columns: KanbanColumns) -> list[dict[str, object]]:
    """A pushed-down query in the words of the kanban filter."""

    def condition(key: str, operator: str, value: Sequence[str]) -> dict[str, object]:
        return {"key": key, "operator": operator, "value": value, "data_type": "string"}

    found: list[dict[str, object]] = []
    if query.states is not None:
        ended = "IS_ONE_OF" if query.states == _ENDED_STATES else "IS_NONE_OF"
        found.append(condition(columns.status, ended, ("COMPLETED", "FAILED", "SKIPPED")))
    if query.states == _OF_RUNNING_FLOWS:
        found.append(condition(columns.execution_status, "IS_NONE_OF", ("CLOSED", "DONE")))
    if query.assignees is not None:
        found.append(condition(columns.assignee, "IS_ONE_OF", sorted(query.assignees)))
    elif query.has_assignee is not None:
        found.append({"key": columns.assignee, "operator": "NOT_EMPTY" if query.has_assignee else "EMPTY"})
    return found


def _page(tasks: tuple[Task, ...], rows: wire.TaskRows, offset: int) -> Page[Task]:
    """The vendor may give fewer rows than asked for: only an empty page, or the count, is the end."""
    end = offset + len(rows.results)
    more = bool(rows.results) and (rows.hits is None or end < rows.hits)
    return Page(
        items=tasks,
        next_cursor=str(end) if more else None,
        total=None if rows.hits is None else int(rows.hits),
        total_accuracy=CountAccuracy.UNKNOWN if rows.hits is None else CountAccuracy.EXACT,
    )


def _size(limit: int, offset: int) -> int:
    """The largest page up to `limit` that begins at `offset`, where pages are asked for by number."""
    return next(size for size in range(limit, 0, -1) if offset % size == 0)


def _offset(cursor: str) -> int:
    if _OFFSET.fullmatch(cursor) is None:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return int(cursor)


def _entity_offset(cursor: str, entities: int) -> tuple[int, int]:
    match = _ENTITY_OFFSET.fullmatch(cursor)
    if match is None or int(match[1]) >= entities:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return int(match[1]), int(match[2])

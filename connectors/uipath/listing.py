"""Pages of tasks: by id where the order does not matter, by offset with an anchor where it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Raw, Struct

from connectors.sdk.errors import ConnectorError, ValidationFailedError
from connectors.sdk.model import CountAccuracy, Task
from connectors.sdk.query import Page, TaskQuery
from connectors.uipath import mapping, odata, search, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.native_id import TaskId, task_id
from connectors.uipath.settings import UiPathSettings

# Ids that one request names.
BATCH = 40

_BY_ID = re.compile(r"id:([1-9][0-9]{0,18})")
_BY_OFFSET = re.compile(r"at:([1-9][0-9]{0,8}):([1-9][0-9]{0,18})")

Row = tuple[wire.Task, Raw]


class Position(Struct, frozen=True):
    """How many rows were given, and the id of the last of them."""

    offset: int
    anchor: int


class TaskList:
    """The vendor pages by offset alone. A task that leaves the list between two pages would hide another one, so
    unordered lists go on behind the last id, and ordered ones begin with the row that was given last and step back one
    page where it is not there.
    """

    def __init__(self, client: UiPathClient, settings: UiPathSettings, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """`limit` is at most `odata.MOST_ROWS` - 1: an ordered page asks for one row more."""
        filter = search.filter_of(query, self._settings.options.folders)
        if filter is None:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        if search.order_of(query.order) != search.order_of(()):
            return await self._ordered(query, filter, limit, _position(after))
        return await self._unordered(query, filter, limit, _last_id(after))

    async def get(self, ids: Sequence[TaskId]) -> Mapping[str, Task | ConnectorError]:
        """Many by few requests; what is in another folder than its id says is absent."""
        found: dict[str, Task | ConnectorError] = {}
        for batch in odata.batches(list(dict.fromkeys(ids)), BATCH):
            wanted = {str(each) for each in batch}
            query: dict[str, str | int] = {
                "$filter": odata.any_of("Id", [str(each.task) for each in batch]),
                "$top": len(batch),
                "$orderby": "Id asc",
            }
            try:
                listing = await self._client.list_tasks(query, as_task_admin=False)
            except ConnectorError as error:
                found |= dict.fromkeys(sorted(wanted), error)
                continue
            tasks = self._tasks(listing.rows)
            found |= {task.native_id: task for task in tasks if task.native_id in wanted}
        return found

    async def _unordered(self, query: TaskQuery, filter: str, limit: int, last: int | None) -> Page[Task]:
        rest = filter if last is None else " and ".join(each for each in (filter, f"Id gt {last}") if each)
        rows, total = await self._rows(rest, search.order_of(()), top=limit)
        end = max((row.id for row, _ in rows), default=0)
        more = len(rows) >= limit and end > (last or 0)
        return self._page(query, rows, f"id:{end}" if more else None, total if last is None else None)

    async def _ordered(self, query: TaskQuery, filter: str, limit: int, position: Position | None) -> Page[Task]:
        order = search.order_of(query.order)
        if position is None:
            rows, total = await self._rows(filter, order, top=limit)
            return self._page(query, rows, _cursor(0, rows, limit), total)
        skip = position.offset - 1
        rows, total = await self._rows(filter, order, top=limit + 1, skip=skip)
        behind = _behind(rows, position.anchor)
        if behind is None and skip > 0:
            # The row given last moved or left: rows before this page may be new to it.
            skip = max(0, skip - limit)
            rows, total = await self._rows(filter, order, top=limit + 1, skip=skip)
            behind = _behind(rows, position.anchor)
        given = rows[behind or 0 :][:limit]
        end = skip + (behind or 0) + len(given)
        full = len(rows) > limit
        cursor = f"at:{end}:{given[-1][0].id}" if given and full else None
        return self._page(query, given, cursor, total)

    async def _rows(self, filter: str, order: str, *, top: int, skip: int = 0) -> tuple[list[Row], int | None]:
        query: dict[str, str | int] = {"$orderby": order, "$top": min(top, odata.MOST_ROWS), "$count": "true"}
        if filter:
            query["$filter"] = filter
        if skip:
            query["$skip"] = skip
        listing = await self._client.list_tasks(query, as_task_admin=self._settings.options.as_task_admin)
        return listing.rows, listing.total

    def _page(self, query: TaskQuery, rows: Sequence[Row], cursor: str | None, total: int | None) -> Page[Task]:
        """Ids and texts are compared again: of a text the vendor's database may find other spellings."""
        again = TaskQuery(ids=query.ids, business_keys=query.business_keys, definition_keys=query.definition_keys)
        known = total if again == TaskQuery() else None
        return Page(
            items=tuple(task for task in self._tasks(rows) if again.matches(task)),
            next_cursor=cursor,
            total=known,
            total_accuracy=CountAccuracy.UNKNOWN if known is None else CountAccuracy.EXACT,
        )

    def _tasks(self, rows: Sequence[Row]) -> tuple[Task, ...]:
        now = self._clock()
        return mapping.distinct(
            mapping.task_from_wire(row, self._settings, fetched_at=now, payload=raw) for row, raw in rows
        )


def known_ids(ids: Sequence[str]) -> list[TaskId]:
    return [found for text in ids if (found := task_id(text)) is not None]


def _cursor(skip: int, rows: Sequence[Row], limit: int) -> str | None:
    return f"at:{skip + len(rows)}:{rows[-1][0].id}" if rows and len(rows) >= limit else None


def _behind(rows: Sequence[Row], anchor: int) -> int | None:
    return next((index + 1 for index, (row, _) in enumerate(rows) if row.id == anchor), None)


def _last_id(after: str | None) -> int | None:
    if after is None:
        return None
    match = _BY_ID.fullmatch(after)
    if match is None or int(match[1]) >= 1 << 63:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return int(match[1])


def _position(after: str | None) -> Position | None:
    if after is None:
        return None
    match = _BY_OFFSET.fullmatch(after)
    if match is None:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return Position(int(match[1]), int(match[2]))

"""Pages of tasks: by id where the order does not matter, by offset with an anchor where it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Raw, Struct

from connectors.sdk import (
    ConnectorError,
    CountAccuracy,
    Page,
    SortDirection,
    SortKey,
    Task,
    TaskOrderField,
    TaskQuery,
    ValidationFailedError,
    time_from_wire,
)
from connectors.uipath import mapping, odata, search, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.native_id import TaskId, task_id
from connectors.uipath.settings import UiPathSettings

# Ids that one request names.
BATCH = 40

_BY_ID = re.compile(r"id:([1-9][0-9]{0,18})")
_BY_OFFSET = re.compile(r"at:([1-9][0-9]{0,8}):([1-9][0-9]{0,18}):(-?[0-9]{1,18})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[wire.Task, Raw]


class Position(Struct, frozen=True):
    """How many rows were given, the id of the last of them, and the time by which that one was sorted."""

    offset: int
    anchor: int
    time: int | None


class TaskList:
    """The vendor pages by offset alone. A task that leaves the list between two pages would hide another one, so
    unordered lists go on behind the last id, and ordered ones begin with the row that was given last and step back, page
    by page, until a page holds that row or begins with one that sorts before it. They give rows again rather than none.
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
            cursor = _cursor(len(rows), rows[-1][0], query) if rows and len(rows) >= limit else None
            return self._page(query, rows, cursor, total)
        skip = position.offset - 1
        while True:
            rows, total = await self._rows(filter, order, top=limit + 1, skip=skip)
            behind = _behind(rows, query, position)
            if behind is not None or skip == 0 or _begins_before(rows, query, position):
                break
            # The row given last moved or left: rows before this page may not have been given.
            skip = max(0, skip - limit)
        given = rows[behind or 0 :][:limit]
        end = skip + (behind or 0) + len(given)
        # Where others moved in before it, the row given last may be the last of its page: then none of this page is new.
        last = (given or rows)[-1][0] if len(rows) > limit else None
        cursor = None if last is None else _cursor(end, last, query)
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


def _cursor(offset: int, last: wire.Task, query: TaskQuery) -> str:
    time = _time(last, query)
    return f"at:{offset}:{last.id}:{'' if time is None else time}"


def _behind(rows: Sequence[Row], query: TaskQuery, position: Position) -> int | None:
    """The place behind the row given last, where that one did not move."""
    given = (position.anchor, position.time)
    return next((index + 1 for index, (row, _) in enumerate(rows) if (row.id, _time(row, query)) == given), None)


def _begins_before(rows: Sequence[Row], query: TaskQuery, position: Position) -> bool:
    """Whether everything before the page sorts before the row given last, and hence was given."""
    begin = _time(rows[0][0], query) if rows else None
    if begin is None or position.time is None:
        return False
    falls = _sorted_by(query).direction is SortDirection.DESC
    return begin > position.time if falls else begin < position.time


def _sorted_by(query: TaskQuery) -> SortKey:
    return next(key for key in query.order if key.field in search.TIME_MEMBERS)


def _time(row: wire.Task, query: TaskQuery) -> int | None:
    """What the row is sorted by first, in microseconds."""
    text = {
        TaskOrderField.CREATED_AT: row.creation_time,
        TaskOrderField.UPDATED_AT: row.last_modification_time,
        TaskOrderField.COMPLETED_AT: row.completion_time,
    }[_sorted_by(query).field]
    moment = time_from_wire(text, UTC)
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


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
    return Position(int(match[1]), int(match[2]), None if match[3] is None else int(match[3]))

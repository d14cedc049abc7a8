"""Pages of the list of tasks, and tasks by id."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from connectors.sdk import (
    Announced,
    ConnectorError,
    CountAccuracy,
    Decoded,
    KeysetCursor,
    NextPage,
    NotFoundError,
    OddRow,
    Page,
    SortDirection,
    SortKey,
    Task,
    TaskOrderField,
    TaskQuery,
    distinct,
    get_each,
    read_cursor,
    readable_task,
    split_rows,
    time_from_wire,
    write_cursor,
)
from connectors.uipath import mapping, search, wire
from connectors.uipath.client import Rows, UiPathClient, drain_rows
from connectors.uipath.formats import MOST_ROWS, any_of, batches
from connectors.uipath.ids import TaskId
from connectors.uipath.settings import UiPathSettings

# Ids in one request.
BATCH = 40

# Rows of one page of a list that the gateway filters or sorts: the largest `$top` (`MOST_ROWS`), less the one row that a
# page of an ordered list reads again.
SCAN_PAGE = MOST_ROWS - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[wire.Task, Raw]


class Position(Struct, frozen=True):
    """Where a page of an ordered list ended: the cursor.

    `offset` is the number of rows so far, `last` the id of the last row (0: it has none), `time` the microsecond by which
    it was sorted.
    """

    offset: Annotated[int, Meta(ge=1, le=999_999_999)]
    last: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    time: Annotated[int, Meta(ge=-(10**18), le=10**18)] | None


class TaskList:
    """Reads tasks. The vendor pages by offset only, so a task that leaves the list between two pages would hide another.

    Lists without an order continue behind the last id instead. Pages of an ordered list begin with the last row of the page
    before. If that row is not there, the list steps back, page by page, until a page contains it or begins with a row that
    sorts before it. So rows may be repeated, but none is lost.
    """

    def __init__(self, client: UiPathClient, settings: UiPathSettings, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """`limit` is at most `SCAN_PAGE`: a page of an ordered list reads one row more."""
        filter = search.filter_of(query, self._settings.options.folders)
        if filter is None:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        if search.order_of(query.order) != search.order_of(()):
            return await self._ordered(query, filter, limit, None if after is None else read_cursor(after, Position))
        return await self._unordered(query, filter, limit, KeysetCursor.parse(after))

    async def get(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One task by its own path, several by lists of `BATCH` ids. Tasks of folders that the source excludes are absent."""
        allowed = self._settings.options.folders
        parsed = (TaskId.parse(text) for text in dict.fromkeys(ids))
        wanted = [each for each in parsed if each is not None and (not allowed or each.folder in allowed)]
        if len(wanted) > 1:
            return await self._several(wanted)
        return await get_each((str(each) for each in wanted), self.get_one)

    async def get_one(self, native_id: str) -> Task:
        """NotFoundError also for a task of another folder than the one in its id."""
        native = TaskId.require(native_id)
        found, raw = await self._client.get_task(native.task)
        now = self._clock()
        # Only a record that tells its folder can be one of another folder.
        folder = native.folder if "organizationUnitId" in found.odd else None

        def made(row: wire.Task) -> Task:
            return mapping.task_from_wire(row, self._settings, fetched_at=now, payload=raw, folder=folder)

        task = readable_task(found, made, source=self._settings.key, native_id=native_id, fetched_at=now, payload=raw)
        if task.native_id != native_id:
            raise NotFoundError("that folder has no such task")
        return task

    async def _several(self, ids: Sequence[TaskId]) -> Mapping[str, Task | ConnectorError]:
        found: dict[str, Task | ConnectorError] = {}
        for batch in batches(ids, BATCH):
            wanted = {str(each) for each in batch}
            try:
                rows = await self._batch(batch)
            except ConnectorError as error:
                found |= dict.fromkeys(sorted(wanted), error)
                continue
            tasks, odd = self._tasks(rows)
            readable = [row.task for row in odd if row.task is not None]
            found |= {task.native_id: task for task in (*readable, *tasks) if task.native_id in wanted}
        return found

    async def _batch(self, ids: Sequence[TaskId]) -> list[Row]:
        """The rows of at most `BATCH` ids, in more than one page if the vendor caps pages."""

        async def page(skip: int) -> Rows[wire.Task]:
            query: dict[str, str | int] = {
                "$filter": any_of("Id", [str(each.task) for each in ids]),
                "$orderby": "Id asc",
                "$count": "true",
            }
            if skip:
                query["$skip"] = skip
            return await self._client.list_tasks(query, top=len(ids), as_task_admin=False)

        rows, _ = await drain_rows(page, most_pages=BATCH)
        return _rows_of(rows)

    async def _unordered(self, query: TaskQuery, filter: str, limit: int, cursor: KeysetCursor) -> Page[Task]:
        rest = " and ".join(each for each in (filter, f"Id gt {cursor}") if each) if cursor.last else filter
        rows, said = await self._rows(rest, search.order_of(()), top=limit)
        # Behind rows without a readable id no list can go on.
        is_stuck = bool(rows) and not any(said.rows)
        following = NextPage(truncated=said.says_more) if is_stuck else cursor.following(said)
        return self._page(query, rows, following, None if cursor.last else said.total)

    async def _ordered(self, query: TaskQuery, filter: str, limit: int, position: Position | None) -> Page[Task]:
        order = search.order_of(query.order)
        if position is None:
            rows, said = await self._rows(filter, order, top=limit)
            cursor = _cursor(len(rows), rows[-1][0], query) if said.says_more else None
            return self._page(query, rows, NextPage(cursor, truncated=said.lacks_rows), said.total)
        skip = position.offset - 1
        while True:
            rows, said = await self._rows(filter, order, top=limit + 1, skip=skip)
            begin = _begin_of_new_rows(rows, query, position)
            if begin is not None or skip == 0 or _begins_before(rows, query, position):
                break
            # The last row moved or left the list, so there may be unread rows before this page.
            skip = max(0, skip - limit)
        new = rows[begin or 0 :][:limit]
        end = skip + (begin or 0) + len(new)
        rest = None if said.total is None else max(0, said.total - skip)
        says_more = end < skip + len(rows) or replace(said, total=rest).says_more
        if not says_more:
            return self._page(query, new, NextPage(truncated=not rows and bool(rest)), said.total)
        # If other rows moved in before it, the last row of the page before may be the last of this one: no row is new.
        cursor = _cursor(end, (new or rows)[-1][0], query)
        # A page that leads nowhere: the vendor announces rows and gives none but the one that was read before.
        leads_on = cursor != write_cursor(position)
        is_cut = not leads_on and (rest is not None or said.has_link)
        return self._page(query, new, NextPage(cursor if leads_on else None, truncated=is_cut), said.total)

    async def _rows(self, filter: str, order: str, *, top: int, skip: int = 0) -> tuple[list[Row], Announced[int]]:
        """One page, and what the vendor says of it; an id is 0 if it cannot be read."""
        query: dict[str, str | int] = {"$orderby": order, "$count": "true"}
        if filter:
            query["$filter"] = filter
        if skip:
            query["$skip"] = skip
        top = min(top, MOST_ROWS)
        answer = await self._client.list_tasks(query, top=top, as_task_admin=self._settings.options.as_task_admin)
        rows = _rows_of(answer.rows)
        return rows, Announced([row.id for row, _ in rows], answer.total, answer.has_link, answer.is_last)

    def _page(self, query: TaskQuery, rows: Sequence[Row], following: NextPage, total: int | None) -> Page[Task]:
        """Compares ids and texts again, because the vendor's database may ignore letter case. Then the total is unknown."""
        compared = TaskQuery(ids=query.ids, business_keys=query.business_keys, definition_keys=query.definition_keys)
        tasks, odd = self._tasks(rows)
        items = tuple(task for task in tasks if compared.matches(task))
        return following.page(items, total=total if compared == TaskQuery() else None, odd=odd)

    def _tasks(self, rows: Sequence[Row]) -> tuple[list[Task], tuple[OddRow, ...]]:
        """The tasks, each once, and the rows that do not fit."""
        now = self._clock()

        def made(row: wire.Task, raw: Raw) -> Task:
            return mapping.task_from_wire(row, self._settings, fetched_at=now, payload=raw)

        found = split_rows(((_decoded(row), raw) for row, raw in rows), as_task=made, people=mapping.OWNERS)
        return distinct((made(row, raw) for row, raw in found.rows), lambda task: task.native_id), found.odd


def _rows_of(rows: Sequence[tuple[Decoded[wire.Task], Raw]]) -> list[Row]:
    """All rows of an answer: positions are counted with those that do not fit."""
    return [(mapping.row_of(found), raw) for found, raw in rows]


def _decoded(row: wire.Task) -> Decoded[wire.Task]:
    return Decoded(row if row.id else None, row.odd) if isinstance(row, wire.OddTask) else Decoded(row)


def _cursor(offset: int, last: wire.Task, query: TaskQuery) -> str:
    return write_cursor(Position(offset, last.id, _time(last, query)))


def _begin_of_new_rows(rows: Sequence[Row], query: TaskQuery, position: Position) -> int | None:
    """The index behind the last row of the page before. None if that row is not among `rows` or its time has changed."""
    last = (position.last, position.time)
    return next((index + 1 for index, (row, _) in enumerate(rows) if (row.id, _time(row, query)) == last), None)


def _begins_before(rows: Sequence[Row], query: TaskQuery, position: Position) -> bool:
    """Whether the first row sorts before the last row of the page before. Then all rows before it were read already."""
    begin = _time(rows[0][0], query) if rows else None
    if begin is None or position.time is None:
        return False
    is_descending = _sort_key(query).direction is SortDirection.DESC
    return begin > position.time if is_descending else begin < position.time


def _sort_key(query: TaskQuery) -> SortKey:
    return next(key for key in query.order if key.field in search.TIME_MEMBERS)


def _time(row: wire.Task, query: TaskQuery) -> int | None:
    """The time by which the row is sorted first, in microseconds since 1970."""
    text = {
        TaskOrderField.CREATED_AT: row.creation_time,
        TaskOrderField.UPDATED_AT: row.last_modification_time,
        TaskOrderField.COMPLETED_AT: row.completion_time,
    }[_sort_key(query).field]
    time = time_from_wire(text, UTC)
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)

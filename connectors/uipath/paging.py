"""Pages of the list of tasks, and tasks by id."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Raw

from connectors.sdk import (
    Announced,
    ConnectorError,
    CountAccuracy,
    Decoded,
    KeysetCursor,
    NextPage,
    NotFoundError,
    OddRow,
    OffsetCursor,
    Page,
    Task,
    TaskOrderField,
    TaskQuery,
    distinct,
    get_each,
    readable_task,
    split_rows,
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

# The cursors of an ordered list are no cursors of another one.
_ORDERED = ("rows",)

Row = tuple[wire.Task, Raw]


class TaskList:
    """Reads tasks. The vendor pages by offset only, so a task that leaves the list between two pages would hide another.

    Lists without an order continue behind the last id instead. Pages of an ordered list begin with the last row of the page
    before: see `OffsetCursor`.
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
            return await self._ordered(query, filter, limit, OffsetCursor.parse(after, _ORDERED))
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
        said = await self._rows(rest, search.order_of(()), top=limit)
        ids = Announced([row.id for row, _ in said.rows], said.total, said.has_link, said.is_last)
        # Behind rows without a readable id no list can go on.
        is_stuck = bool(said.rows) and not any(ids.rows)
        following = NextPage(truncated=said.says_more) if is_stuck else cursor.following(ids)
        total = None if cursor.last else said.total
        return self._page(query, said.rows, following, total, is_capped=said.contradicts_itself)

    async def _ordered(self, query: TaskQuery, filter: str, limit: int, cursor: OffsetCursor) -> Page[Task]:
        order = search.order_of(query.order)

        async def read(skip: int, top: int) -> Announced[Row]:
            return await self._rows(filter, order, top=top, skip=skip)

        page = await cursor.page(read, limit=limit, most=MOST_ROWS, key=lambda row: _key(row, query), streams=_ORDERED)
        return self._page(query, page.rows, page.following, page.total, is_capped=page.is_capped)

    async def _rows(self, filter: str, order: str, *, top: int, skip: int = 0) -> Announced[Row]:
        """One page, and what the vendor says of it; an id is 0 if it cannot be read."""
        query: dict[str, str | int] = {"$orderby": order, "$count": "true"}
        if filter:
            query["$filter"] = filter
        if skip:
            query["$skip"] = skip
        top = min(top, MOST_ROWS)
        answer = await self._client.list_tasks(query, top=top, as_task_admin=self._settings.options.as_task_admin)
        return Announced(_rows_of(answer.rows), answer.total, answer.has_link, answer.is_last)

    def _page(
        self, query: TaskQuery, rows: Sequence[Row], following: NextPage, total: int | None, *, is_capped: bool
    ) -> Page[Task]:
        """Compares ids and texts again, because the vendor's database may ignore letter case. Then the total is unknown."""
        compared = TaskQuery(ids=query.ids, business_keys=query.business_keys, definition_keys=query.definition_keys)
        tasks, odd = self._tasks(rows)
        items = tuple(filter(compared.test(), tasks))
        known = total if compared == TaskQuery() else None
        return following.page(items, total=known, is_capped=is_capped, odd=odd)

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


def _key(row: Row, query: TaskQuery) -> object:
    """The id and the time by which the row is sorted first: a row that moved is another one. Bytes without an id."""
    found, raw = row
    return (found.id, _time(found, query)) if found.id else bytes(raw)


def _time(row: wire.Task, query: TaskQuery) -> str | None:
    """The time by which the row is sorted first, as the vendor writes it."""
    return {
        TaskOrderField.CREATED_AT: row.creation_time,
        TaskOrderField.UPDATED_AT: row.last_modification_time,
        TaskOrderField.COMPLETED_AT: row.completion_time,
    }[next(key.field for key in query.order if key.field in search.TIME_MEMBERS)]

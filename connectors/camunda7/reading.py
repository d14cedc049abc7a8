"""Tasks as lists and single reads give them: the row, its candidates and what its process instance adds."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.details import completer
from connectors.camunda7.mapping import NO_FLOW, PEOPLE, Candidates, OfFlow, closed_task_of, task_of, utc
from connectors.camunda7.rows import Found, candidates_by_id, flows_of, open_rows
from connectors.camunda7.search import Plan
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    Announced,
    Clock,
    ConnectorError,
    Decoded,
    NotFoundError,
    OddRow,
    OffsetCursor,
    Page,
    Task,
    TaskQuery,
    decode_record,
    get_each,
    readable_task,
    split_rows,
    unreadable,
)

AnyTask: TypeAlias = wire.Task | wire.HistoricTask
Row: TypeAlias = tuple[Decoded[AnyTask], Raw]


class TaskReader:
    def __init__(self, client: Camunda7Client, settings: Camunda7Settings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock

    async def page(self, query: TaskQuery, plan: Plan, cursor: OffsetCursor, *, limit: int, most: int) -> Page[Task]:
        """Rows that the engine gives beyond `query` are left out, and then its count is not that of the list."""
        client = self._client

        async def read(offset: int, size: int) -> Announced[Row]:
            if plan.is_history:
                raws = await client.list_historic_tasks(plan.filter, first=offset, limit=size, sorting=plan.sorting)
                return Announced([_historic(raw) for raw in raws], await client.count_historic_tasks(plan.filter))
            raws = await client.list_tasks(plan.filter, first=offset, limit=size, sorting=plan.sorting)
            return Announced([_open(raw) for raw in raws], await client.count_tasks(plan.filter))

        page = await cursor.page(read, limit=limit, most=most, key=_key)
        found = split_rows(page.rows, as_task=self._bare, people=PEOPLE)
        tasks, odd = await self._whole(found.rows)
        items = [task for task in tasks if query.matches(task)]
        is_counted = plan.is_exact and len(items) == len(tasks)
        return page.page(items, is_counted=is_counted, odd=(*found.odd, *odd))

    async def tasks(self, ids: Sequence[str]) -> dict[str, Task | ConnectorError]:
        """The tasks by id, those of the history too; a task that could not be read has its error."""
        found: dict[str, Task | ConnectorError] = {}
        rows: list[tuple[AnyTask, Raw]] = []
        raws = await open_rows(self._client, ids) if ids else []
        for raw in raws:
            decoded = decode_record(raw, wire.Task)
            if decoded.record is not None and not decoded.odd:
                rows.append((decoded.record, Raw(raw)))
            elif decoded.record is not None:
                found[decoded.record.id] = self._readable(decoded, Raw(raw), decoded.record.id)
        known = {row.id for row, _ in rows} | found.keys()
        if self._settings.options.history:
            found.update(await get_each((each for each in ids if each not in known), self._closed))
        links = await self._candidates([row for row, _ in rows])
        flows = await self._flows([row for row, _ in rows])
        now = self._clock()
        for row, raw_ in rows:
            link = links.get(row.id)
            flow = flows.get(row.process_instance_id or "", NO_FLOW)
            if isinstance(link, ConnectorError):
                found[row.id] = link
            elif isinstance(row, wire.Task):
                found[row.id] = task_of(row, raw_, self._settings, fetched_at=now, candidates=link, of_flow=flow)
        return {each: found[each] for each in ids if each in found}

    async def current(self, id: str) -> wire.Task:
        """The record of an open task; NotFoundError if it has ended."""
        return await self._client.get_task(id)

    async def candidates(self, row: wire.Task) -> Candidates:
        found = (await candidates_by_id(self._client, [row]))[row.id]
        if isinstance(found, ConnectorError):
            raise found
        return found

    def shown(self, row: wire.Task, before: Task, candidates: Candidates | None = None) -> Task:
        """The task after a write, from the record that was read then; the rest is as `before`."""
        made = task_of(
            row, before.payload or Raw(b"{}"), self._settings, fetched_at=self._clock(), candidates=candidates
        )
        if candidates is None:
            made = replace(made, candidate_users=before.candidate_users, candidate_groups=before.candidate_groups)
        return replace(made, flow_name=before.flow_name, business_key=before.business_key)

    async def _closed(self, id: str) -> Task:
        raws = await self._client.list_historic_tasks({"taskId": id}, first=0, limit=1)
        if not raws:
            raise NotFoundError("no such task")
        decoded = decode_record(raws[0], wire.HistoricTask)
        flows = await self._flows([decoded.record] if decoded.record is not None else [])
        task = self._readable(decoded, raws[0], id, flows)
        if task.rule != "c7.completed":
            return task
        return replace(task, completed_by=await completer(self._client, id))

    def _readable(
        self,
        decoded: Decoded[wire.Task] | Decoded[wire.HistoricTask],
        raw: Raw,
        id: str,
        flows: dict[str, OfFlow] | None = None,
    ) -> Task:
        now = self._clock()
        known: Decoded[AnyTask] = Decoded(decoded.record, decoded.odd)
        return readable_task(
            known,
            lambda row: self._made(row, raw, None, flows or {}),
            source=self._settings.key,
            native_id=id,
            fetched_at=now,
            payload=raw,
        )

    def _bare(self, row: AnyTask, raw: Raw) -> Task:
        return self._made(row, raw, None, {})

    def _made(self, row: AnyTask, raw: Raw, links: Candidates | None, flows: dict[str, OfFlow]) -> Task:
        now, flow = self._clock(), flows.get(row.process_instance_id or "", NO_FLOW)
        if isinstance(row, wire.Task):
            return task_of(row, raw, self._settings, fetched_at=now, candidates=links, of_flow=flow)
        return closed_task_of(row, raw, self._settings, fetched_at=now, of_flow=flow)

    async def _whole(self, rows: Sequence[tuple[AnyTask, Raw]]) -> tuple[list[Task], list[OddRow]]:
        """Open rows of the history are read where open tasks are: the history does not say whether one is suspended."""
        began = {
            row.id: row.start_time for row, _ in rows if isinstance(row, wire.HistoricTask) and row.end_time is None
        }
        still_open = list(began)
        live: dict[str, tuple[AnyTask, Raw]] = {}
        for raw in await open_rows(self._client, still_open) if still_open else []:
            decoded = decode_record(raw, wire.Task)
            if decoded.record is not None and not decoded.odd:
                live[decoded.record.id] = (decoded.record, Raw(raw))
        gone = set(still_open) - live.keys()
        current = [live.get(row.id, (row, raw)) for row, raw in rows if row.id not in gone]
        links = await self._candidates([row for row, _ in current])
        flows = await self._flows([row for row, _ in current])
        tasks: list[Task] = []
        odd: list[OddRow] = []
        for row, raw_ in current:
            link = links.get(row.id)
            if isinstance(link, ConnectorError):
                task = self._made(row, raw_, None, flows)
                odd.append(OddRow(key=row.id, members=("identity-links",), task=unreadable(task)))
                continue
            task = self._made(row, raw_, link, flows)
            # The history writes another time of creation, some milliseconds later, and this list is filtered and sorted by it.
            tasks.append(replace(task, created_at=utc(began[row.id])) if row.id in began else task)
        return tasks, odd

    async def _candidates(self, rows: Sequence[AnyTask]) -> Found:
        return await candidates_by_id(self._client, [row for row in rows if isinstance(row, wire.Task)])

    async def _flows(self, rows: Sequence[AnyTask]) -> dict[str, OfFlow]:
        ids = (row.process_instance_id for row in rows)
        return await flows_of(self._client, ids, history=self._settings.options.history)


def _open(raw: Raw) -> Row:
    found = decode_record(raw, wire.Task)
    return Decoded(found.record, found.odd), raw


def _historic(raw: Raw) -> Row:
    found = decode_record(raw, wire.HistoricTask)
    return Decoded(found.record, found.odd), raw


def _key(row: Row) -> str | bytes:
    """The id of a record, or its bytes if the id cannot be read."""
    found, raw = row
    return bytes(raw) if found.record is None else found.record.id

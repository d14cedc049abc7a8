"""Tasks as lists and single reads give them: the row, and what it lacks: candidates, business key and name of the process."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.details import completer
from connectors.camunda7.formats import with_ids
from connectors.camunda7.mapping import NO_FLOW, PEOPLE, Candidates, OfFlow, candidates_of, closed_task_of, task_of, utc
from connectors.camunda7.search import Plan
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    Announced,
    BrokenError,
    Clock,
    ConnectorError,
    CountAccuracy,
    Decoded,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    OddRow,
    OffsetCursor,
    Page,
    RejectedError,
    Task,
    TaskQuery,
    UnavailableError,
    decode_record,
    get_each,
    readable_task,
    split_rows,
    unreadable,
)

AnyTask: TypeAlias = wire.Task | wire.HistoricTask
Row: TypeAlias = tuple[Decoded[AnyTask], Raw]

# Rows up to which each is asked for its candidates.
FEW_ROWS = 8
# Tasks of a candidate user that a list names by their ids.
MOST_OWN = 200
# What the question for those tasks leaves out of the list's filter.
_NOT_OF_OWN = frozenset({"orQueries", "withoutCandidateUsers", "withoutCandidateGroups", "includeAssignedTasks"})
# Ids that one request names.
BATCH = 200

# For which the engine is not asked for rows with data, after it could not give them.
NO_DATA = timedelta(minutes=10)

Found = dict[str, Candidates | ConnectorError]


class TaskReader:
    def __init__(self, client: Camunda7Client, settings: Camunda7Settings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._no_data_until = clock()
        self._applies_filters = False

    async def look_at_filters(self) -> None:
        """An engine ignores what it does not know. Until it is seen to apply the filters of lists, rows have their candidates."""
        self._applies_filters = await self._client.takes_alternatives()

    async def page(self, query: TaskQuery, plan: Plan, cursor: OffsetCursor, *, limit: int, most: int) -> Page[Task]:
        """Rows that the engine gives beyond `query` are left out, and then its count is not that of the list.

        Candidates are read unless the query does without them, and the engine's list is known to have no rows beyond it.
        """
        client = self._client
        asked, is_within = await self._exact(plan)
        if asked is None:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        plan = asked

        async def read(offset: int, size: int) -> Announced[Row]:
            if plan.is_history:
                raws = await client.list_historic_tasks(plan.filter, first=offset, limit=size, sorting=plan.sorting)
                return Announced([_historic(raw) for raw in raws], await client.count_historic_tasks(plan.filter))
            raws = await self._open_rows(plan, first=offset, limit=size, with_data=query.with_data)
            return Announced([_open(raw) for raw in raws], await client.count_tasks(plan.filter))

        page = await cursor.page(read, limit=limit, most=most, key=_key)
        found = split_rows(page.rows, as_task=self._bare, people=PEOPLE)
        is_bare = query.without_candidates and is_within and self._applies_filters
        tasks, odd = await self._whole(found.rows, is_bare=is_bare)
        items = list(filter(query.test(), tasks))
        is_counted = plan.is_exact and is_within and len(items) == len(tasks)
        made = page.page(items, is_counted=is_counted, odd=(*found.odd, *odd))
        if is_counted or cursor.offset or made.next_cursor is not None or made.truncated or made.odd:
            return made
        # The whole list is here, so that its rows can be counted.
        return replace(made, total=len(items), total_accuracy=CountAccuracy.EXACT)

    async def _open_rows(self, plan: Plan, *, first: int, limit: int, with_data: bool) -> list[Raw]:
        """Without data where the engine cannot give them: one object of a Java class that it lacks fails the whole list."""
        if with_data and self._clock() >= self._no_data_until:
            try:
                return await self._client.list_tasks(
                    plan.filter, first=first, limit=limit, sorting=plan.sorting, with_data=True
                )
            except (UnavailableError, MalformedResponseError) as error:
                if isinstance(error, UnavailableError) and error.native_status != 500:
                    raise
                self._no_data_until = self._clock() + NO_DATA
        return await self._client.list_tasks(plan.filter, first=first, limit=limit, sorting=plan.sorting)

    async def _exact(self, plan: Plan) -> tuple[Plan | None, bool]:
        """The plan without the groups that the engine adds to a candidate user, and whether its list has no rows beyond it.

        None in place of the plan: nothing matches. The user's own tasks are named by their ids. Of a user with more than
        `MOST_OWN` the directory tells whether the engine would add any group.
        """
        if plan.within is None:
            return plan, True
        user, named = plan.within
        own = {name: value for name, value in plan.filter.items() if name not in _NOT_OF_OWN}
        own |= {"candidateUser": user, "withCandidateUsers": True, "includeAssignedTasks": True}
        raws = await self._client.list_tasks(own, first=0, limit=MOST_OWN + 1)
        if len(raws) > MOST_OWN:
            return plan, await self._has_no_groups_but(user, named)
        rows = (decode_record(raw, wire.Task).record for raw in raws)
        groups = with_ids(plan.alternatives, sorted(row.id for row in rows if row is not None))
        return None if groups is None else replace(plan, filter={**plan.filter, "orQueries": list(groups)}), True

    async def _has_no_groups_but(self, user: str, named: frozenset[str]) -> bool:
        try:
            return await self._client.groups_of(user) <= named
        except (RejectedError, BrokenError):
            return False

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
        """The record of an open task; NotFoundError if it has ended, MalformedResponseError if it is another's."""
        row = await self._client.get_task(id)
        if row.id != id:
            raise MalformedResponseError("answered with the record of another task")
        return row

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

    async def _whole(self, rows: Sequence[tuple[AnyTask, Raw]], *, is_bare: bool) -> tuple[list[Task], list[OddRow]]:
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
        links = {} if is_bare else await self._candidates([row for row, _ in current])
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


async def candidates_by_id(client: Camunda7Client, rows: Sequence[wire.Task]) -> Found:
    """The candidates of each task; a failure is that of its task.

    The engine has no call for the candidates of several tasks. Of many tasks it is asked which have candidates at all, and
    which of those without an assignee have each candidate group. The others are asked one by one, eight at a time: no
    filter tells whether a task has another candidate than those that it names, and the engine lists the groups in use only
    of tasks without an assignee.
    """
    found: Found = {}
    if len(rows) > FEW_ROWS:
        for start in range(0, len(rows), BATCH):
            found.update(await _by_filters(client, rows[start : start + BATCH]))
    return {**found, **await _one_by_one(client, [row.id for row in rows if row.id not in found])}


async def _by_filters(client: Camunda7Client, rows: Sequence[wire.Task]) -> Found:
    """The tasks without candidates, and those without assignee and candidate users with their groups."""
    nothing = {"withoutCandidateUsers": True, "withoutCandidateGroups": True}
    found: Found = dict.fromkeys(await _which(client, [row.id for row in rows], nothing), Candidates())
    free = [row.id for row in rows if not row.assignee and row.id not in found]
    if len(free) > FEW_ROWS:
        with_users = await _which(client, free, {"withCandidateUsers": True})
        found.update(await _by_groups(client, [each for each in free if each not in with_users]))
    return found


async def _by_groups(client: Camunda7Client, grouped: Sequence[str]) -> Found:
    """Of tasks that have candidate groups and no candidate users."""
    try:
        names = await client.groups_in_use()
    except (ForbiddenError, NotFoundError):
        return {}
    if len(names) > len(grouped):
        return {}
    groups: dict[str, list[str]] = {each: [] for each in grouped}
    for name in sorted(names):
        for each in await _which(client, grouped, {"candidateGroup": name}):
            if each in groups:
                groups[each].append(name)
    # One that has a group which was not in use a moment ago, or has an assignee by now, is asked by itself.
    return {each: Candidates((), tuple(found)) for each, found in groups.items() if found}


async def _which(client: Camunda7Client, ids: Sequence[str], wanted: Mapping[str, object]) -> set[str]:
    filter = {"taskIdIn": list(ids), **wanted, "includeAssignedTasks": True}
    raws = await client.list_tasks(filter, first=0, limit=len(ids))
    rows = (decode_record(raw, wire.Task).record for raw in raws)
    return {row.id for row in rows if row is not None}


async def _one_by_one(client: Camunda7Client, ids: Iterable[str]) -> Found:
    async def read(id: str) -> Candidates:
        return candidates_of(await client.get_identity_links(id))

    found: Found = dict(await get_each(ids, read))
    # A task that has ended meanwhile has no candidates any more.
    return {each: found.get(each, Candidates()) for each in ids}


async def flows_of(client: Camunda7Client, ids: Iterable[str | None], *, history: bool) -> dict[str, OfFlow]:
    """Business key and name by process instance. Without history the name is the key of the process."""
    found: dict[str, OfFlow] = {}
    for batch in _batches(sorted({each for each in ids if each})):
        filter = {"processInstanceIds": batch}
        if history:
            for raw in await client.list_historic_instances(filter, first=0, limit=len(batch), sorting=()):
                ended = decode_record(raw, wire.HistoricProcessInstance).record
                if ended is not None:
                    found[ended.id] = OfFlow(ended.business_key, ended.process_definition_name)
        else:
            for raw in await client.list_instances(filter, first=0, limit=len(batch), sorting=()):
                row = decode_record(raw, wire.ProcessInstance).record
                if row is not None:
                    found[row.id] = OfFlow(row.business_key, row.definition_key)
    return found


async def open_rows(client: Camunda7Client, ids: Iterable[str]) -> list[bytes]:
    """The open ones of these tasks, as the bytes of each record."""
    raws: list[bytes] = []
    for batch in _batches(list(dict.fromkeys(ids))):
        raws += [bytes(raw) for raw in await client.list_tasks({"taskIdIn": batch}, first=0, limit=len(batch))]
    return raws


def _batches(ids: Sequence[str]) -> list[list[str]]:
    return [list(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]

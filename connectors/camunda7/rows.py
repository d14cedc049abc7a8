"""What a row of a list lacks: candidates, the business key and the name of the process, for a whole page at once."""

from collections.abc import Iterable, Mapping, Sequence

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.mapping import Candidates, OfFlow, candidates_of
from connectors.sdk import ConnectorError, ForbiddenError, NotFoundError, decode_record, get_each

# Rows up to which each is asked for its candidates.
FEW_ROWS = 8
# Ids that one request names.
BATCH = 200

Found = dict[str, Candidates | ConnectorError]


async def candidates_by_id(client: Camunda7Client, rows: Sequence[wire.Task]) -> Found:
    """The candidates of each task; a failure is that of its task.

    The engine has no call for the candidates of several tasks. For many tasks without an assignee it is asked which of
    them have each candidate group; tasks with an assignee or with candidate users are asked one by one, eight at a time.
    """
    single = [row.id for row in rows]
    found: Found = {}
    free = [row.id for row in rows if not row.assignee]
    if len(free) > FEW_ROWS:
        for batch in _batches(free):
            found.update(await _by_groups(client, batch))
        single = [each for each in single if each not in found]
    return {**found, **await _one_by_one(client, single)}


async def _by_groups(client: Camunda7Client, ids: Sequence[str]) -> Found:
    """The candidates of those tasks that have groups of these, or none, and no candidate users."""
    with_users = await _which(client, ids, {"withCandidateUsers": True})
    with_groups = await _which(client, ids, {"withCandidateGroups": True})
    rest = [each for each in ids if each not in with_users]
    grouped = [each for each in rest if each in with_groups]
    try:
        names = await client.groups_in_use() if grouped else []
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
    known = {each: Candidates((), tuple(found)) for each, found in groups.items() if found}
    return {**known, **{each: Candidates() for each in rest if each not in with_groups}}


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

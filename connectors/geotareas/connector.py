"""GEOtareas as a source: its reads, and the verbs that it has."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, TypeVar

from msgspec import Raw

from connectors.geotareas import cursor, filters, mapping, wire
from connectors.geotareas.client import GeotareasClient, login_credentials, parse_error
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    Assign,
    Claim,
    Clock,
    Complete,
    Connector,
    ConnectorError,
    CountAccuracy,
    Definition,
    DetailAspect,
    Flow,
    FlowQuery,
    IdentityNotLinkedError,
    LimitsSettings,
    Listing,
    Outcome,
    Page,
    Release,
    Support,
    Task,
    TaskDetail,
    TaskQuery,
    Transport,
    Unassign,
    UnsupportedActionError,
    Upstream,
    ValidationFailedError,
    get_each,
    handles,
    utc_now,
)

T = TypeVar("T")

# Characters, from the page Workflow Tasks.
LONGEST_RESULT_CODE = 80
LONGEST_COMPLETION_COMMENT = 2000
LONGEST_REASSIGN_COMMENT = 500


def _releases(settings: GeotareasSettings) -> bool:
    return bool(settings.options.release_groups)


class GeotareasConnector(Connector[GeotareasSettings]):
    """Lists in an undocumented order and with few filters, so the gateway drains, filters and sorts."""

    vendor: ClassVar[str] = "geotareas"
    title: ClassVar[str] = "GEOtareas"
    settings_type = GeotareasSettings
    never_filled = filters.EMPTY
    page_limit = 100
    listings = frozenset({Listing.FLOWS})
    # Each operation's page says so; whose they are it does not say: one bucket of each kind is assumed.
    default_limits = LimitsSettings(requests=30, writes=10, window=60)

    def __init__(self, settings: GeotareasSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = GeotareasClient(upstream)

    @classmethod
    def open(
        cls, settings: GeotareasSettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "GeotareasConnector":
        credentials = login_credentials(settings)
        upstream = Upstream(settings, credentials=credentials, parse_error=parse_error, transport=transport)
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return filters.pushed_down(query, self.settings.options, zone=self.settings.zone, now=self.clock())

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """The vendor's pages by offset, one status after the other; the cursor is `<status>:<offset>`."""
        streams = filters.task_streams(query, self.settings.options)
        if not streams:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        names = tuple(streams)
        name, offset = cursor.position(after, names)
        listing = await self._client.list_tasks(limit=self._bounded(limit), offset=offset, filters=streams[name])
        now = self.clock()
        is_overdue = True if "overdue_only" in streams[name] else None
        tasks = {
            row.id: mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw, is_overdue=is_overdue)
            for row, raw in listing.rows
        }
        items = tuple(task for task in tasks.values() if query.matches(task))
        counts = len(names) == 1 and len(items) == len(tasks) and query.definition_keys is None
        return _page(items, cursor.following(names, name, offset, listing), listing.total if counts else None)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One detail call for each id."""
        return await get_each(filter(self.is_native_id, ids), self._get_task)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call, whatever is asked for."""
        if not aspects:
            return TaskDetail()
        record, _ = await self._client.get_task(task.native_id)
        return mapping.detail_from_wire(record, aspects, self.settings)

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return mapping.task_within_flow(task, flow)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """Looked up in the list of instances, `flow_scan_pages` pages of it: no other read of them is documented.

        Absent is what was not on these pages.
        """
        wanted = set(filter(self.is_native_id, ids))
        found: dict[str, Flow | ConnectorError] = {}
        offset = 0
        for _ in range(self.settings.options.flow_scan_pages):
            if not wanted:
                break
            try:
                listing = await self._client.list_instances(limit=self.page_limit, offset=offset)
            except ConnectorError as error:
                return found | dict.fromkeys(wanted, error)
            for row, raw in listing.rows:
                if row.id in wanted:
                    wanted.remove(row.id)
                    found[row.id] = self._flow(row, raw)
            offset += len(listing.rows)
            if not listing.rows or (listing.total is not None and offset >= listing.total):
                break
        return found

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return filters.pushed_down_flows(query, zone=self.settings.zone)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        """As `list_tasks`, from the list of instances."""
        streams = filters.instance_streams(query, zone=self.settings.zone)
        if not streams:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        names = tuple(streams)
        name, offset = cursor.position(after, names)
        listing = await self._client.list_instances(limit=self._bounded(limit), offset=offset, filters=streams[name])
        flows = {row.id: self._flow(row, raw) for row, raw in listing.rows}
        items = tuple(flow for flow in flows.values() if query.matches(flow))
        counts = len(names) == 1 and len(items) == len(flows) and query.started_at is None
        return _page(items, cursor.following(names, name, offset, listing), listing.total if counts else None)

    async def list_definitions(
        self, *, asked: wire.DefinitionFilters | None = None, limit: int, after: str | None = None
    ) -> Page[Definition]:
        """What instances are made from; the vendor gives the active ones unless `asked` says otherwise.

        No list of the graph: their steps, from which tasks are made, are in no documented answer.
        """
        names = (filters.ALL,)
        name, offset = cursor.position(after, names)
        listing = await self._client.list_definitions(limit=self._bounded(limit), offset=offset, filters=asked)
        items = {row.id: mapping.definition_from_wire(row) for row, _ in listing.rows}
        return _page(tuple(items.values()), cursor.following(names, name, offset, listing), listing.total)

    async def ping(self) -> None:
        """A login, unless there is a token, and the cheapest read."""
        await self._client.list_tasks(limit=1, offset=0)

    def is_native_id(self, native_id: str) -> bool:
        return mapping.is_native_id(native_id)

    @handles(Claim, support=Support.EMULATED, atomic=False, note="reads, then reassigns")
    async def claim(self, command: Claim) -> Outcome:
        if command.actor is None:
            raise IdentityNotLinkedError(f"the caller has no user id in {self.title}; link one in the configuration")
        return await self._reassign(command.task, user_id=command.actor.native_id, comment=command.reason)

    @handles(Assign, note="to a user or a group; clears the other")
    async def assign(self, command: Assign) -> Outcome:
        if (command.user_id is None) == (command.group_id is None):
            raise ValidationFailedError("name either a user or a group")
        for name in command.options or {}:
            raise ValidationFailedError(f"{self.title} assigns without {name!r}", field=("options", name))
        return await self._reassign(
            command.task, user_id=command.user_id, group_id=command.group_id, comment=command.reason
        )

    @handles(
        Release,
        support=Support.EMULATED,
        atomic=False,
        note="with `release_groups`: reassigns to a group",
        when=_releases,
    )
    async def release(self, command: Release) -> Outcome:
        return await self._give_back(command.task, command.reason)

    @handles(
        Unassign,
        support=Support.EMULATED,
        atomic=False,
        note="with `release_groups`: reassigns to a group",
        when=_releases,
    )
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._give_back(command.task, command.reason)

    @handles(Complete, guarded=True, note="with outcome, data and comment")
    async def complete(self, command: Complete) -> Outcome:
        if not command.outcome:
            raise ValidationFailedError("an outcome is required", field=("outcome",))
        _check_length(command.outcome, LONGEST_RESULT_CODE, "outcome")
        _check_length(command.comment, LONGEST_COMPLETION_COMMENT, "comment")
        answer = await self._client.complete(
            command.task.native_id, result_code=command.outcome, captured_data=command.data, comment=command.comment
        )
        task = mapping.completed(command.task, answer, self.settings.zone, fetched_at=self.clock())
        return Outcome(task=task, effect=mapping.effect_of(answer))

    async def _give_back(self, task: Task, reason: str | None) -> Outcome:
        group_id = mapping.queue_of(task, self.settings.options)
        if group_id is None:
            raise UnsupportedActionError(
                f"{self.title} takes a task from nobody without giving it to a group, and none is known for this one; "
                "name its workflow in the option release_groups"
            )
        return await self._reassign(task, group_id=group_id, comment=reason)

    async def _reassign(
        self, task: Task, *, user_id: str | None = None, group_id: str | None = None, comment: str | None
    ) -> Outcome:
        _check_length(comment, LONGEST_REASSIGN_COMMENT, "reason")
        answer = await self._client.reassign(task.native_id, user_id=user_id, group_id=group_id, comment=comment)
        return Outcome(task=mapping.reassigned(task, answer, fetched_at=self.clock()))

    def _bounded(self, limit: int) -> int:
        return min(max(limit, 1), self.page_limit)

    def _flow(self, row: wire.InstanceRow, raw: Raw) -> Flow:
        return mapping.flow_from_wire(row, self.settings, fetched_at=self.clock(), payload=raw)

    async def _get_task(self, native_id: str) -> Task:
        record, raw = await self._client.get_task(native_id)
        return mapping.task_from_wire(record, self.settings, fetched_at=self.clock(), payload=raw)


def _page(items: tuple[T, ...], next_cursor: str | None, total: int | None) -> Page[T]:
    accuracy = CountAccuracy.UNKNOWN if total is None else CountAccuracy.EXACT
    return Page(items=items, next_cursor=next_cursor, total=total, total_accuracy=accuracy)


def _check_length(text: str | None, longest: int, field: str) -> None:
    if text is not None and len(text) > longest:
        raise ValidationFailedError(f"{field} has more than {longest} characters", field=(field,))

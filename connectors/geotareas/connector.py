"""GEOtareas as a source: what is read, and the verbs."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, TypeVar

from msgspec import Raw

from connectors.geotareas import after_write, details, flows, ids, mapping, search, wire
from connectors.geotareas.client import GeotareasClient, login_credentials, row_key
from connectors.geotareas.errors import is_refusal, parse_error
from connectors.geotareas.extras import Extras
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    OPEN_STATES,
    Announced,
    Assign,
    Claim,
    Clock,
    Complete,
    Connector,
    ConnectorError,
    CountAccuracy,
    Decoded,
    DetailAspect,
    Flow,
    FlowQuery,
    Form,
    FormJudgement,
    Identity,
    IdentityNotLinkedError,
    LimitsSettings,
    Listing,
    NoOptions,
    OffsetCursor,
    Outcome,
    Page,
    RejectedError,
    Release,
    Support,
    Task,
    TaskAction,
    TaskCommand,
    TaskDetail,
    TaskQuery,
    Transport,
    Unassign,
    UnsupportedActionError,
    Upstream,
    ValidationFailedError,
    get_each,
    handles,
    judge_fields,
    parse_options,
    readable_flow,
    readable_task,
    split_rows,
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
    """Lists have no documented order and few filters, so the gateway reads them whole, filters and sorts."""

    vendor: ClassVar[str] = "geotareas"
    title: ClassVar[str] = "GEOtareas"
    settings_type = GeotareasSettings
    never_filled = search.NEVER_FILLED
    one_owner = True
    # The largest `limit` that the vendor documents, for scans as well.
    page_limit = 100
    listings = frozenset({Listing.FLOWS})
    # From the page of each operation. It is not documented whether operations share a limit: one window for all reads
    # and one for all writes is assumed.
    default_limits = LimitsSettings(requests=30, writes=10, window=60)

    def __init__(self, settings: GeotareasSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = GeotareasClient(upstream)
        self.extras = Extras(self._client)
        # Of each list of open tasks, as `find_rows` read it last.
        self._pages: dict[str, int] = {}

    @classmethod
    def open(
        cls, settings: GeotareasSettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "GeotareasConnector":
        credentials = login_credentials(settings)
        upstream = Upstream(
            settings, credentials=credentials, parse_error=parse_error, is_refusal=is_refusal, transport=transport
        )
        return cls(settings, upstream, clock=clock)

    async def ping(self) -> None:
        """A login, unless there is a token, and the cheapest read."""
        await self._client.list_tasks(limit=1, offset=0)

    # Tasks

    def is_native_id(self, native_id: str) -> bool:
        return ids.is_native_id(native_id)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushed_down(query, self.settings.options, zone=self.settings.zone, now=self.clock())

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """The vendor's pages by offset, one status after the other; the cursor is `<status>:<offset>`."""
        streams = search.task_streams(query, self.settings.options)
        if not streams:
            return _nothing()
        names = tuple(streams)
        cursor = OffsetCursor.parse(after, names)
        filters = streams[cursor.stream]

        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.TaskRow], Raw]]:
            return (await self._client.list_tasks(limit=size, offset=offset, filters=filters)).announced()

        page = await cursor.page(read, limit=limit, most=self.page_limit, key=row_key, streams=names)
        now = self.clock()
        is_overdue = True if "overdue_only" in filters else None

        def made(row: wire.TaskRow, raw: Raw) -> Task:
            return mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw, is_overdue=is_overdue)

        found = split_rows(page.rows, as_task=made, people=mapping.OWNERS)
        tasks = [made(row, raw) for row, raw in found.rows]
        items = tuple(filter(query.test(), tasks))
        is_whole = len(names) == 1 and len(items) == len(tasks) and query.definition_keys is None
        return page.page(items, is_counted=is_whole, odd=found.odd)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One detail call for each id."""
        return await get_each(filter(self.is_native_id, ids), self._get_task)

    async def find_rows(self, ids: Sequence[str], *, most_calls: int) -> Sequence[Task]:
        """From the lists of open tasks, as long as what is left of them costs less than a read of each task that is left."""
        wanted, found = set(filter(self.is_native_id, ids)), list[Task]()
        streams = search.task_streams(TaskQuery(states=OPEN_STATES), self.settings.options)
        left = {stream: self._pages.get(stream, 1) for stream in streams}
        for stream, filters in streams.items():
            offset = 0
            while left[stream] and sum(left.values()) < len(wanted) and most_calls > 0:
                page = await self._client.list_tasks(limit=self.page_limit, offset=offset, filters=filters)
                most_calls, offset, now = most_calls - 1, offset + self.page_limit, self.clock()
                for row, raw in split_rows(page.rows).rows:
                    if row.id in wanted:
                        wanted.remove(row.id)
                        found.append(mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw))
                total = page.total or 0
                self._pages[stream] = max(1, -(-total // self.page_limit))
                left[stream] = max(0, -(-(total - offset) // self.page_limit)) if page.rows else 0
        return found

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call for any number of aspects."""
        if not aspects:
            return TaskDetail()
        found, _ = await self._client.get_task(task.native_id)
        return details.detail_from_wire(found, aspects, self.settings)

    def detail_in(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail | None:
        """From the record of one task, which has all details. A row of a list lacks them: None."""
        record = details.record_in(task.payload)
        return None if record is None else details.detail_from_wire(record, aspects, self.settings)

    # Flows

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return flows.task_within_flow(task, flow)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """Looked up in the list of instances: no read by id is documented.

        Page by page until all are found, but not further than `scan_limit` instances, or `flow_scan_pages` if that is set.
        """
        wanted = set(filter(self.is_native_id, ids))
        found: dict[str, Flow | ConnectorError] = {}
        cursor = OffsetCursor()

        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.InstanceRow], Raw]]:
            return (await self._client.list_instances(limit=size, offset=offset)).announced()

        for _ in range(self._flow_pages()):
            if not wanted:
                break
            try:
                page = await cursor.page(read, limit=self.page_limit, most=self.page_limit, key=row_key)
            except ConnectorError as error:
                return found | dict.fromkeys(wanted, error)
            for decoded, raw in page.rows:
                row = decoded.record
                if row is not None and row.id in wanted:
                    wanted.remove(row.id)
                    found[row.id] = readable_flow(self._flow(row, raw), decoded.odd)
            if page.following.cursor is None:
                break
            cursor = OffsetCursor.parse(page.following.cursor)
        return found

    def _flow_pages(self) -> int:
        most = -(-self.settings.scan_limit // self.page_limit)
        return min(most, self.settings.options.flow_scan_pages or most)

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushed_down_flows(query, zone=self.settings.zone)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        """As `list_tasks`, from the list of instances."""
        streams = flows.instance_streams(query, zone=self.settings.zone)
        if not streams:
            return _nothing()
        names = tuple(streams)
        cursor = OffsetCursor.parse(after, names)
        filters = streams[cursor.stream]

        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.InstanceRow], Raw]]:
            return (await self._client.list_instances(limit=size, offset=offset, filters=filters)).announced()

        page = await cursor.page(read, limit=limit, most=self.page_limit, key=row_key, streams=names)
        found = split_rows(page.rows)
        rows = [self._flow(row, raw) for row, raw in found.rows]
        items = tuple(filter(query.test(), rows))
        is_whole = len(names) == 1 and len(items) == len(rows) and query.started_at is None
        return page.page(items, is_counted=is_whole, odd=found.odd)

    # Verbs

    def judge_form(
        self, form: Form, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool = False
    ) -> FormJudgement:
        """The vendor accepts data that the form has no field for."""
        return judge_fields(form.fields, data, sends_unknown=True, is_draft=is_draft)

    def check_arguments(self, command: TaskCommand) -> None:
        """Lengths of texts, and ids of users and groups: the vendor has few writes to spend on a refusal."""
        match command:
            case Complete():
                _check_length(command.outcome, LONGEST_RESULT_CODE, "outcome")
                _check_length(command.comment, LONGEST_COMPLETION_COMMENT, "comment")
            case Assign():
                parse_options(command.options, NoOptions)
                _check_id(command.user_id, "userId")
                _check_id(command.group_id, "groupId")
            case _:
                pass
        if isinstance(command, Claim | Assign | Release | Unassign):
            _check_length(command.reason, LONGEST_REASSIGN_COMMENT, "reason")
        if isinstance(command, Claim) and not ids.is_native_id(command.require_actor().native_id):
            raise IdentityNotLinkedError("your user id in this source must be a number")

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """A task is released to a group; without one it cannot be released."""
        if action in {TaskAction.RELEASE, TaskAction.UNASSIGN} and self._release_group(task) is None:
            return UnsupportedActionError(
                f"{self.title} can only release a task to a group, and no group is known for this task; "
                "name its workflow in the option release_groups"
            )
        return super().refusal_of(task, action, actor)

    @handles(Claim, support=Support.EMULATED, atomic=False, note="reads, then reassigns")
    async def claim(self, command: Claim) -> Outcome:
        return await self._reassign(command.task, user_id=command.require_actor().native_id, comment=command.reason)

    @handles(Assign, keeps_reason=True, note="to a user or a group; clears the other")
    async def assign(self, command: Assign) -> Outcome:
        return await self._reassign(
            command.task, user_id=command.user_id, group_id=command.group_id, comment=command.reason
        )

    @handles(
        Release,
        support=Support.EMULATED,
        atomic=False,
        keeps_reason=True,
        note="with `release_groups`: reassigns to a group",
        when=_releases,
    )
    async def release(self, command: Release) -> Outcome:
        return await self._release(command.task, command.reason)

    @handles(
        Unassign,
        support=Support.EMULATED,
        atomic=False,
        keeps_reason=True,
        note="with `release_groups`: reassigns to a group",
        when=_releases,
    )
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._release(command.task, command.reason)

    @handles(Complete, guarded=True, note="with outcome, data and comment")
    async def complete(self, command: Complete) -> Outcome:
        if not command.outcome:
            raise ValidationFailedError("an outcome is required", field=("outcome",))
        answer = await self._client.complete(
            command.task.native_id, result_code=command.outcome, captured_data=command.data, comment=command.comment
        )
        after_write.check_completed(answer, outcome=command.outcome)
        task = after_write.completed(command.task, answer, self.settings.zone, fetched_at=self.clock())
        return Outcome(task=task, effect=after_write.effect_of(answer))

    async def _release(self, task: Task, reason: str | None) -> Outcome:
        return await self._reassign(task, group_id=self._release_group(task), comment=reason)

    def _release_group(self, task: Task) -> str | None:
        return mapping.release_group(task, self.settings.options)

    async def _reassign(
        self, task: Task, *, user_id: str | None = None, group_id: str | None = None, comment: str | None
    ) -> Outcome:
        answer = await self._client.reassign(task.native_id, user_id=user_id, group_id=group_id, comment=comment)
        after_write.check_reassigned(answer, user_id=user_id, group_id=group_id)
        return Outcome(task=after_write.reassigned(task, answer, fetched_at=self.clock()))

    def _flow(self, row: wire.InstanceRow, raw: Raw) -> Flow:
        return flows.flow_from_wire(row, self.settings, fetched_at=self.clock(), payload=raw)

    async def _get_task(self, native_id: str) -> Task:
        found, raw = await self._client.get_task(native_id)
        now = self.clock()
        return readable_task(
            found.except_for(*wire.DETAILS),
            lambda record: mapping.task_from_wire(record, self.settings, fetched_at=now, payload=raw),
            source=self.source,
            native_id=native_id,
            fetched_at=now,
            payload=raw,
        )


def _nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


def _check_id(native_id: str | None, field: str) -> None:
    if native_id is not None and not ids.is_native_id(native_id):
        raise ValidationFailedError(f"{field} must be the id of a user or group here: a number", field=(field,))


def _check_length(text: str | None, longest: int, field: str) -> None:
    if text is not None and len(text) > longest:
        raise ValidationFailedError(f"{field} has more than {longest} characters", field=(field,))

"""GEOtareas as a source: its reads, and the three verbs that it has."""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, ClassVar

from connectors.geotareas import mapping
from connectors.geotareas.client import GeotareasClient, login_credentials, parse_error
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import Assign, Claim, Complete, Outcome
from connectors.sdk.connector import Connector, utc_now
from connectors.sdk.errors import ConnectorError, IdentityNotLinkedError, ValidationFailedError
from connectors.sdk.fan_out import get_each
from connectors.sdk.model import OPEN_STATES, CountAccuracy, DetailAspect, Flow, Task, TaskDetail, TaskState
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from connectors.sdk.upstream import Upstream

NATIVE_ID = re.compile(r"[0-9]{1,30}")
CURSOR = re.compile(r"([A-Z_]+):([0-9]{1,9})")

NOT_OPEN_STATES = frozenset(TaskState) - OPEN_STATES
NOT_COMPLETED_STATES = frozenset(TaskState) - {TaskState.COMPLETED}

# The vendor takes one status a request: which one finds which of our states. Unfiltered stands for "all".
ALL = "ALL"
STATUSES = {
    "PENDING": frozenset({TaskState.READY, TaskState.RESERVED}),
    "IN_PROGRESS": frozenset({TaskState.IN_PROGRESS}),
    "COMPLETED": frozenset({TaskState.COMPLETED}),
}

# Characters, from the page Workflow Tasks.
LONGEST_RESULT_CODE = 80
LONGEST_COMPLETION_COMMENT = 2000
LONGEST_REASSIGN_COMMENT = 500


class GeotareasConnector(Connector[GeotareasSettings]):
    """Lists in an undocumented order and filters by status alone, so the gateway drains, filters and sorts."""

    vendor: ClassVar[str] = "geotareas"
    title: ClassVar[str] = "GEOtareas"
    settings_type = GeotareasSettings
    empty = frozenset({TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT, TaskOrderField.COMPLETED_AT})
    page_limit = 100

    def __init__(
        self, settings: GeotareasSettings, upstream: Upstream, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = GeotareasClient(upstream)

    @classmethod
    def open(
        cls, settings: GeotareasSettings, *, transport: Any = None, clock: Callable[[], datetime] = utc_now
    ) -> "GeotareasConnector":
        credentials = login_credentials(settings)
        upstream = Upstream(settings, credentials=credentials, parse_error=parse_error, transport=transport)
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """The class of states alone, widened so that most lists share one of three answers."""
        return TaskQuery(states=None if query.states is None else _widened(query.states))

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """The vendor's pages by offset, one status after the other; the cursor is `<status>:<offset>`."""
        streams = _streams(query.states)
        if not streams:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        stream, offset = (streams[0], 0) if after is None else _position(after, streams)
        listing = await self._client.list_tasks(
            status=None if stream == ALL else stream, limit=min(max(limit, 1), self.page_limit), offset=offset
        )
        now = self.clock()
        tasks = {
            row.id: mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw) for row, raw in listing.rows
        }
        end = offset + len(listing.rows)
        following = streams[streams.index(stream) + 1 :]
        cursor = None
        # Without a total, only an empty page tells the end.
        if listing.rows and (listing.total is None or end < listing.total):
            cursor = f"{stream}:{end}"
        elif following:
            cursor = f"{following[0]}:0"
        total = listing.total if len(streams) == 1 else None
        return Page(
            items=tuple(tasks.values()),
            next_cursor=cursor,
            total=total,
            total_accuracy=CountAccuracy.UNKNOWN if total is None else CountAccuracy.EXACT,
        )

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One detail call for each id."""
        return await get_each(filter(self.is_native_id, ids), self._get_task)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call, whatever is asked for."""
        if not aspects:
            return TaskDetail()
        record, _ = await self._client.get_task(task.native_id)
        return mapping.detail_from_wire(record, aspects, self.settings.zone)

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
            for row, _raw in listing.rows:
                if row.id in wanted:
                    wanted.remove(row.id)
                    found[row.id] = mapping.flow_from_wire(row, self.settings, fetched_at=self.clock())
            offset += len(listing.rows)
            if not listing.rows or (listing.total is not None and offset >= listing.total):
                break
        return found

    async def ping(self) -> None:
        """A login, unless there is a token, and the cheapest read."""
        await self._client.list_tasks(status=None, limit=1, offset=0)

    def is_native_id(self, native_id: str) -> bool:
        return NATIVE_ID.fullmatch(native_id) is not None

    @handles(Claim, support=Support.EMULATED, atomic=False, note="reads, then reassigns")
    async def claim(self, command: Claim) -> Outcome:
        if command.actor is None:
            raise IdentityNotLinkedError(f"the caller has no user id in {self.title}; link one in the configuration")
        return await self._reassign(command.task, user_id=command.actor.native_id, comment=command.reason)

    @handles(Assign, note="to a user or a group; clears the other")
    async def assign(self, command: Assign) -> Outcome:
        if (command.user_id is None) == (command.group_id is None):
            raise ValidationFailedError("name either a user or a group")
        return await self._reassign(
            command.task, user_id=command.user_id, group_id=command.group_id, comment=command.reason
        )

    @handles(Complete, guarded=True, note="with outcome, data and comment")
    async def complete(self, command: Complete) -> Outcome:
        if not command.outcome:
            raise ValidationFailedError("an outcome is required", field=("outcome",))
        _check_length(command.outcome, LONGEST_RESULT_CODE, "outcome")
        _check_length(command.comment, LONGEST_COMPLETION_COMMENT, "comment")
        answer = await self._client.complete(
            command.task.native_id, result_code=command.outcome, captured_data=command.data, comment=command.comment
        )
        return Outcome(task=mapping.completed(command.task, answer, self.settings.zone, fetched_at=self.clock()))

    async def _reassign(
        self, task: Task, *, user_id: str | None = None, group_id: str | None = None, comment: str | None
    ) -> Outcome:
        _check_length(comment, LONGEST_REASSIGN_COMMENT, "reason")
        answer = await self._client.reassign(task.native_id, user_id=user_id, group_id=group_id, comment=comment)
        return Outcome(task=mapping.reassigned(task, answer, fetched_at=self.clock()))

    async def _get_task(self, native_id: str) -> Task:
        record, raw = await self._client.get_task(native_id)
        return mapping.task_from_wire(record, self.settings, fetched_at=self.clock(), payload=raw)


def _widened(states: frozenset[TaskState]) -> frozenset[TaskState] | None:
    if not states:
        return states
    for shared in (OPEN_STATES, NOT_OPEN_STATES, NOT_COMPLETED_STATES):
        if states <= shared:
            return shared
    return None


def _streams(states: frozenset[TaskState] | None) -> tuple[str, ...]:
    if states is None:
        return (ALL,)
    return tuple(status for status, found in STATUSES.items() if found & states)


def _position(cursor: str, streams: Sequence[str]) -> tuple[str, int]:
    match = CURSOR.fullmatch(cursor)
    if match is None or match[1] not in streams:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return match[1], int(match[2])


def _check_length(text: str | None, longest: int, field: str) -> None:
    if text is not None and len(text) > longest:
        raise ValidationFailedError(f"{field} has more than {longest} characters", field=(field,))

"""A source in memory that has every verb."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from msgspec import structs

from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import (
    AddComment,
    Assign,
    Cancel,
    CancelFlow,
    Command,
    Complete,
    CreateTask,
    FlowCommand,
    FlowOutcome,
    Outcome,
    Release,
    Resume,
    ResumeFlow,
    Retry,
    SaveDraft,
    SetTags,
    Skip,
    Start,
    StartFlow,
    Suspend,
    SuspendFlow,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import (
    Activity,
    ActivityType,
    Comment,
    CountAccuracy,
    Definition,
    Flow,
    FlowState,
    Form,
    GroupRef,
    Task,
    TaskDetail,
    TaskState,
    UserRef,
)
from connectors.sdk.query import FlowQuery, Page
from connectors.sdk.traces import Traces
from tests.gateway.federation.memory_source import NOW, MemoryConnector, task

T = TypeVar("T")

FIELDS = frozenset(UpdateField) - {UpdateField.DESCRIPTION}


ACCOUNT = "account"
# The entry of the history that each write leaves.
ENTRIES = {
    "release": ActivityType.UNASSIGNED,
    "unassign": ActivityType.UNASSIGNED,
    "start": ActivityType.STARTED,
    "suspend": ActivityType.SUSPENDED,
    "resume": ActivityType.RESUMED,
    "retry": ActivityType.OPENED,
    "update": ActivityType.UPDATED,
    "tag": ActivityType.FORWARDED,
    "save_draft": ActivityType.SAVED,
    "complete": ActivityType.COMPLETED,
    "cancel": ActivityType.CANCELED,
    "skip": ActivityType.SKIPPED,
}
VERBS: dict[type[Command], str] = {
    Release: "release",
    Unassign: "unassign",
    Start: "start",
    Suspend: "suspend",
    Resume: "resume",
    Retry: "retry",
    Update: "update",
    SetTags: "tag",
    SaveDraft: "save_draft",
    Complete: "complete",
    Cancel: "cancel",
    Skip: "skip",
}


def flow(source: str, native_id: str, **members: Any) -> Flow:
    """An ACTIVE flow unless given otherwise."""
    return Flow(
        source=source,
        native_id=native_id,
        **{"state": FlowState.ACTIVE, "rule": "memory", "fetched_at": NOW, "started_at": NOW, **members},
    )


class RichConnector(MemoryConnector):
    """A source that also lists `flows` and `definitions`."""

    traces = Traces(
        entries={command: frozenset({ENTRIES[verb]}) for command, verb in VERBS.items()},
        comments=True,
        ends_once=True,
    )
    listings = frozenset({Listing.FLOWS, Listing.TASK_DEFINITIONS})

    def __init__(self, key: str, tasks: Sequence[Task] = (), *, flows: Sequence[Flow] = (), **more: Any) -> None:
        super().__init__(key, tasks, **more)
        self.flows = {one.native_id: one for one in flows}
        self.shown_flows: dict[str, Flow] | None = None
        self.definitions: list[Definition] = []
        self.comments: list[str] = []
        self.history: list[Activity] = []
        self.pushes_states = True
        self.starting: Form | ConnectorError | None = None
        self.started_with: list[Mapping[str, object] | None] = []

    async def get_detail(self, task: Task, aspects: object) -> TaskDetail:
        comments = tuple(
            Comment(native_id=str(number), text=text, created_at=NOW) for number, text in enumerate(self.comments)
        )
        return structs.replace(
            await super().get_detail(task, aspects), comments=comments, activities=tuple(self.history)
        )

    async def own_account(self) -> str | None:
        return ACCOUNT

    def is_alone(self) -> None:
        """Nothing but the gateway uses the account."""
        self.settings = self.settings.model_copy(update={"exclusive_account": True})
        self.completer = UserRef(native_id=ACCOUNT)

    def _write(self, verb: str, task: Task, **changes: Any) -> Outcome:
        """An applied write leaves an entry in the history."""
        before = len(self.writes)
        try:
            return super()._write(verb, task, **changes)
        finally:
            if len(self.writes) > before:
                self.history.append(Activity(at=NOW, type=ENTRIES.get(verb, ActivityType.OTHER), account=ACCOUNT))

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        self._count()
        known = self.flows if self.shown_flows is None else self.shown_flows
        return {native_id: known[native_id] for native_id in ids if native_id in known}

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return FlowQuery(states=query.states) if self.pushes_states else FlowQuery()

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        self._count()
        rows = [one for one in self.flows.values() if query.matches(one)]
        if self.info.sorts_flows:
            rows.sort(key=lambda one: one.started_at or NOW, reverse=True)
        return _page(rows, limit, after)

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        self._count()
        return _page(self.definitions, limit, after)

    @handles(Release)
    async def release(self, command: Release) -> Outcome:
        return self._write("release", command.task, state=TaskState.READY, assignees=())

    @handles(Unassign)
    async def unassign(self, command: Unassign) -> Outcome:
        return self._write("unassign", command.task, state=TaskState.READY, assignees=())

    @handles(Assign)
    async def assign(self, command: Assign) -> Outcome:
        owner = (UserRef(native_id=command.user_id),) if command.user_id else ()
        return self._write("assign", command.task, state=TaskState.RESERVED, assignees=owner)

    @handles(Start)
    async def start(self, command: Start) -> Outcome:
        return self._write("start", command.task, state=TaskState.IN_PROGRESS)

    @handles(Suspend)
    async def suspend(self, command: Suspend) -> Outcome:
        return self._write("suspend", command.task, state=TaskState.SUSPENDED)

    @handles(Resume)
    async def resume(self, command: Resume) -> Outcome:
        return self._write("resume", command.task, state=TaskState.RESERVED)

    @handles(Retry)
    async def retry(self, command: Retry) -> Outcome:
        return self._write("retry", command.task, state=TaskState.IN_PROGRESS)

    @handles(Update, fields=FIELDS, support=Support.EMULATED, note="in memory")
    async def update(self, command: Update) -> Outcome:
        changes: dict[str, Any] = {}
        for name in ("title", "due_at", "follow_up_at", "priority"):
            if getattr(command, name) is not None:
                changes[name] = getattr(command, name)
        if command.candidate_users is not None:
            changes["candidate_users"] = tuple(UserRef(native_id=one) for one in command.candidate_users)
        if command.candidate_groups is not None:
            changes["candidate_groups"] = tuple(GroupRef(native_id=one) for one in command.candidate_groups)
        if UpdateField.DUE_AT in command.clear:
            changes["due_at"] = None
        return self._write("update", command.task, **changes)

    @handles(SetTags)
    async def set_tags(self, command: SetTags) -> Outcome:
        return self._write("tag", command.task, tags=command.tags)

    @handles(SaveDraft)
    async def save_draft(self, command: SaveDraft) -> Outcome:
        return self._write("save_draft", command.task)

    @handles(AddComment)
    async def comment(self, command: AddComment) -> Outcome:
        try:
            return self._write("comment", command.task)
        finally:
            if self.fail_write is None or self.apply_before_failing:
                self.comments.append(command.text)

    @handles(Cancel)
    async def cancel(self, command: Cancel) -> Outcome:
        return self._write("cancel", command.task, state=TaskState.CANCELED)

    @handles(Skip)
    async def skip(self, command: Skip) -> Outcome:
        return self._write("skip", command.task, state=TaskState.SKIPPED)

    @handles(CreateTask)
    async def create(self, command: CreateTask) -> Outcome:
        new = task(self.source, f"new-{len(self.held)}", title=command.title)
        self.held[new.native_id] = new
        return self._write("create", new)

    async def start_form(self, command: StartFlow) -> Form | None:
        if isinstance(self.starting, ConnectorError):
            raise self.starting
        return self.starting

    @handles(StartFlow)
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        self.started_with.append(command.data)
        new = flow(self.source, f"flow-{len(self.flows)}", name=command.definition_key)
        return self._write_flow("start_flow", new)

    @handles(CancelFlow, guarded=True)
    async def cancel_whole_flow(self, command: CancelFlow) -> FlowOutcome:
        return self._change("cancel_flow", command, FlowState.CANCELED)

    @handles(SuspendFlow)
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        return self._change("suspend_flow", command, FlowState.SUSPENDED)

    @handles(ResumeFlow)
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        return self._change("resume_flow", command, FlowState.ACTIVE)

    def lag_flows(self) -> None:
        self.shown_flows = dict(self.flows)

    def _change(self, verb: str, command: FlowCommand, state: FlowState) -> FlowOutcome:
        return self._write_flow(verb, structs.replace(self.flows[command.flow.native_id], state=state))

    def _write_flow(self, verb: str, expected: Flow) -> FlowOutcome:
        if self.fail_write is not None:
            if self.apply_before_failing:
                self.writes.append(verb)
                self.flows[expected.native_id] = expected
            raise self.fail_write
        self.writes.append(verb)
        self.flows[expected.native_id] = expected
        return FlowOutcome(flow=expected)


def _page(rows: Sequence[T], limit: int, after: str | None) -> Page[T]:
    start = int(after or 0)
    more = start + limit < len(rows)
    return Page(
        items=rows[start : start + limit],
        next_cursor=str(start + limit) if more else None,
        total=len(rows),
        total_accuracy=CountAccuracy.EXACT,
    )

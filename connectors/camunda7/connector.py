"""The reads and verbs of one engine."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self, TypeVar
from uuid import uuid4

from msgspec import Raw

from connectors.camunda7 import after_write, details, flows, people, search, start_forms, steps
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.errors import is_refusal, parse_error
from connectors.camunda7.forms import as_sent, form_of
from connectors.camunda7.ids import is_id
from connectors.camunda7.options import at_once, by_batch, check_arguments, refusal_of
from connectors.camunda7.paging import TaskReader
from connectors.camunda7.settings import Camunda7Settings
from connectors.camunda7.traces import TRACES, account_of
from connectors.camunda7.writing import TaskWriter
from connectors.sdk import (
    AddComment,
    Announced,
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Clock,
    Complete,
    ConflictError,
    Connector,
    ConnectorError,
    CountAccuracy,
    CreateTask,
    Decoded,
    Definition,
    DeleteTask,
    DetailAspect,
    DetailParts,
    DirectoryFact,
    Flow,
    FlowOutcome,
    FlowQuery,
    FlowState,
    Form,
    FormJudgement,
    FormKind,
    Group,
    Identity,
    Listing,
    NoOptions,
    OffsetCursor,
    Outcome,
    Page,
    RejectedError,
    Release,
    ResumeFlow,
    SaveDraft,
    Skip,
    SourceSettings,
    StartFlow,
    Support,
    SuspendFlow,
    Task,
    TaskAction,
    TaskCommand,
    TaskDetail,
    TaskOrderField,
    TaskQuery,
    Transport,
    Unassign,
    Update,
    UpdateField,
    Upstream,
    User,
    from_settings,
    handles,
    judge_fields,
    parse_options,
    split_rows,
    task_outcomes,
    utc_now,
)
from connectors.sdk.form_js import judge_form as judge_document

T = TypeVar("T")

# Rows of one page of a list that the gateway filters or sorts.
SCAN_PAGE = 200


class Camunda7Connector(Connector[Camunda7Settings]):
    """Reads and writes are transactions of one database: a read shows every earlier write."""

    vendor: ClassVar[str] = "camunda7"
    title: ClassVar[str] = "Camunda 7"
    settings_type: ClassVar[type[SourceSettings]] = Camunda7Settings
    sorts: ClassVar[frozenset[TaskOrderField]] = search.SORTS
    page_limit: ClassVar[int] = 100
    scan_page: ClassVar[int | None] = SCAN_PAGE
    listings: ClassVar[frozenset[Listing]] = frozenset(
        {Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.MEMBERS, Listing.TASK_DEFINITIONS}
    )
    directory: ClassVar[frozenset[DirectoryFact]] = frozenset(DirectoryFact)
    sorts_flows: ClassVar[bool] = True
    one_owner: ClassVar[bool] = True
    changed_by = search.CHANGED_BY
    open_to_everyone: ClassVar[bool] = True
    takes_unions: ClassVar[bool] = True
    costly_candidates: ClassVar[bool] = True
    lists_data: ClassVar[bool] = True
    traces = TRACES

    def __init__(self, settings: Camunda7Settings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = Camunda7Client(upstream)
        self._reader = TaskReader(self._client, settings, clock)
        self._writer = TaskWriter(self._client, self._reader, settings, clock)

    @classmethod
    def open(cls, settings: Camunda7Settings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=from_settings(settings.credentials),
            parse_error=parse_error,
            is_refusal=is_refusal,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    async def ping(self) -> None:
        await self._client.check()

    async def look_at_account(self) -> str:
        """As Basic credentials name it: the engine does not tell. Looks also whether lists may be trusted without a test of rows."""
        await self._reader.look_at_filters()
        return account_of(self.settings) or ""

    # Tasks

    def is_native_id(self, native_id: str) -> bool:
        return is_id(native_id)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query, self.settings.options)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """A page and its count; then the candidates and process instances of its rows, each for the whole page."""
        plan = search.plan_of(query, self.settings.options)
        cursor = OffsetCursor.parse(after)
        if plan is None:
            return _nothing()
        return await self._reader.page(query, plan, cursor, limit=limit, most=SCAN_PAGE)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for 200 open tasks, one for each that is not open, and the rest as for a list."""
        return await self._reader.tasks([each for each in dict.fromkeys(ids) if self.is_native_id(each)])

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        parts = DetailParts(aspects)
        data = details.Data(self._client, task, self.settings)

        async def form() -> Form:
            return await form_of(self._client, task, await data.read()) if task.is_open else Form(kind=FormKind.NONE)

        return TaskDetail(
            description=task.description if DetailAspect.DESCRIPTION in aspects else None,
            form=await parts.read(DetailAspect.FORM, form),
            outcomes=task_outcomes(self.settings.options.outcomes) if DetailAspect.OUTCOMES in aspects else None,
            data=await parts.read(DetailAspect.DATA, data.read),
            comments=await parts.read(DetailAspect.COMMENTS, lambda: details.comments(self._client, task)),
            activities=await parts.read(DetailAspect.ACTIVITIES, lambda: details.activities(self._client, task)),
            failures=parts.failures(),
        )

    def detail_in(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail | None:
        data = details.data_in(task, self.settings) if aspects == {DetailAspect.DATA} else None
        return None if data is None else TaskDetail(data=data)

    def judge_form(
        self, form: Form, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool = False
    ) -> FormJudgement:
        """Form data as the engine checks them, further variables are sent; a Camunda form, which it does not check, as form-js."""
        if form.kind is FormKind.VENDOR_SCHEMA:
            return judge_document(form.vendor_schema, data, held, is_draft=is_draft, today=self.clock().date())
        if form.kind is not FormKind.FIELDS:
            return super().judge_form(form, data, held, is_draft=is_draft)
        if held is None:
            return FormJudgement(data=data, depends_on_held=True)
        judged = judge_fields(form.fields, data, held, sends_unknown=True, is_draft=is_draft)
        sent = judged.data if is_draft else as_sent(form.fields, judged.data)
        return FormJudgement(data=sent, faults=judged.faults, unevaluated=judged.unevaluated)

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        refusal = refusal_of(task, action, self.info.cancel_strategies)
        return refusal or super().refusal_of(task, action, actor)

    # Flows and definitions

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushdown(query, self.settings)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        filter = flows.filter_of(query)
        cursor = OffsetCursor.parse(after)
        if filter is None:
            return _nothing()

        async def read(offset: int, size: int) -> Announced[Raw]:
            raws = await flows.list_raw(self._client, filter, self.settings, first=offset, limit=size)
            return Announced(raws, await flows.count(self._client, filter, self.settings))

        page = await cursor.page(read, limit=limit, most=SCAN_PAGE, key=self._flow_key)
        found = split_rows((flows.read(raw, self.settings), raw) for raw in page.rows)
        now = self.clock()
        return page.page(
            [flows.flow_of(row, raw, self.settings, fetched_at=now) for row, raw in found.rows], odd=found.odd
        )

    def _flow_key(self, raw: Raw) -> str | bytes:
        found: Decoded[object] = flows.read(raw, self.settings)  # type: ignore[assignment]
        return getattr(found.record, "id", None) or bytes(raw)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        known = (each for each in ids if self.is_native_id(each))
        return await flows.flows_by_id(self._client, known, self.settings, fetched_at=self.clock())

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        return await flows.task_definitions(self._client, limit=min(limit, self.page_limit), after=after)

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await people.users_by_id(self._client, ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        return await people.groups_by_id(self._client, ids)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """`search` is left to the gateway. The engine accepts any text as owner: assignable are the task's candidates, or
        all users if it has none that the directory knows."""
        names = [] if assignable_to is None else await people.candidates(self._client, assignable_to)
        if names:
            return await people.named_users(self._client, names, limit=limit, after=after)
        return await people.users(self._client, {}, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        return await people.groups(self._client, limit=limit, after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await people.users(self._client, {"memberOfGroup": group_id}, limit=limit, after=after)

    async def own_account(self) -> str | None:
        return account_of(self.settings)

    def outcome_in(self, data: Mapping[str, object]) -> str | None:
        name = self.settings.options.outcome_variable
        outcome = None if name is None else data.get(name)
        return outcome if isinstance(outcome, str) else None

    # Verbs on tasks

    def check_arguments(self, command: TaskCommand) -> None:
        check_arguments(command, self.settings.options)

    async def steps(self, command: TaskCommand) -> Sequence[TaskCommand]:
        """Two for a change of two candidates, or of one beside other members, and for an assignment to a group."""
        return await self._writer.steps(command)

    def undo_of(self, step: TaskCommand, before: Task) -> TaskCommand | None:
        return steps.undo_of(step, before)

    @handles(Claim, guarded=True, note="atomic; a repeat by the same person succeeds")
    async def claim(self, command: Claim) -> Outcome:
        return await self._writer.claim(command.task, command.require_actor().native_id)

    @handles(Release, note="the gateway checks the owner before the call; the engine does not")
    async def release(self, command: Release) -> Outcome:
        await self._client.unclaim(command.task.native_id)
        return Outcome(task=after_write.assigned(command.task, None, at=self.clock()))

    @handles(Unassign, by_id=True, note="takes it from any owner")
    async def unassign(self, command: Unassign) -> Outcome:
        await self._client.set_assignee(command.task.native_id, None)
        return Outcome(task=after_write.assigned(command.task, None, at=self.clock()))

    @handles(
        Assign,
        atomic=False,
        note="to a user: one call, without override refused if another person is the owner; to a group: in two steps, the group first",
    )
    async def assign(self, command: Assign) -> Outcome:
        return await self._writer.assign(command)

    @handles(
        Update,
        support=Support.EMULATED,
        atomic=False,
        fields=frozenset(UpdateField),
        note="reads, replaces the whole task and reads again: a change by another person between the two is lost; "
        "a change of two candidates has two steps, and one of more is refused",
    )
    async def update(self, command: Update) -> Outcome:
        return await self._writer.update(command)

    @handles(
        SaveDraft, support=Support.EMULATED, note="as one task-local variable; a draft has 4,000 characters at most"
    )
    async def save_draft(self, command: SaveDraft) -> Outcome:
        return await self._writer.save_draft(command)

    @handles(AddComment, note="the engine shows the source's account as the author")
    async def add_comment(self, command: AddComment) -> Outcome:
        await self._client.add_comment(command.task.native_id, command.text)
        return Outcome(task=command.task)

    @handles(
        Complete,
        guarded=True,
        note="data becomes process variables; form data are checked by the engine too; no comment",
    )
    async def complete(self, command: Complete) -> Outcome:
        return await self._writer.complete(command)

    @handles(
        Skip,
        support=Support.EMULATED,
        atomic=False,
        guarded=True,
        note="a modification of the process instance; not if the step has several open tasks",
    )
    async def skip(self, command: Skip) -> Outcome:
        return await self._writer.skip(command)

    @handles(
        DeleteTask,
        atomic=False,
        note="of a task outside of processes only; read again: the engine says yes to one that has ended, too",
    )
    async def delete_task(self, command: DeleteTask) -> Outcome:
        return await self._writer.delete(command)

    @handles(CancelFlowOfTask, guarded=True, note="ends the process instance; the engine gets no reason", when=at_once)
    @handles(CancelFlowOfTask, note="ends the process instance; with a reason by a batch, later", when=by_batch)
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        return await self._writer.cancel_flow_of_task(command)

    @handles(CreateTask, note="outside of processes, with an id of the gateway's")
    async def create_task(self, command: CreateTask) -> Outcome:
        return await self._writer.create(command, id=str(uuid4()))

    # Verbs on flows

    async def start_form(self, command: StartFlow) -> Form | None:
        return await start_forms.read_start_form(self._client, command)

    @handles(
        StartFlow, note="by process key and version; data becomes variables; form data are checked by the engine too"
    )
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        options, body = flows.start_body(command)
        process = await start_forms.process_of(self._client, command, options.tenant_id)
        answer = await self._client.start(process, body)
        flow = after_write.started_flow(answer, command.definition_key, self.settings, at=self.clock())
        return FlowOutcome(flow=flow)

    @handles(CancelFlow, guarded=True, note="the engine gets no reason", when=at_once)
    @handles(CancelFlow, note="with a reason by a batch, later", when=by_batch)
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        parse_options(command.options, NoOptions)
        flow = command.flow
        status, effect = await self._writer.end_flow(flow.native_id, flow.name, command.reason)
        after = after_write.changed_flow(flow, FlowState.CANCELED, "EXTERNALLY_TERMINATED", at=self.clock())
        return FlowOutcome(flow=after, status=status, effect=effect)

    @handles(SuspendFlow, atomic=False, note="read again: the engine says yes to a flow that has ended, too")
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        return await self._suspended(command.flow, FlowState.SUSPENDED)

    @handles(ResumeFlow, atomic=False, note="read again, as for a suspension")
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        return await self._suspended(command.flow, FlowState.ACTIVE)

    async def _suspended(self, flow: Flow, wanted: FlowState) -> FlowOutcome:
        await self._client.set_suspended(flow.native_id, suspended=wanted is FlowState.SUSPENDED)
        after = after_write.changed_flow(flow, wanted, wanted.value, at=self.clock())
        try:
            seen = (await self.get_flows([flow.native_id])).get(flow.native_id)
        except ConnectorError:
            # The engine has answered that it did it.
            return FlowOutcome(flow=after)
        if seen is None or (isinstance(seen, Flow) and seen.state not in {FlowState.ACTIVE, FlowState.SUSPENDED}):
            raise ConflictError("no longer actionable: the process instance has ended")
        return FlowOutcome(flow=after)


def _nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)

"""epilot as a source: what is read, and the verbs, for flows (v2) and workflows (v1)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import after_write, details, flows, mapping, notices, options, paging, search, wire
from connectors.epilot.client import EpilotClient
from connectors.epilot.extras import Extras
from connectors.epilot.ids import FlowId, flow_id, is_task_id, task_id
from connectors.epilot.options import Change
from connectors.epilot.people import Directory
from connectors.epilot.settings import EpilotSettings, Generation, ListBy
from connectors.epilot.traces import TRACES
from connectors.epilot.wire import Execution
from connectors.sdk import (
    AdmissionControl,
    AlreadyAssignedError,
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Clock,
    Complete,
    ConflictError,
    Connector,
    ConnectorError,
    ConnectorInfo,
    CreateTask,
    DetailAspect,
    DirectoryFact,
    Flow,
    FlowOutcome,
    FlowQuery,
    Group,
    Identity,
    Listing,
    MalformedResponseError,
    NotFoundError,
    OffsetCursor,
    Outcome,
    Page,
    RejectedError,
    Release,
    Resume,
    Retry,
    Skip,
    Start,
    StartFlow,
    Support,
    Suspend,
    Task,
    TaskAction,
    TaskCommand,
    TaskDetail,
    TaskKind,
    TaskQuery,
    Transport,
    Unassign,
    UnsupportedActionError,
    Update,
    UpdateField,
    User,
    get_each,
    handles,
    parse_options,
    readable_flow,
    utc_now,
)

STATUS_CHANGES = frozenset(
    {TaskAction.START, TaskAction.SUSPEND, TaskAction.RESUME, TaskAction.COMPLETE, TaskAction.SKIP}
)
UPDATES = frozenset({UpdateField.TITLE, UpdateField.DESCRIPTION, UpdateField.DUE_AT})

# The vendor stores neither with a task.
_NO_DETAILS = frozenset({DetailAspect.DATA, DetailAspect.COMMENTS})


class EpilotConnector(Connector[EpilotSettings]):
    """Lists sort by one field at most, so the gateway reads them whole, filters and sorts.

    Records have no version and no etag: of two writes the later one wins.
    """

    vendor: ClassVar[str] = "epilot"
    title: ClassVar[str] = "epilot"
    settings_type = EpilotSettings
    never_filled = search.NEVER_FILLED
    # For lists that the vendor gives in one answer. Its two query APIs give 100 rows a page.
    page_limit = 1000
    listings = frozenset({Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.MEMBERS})
    directory = frozenset({DirectoryFact.EMAILS, DirectoryFact.MEMBERSHIPS})
    open_to_everyone = True
    traces = TRACES

    def __init__(self, settings: EpilotSettings, client: EpilotClient, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, client.workflow_api.upstream, clock=clock)
        self._client = client
        self._directory = Directory(client.directory)
        self._tasks = search.TASK_LISTS[settings.options.list_by](settings, client, clock)
        self.extras = Extras(client)

    @classmethod
    def info_for(cls, settings: EpilotSettings) -> ConnectorInfo:
        """`list_note` depends on the option `list_by`."""
        return replace(super().info_for(settings), list_note=search.TASK_LISTS[settings.options.list_by].note)

    @classmethod
    def open(cls, settings: EpilotSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        return cls(settings, EpilotClient(settings, transport=transport), clock=clock)

    async def ping(self) -> None:
        """One row of the list if the vendor pages it. Else the owner of the credentials: other lists give all rows."""
        if self.settings.options.list_by in {ListBy.OVERVIEW, ListBy.KANBAN}:
            await self._tasks.page(TaskQuery(), limit=1, after=None)
        else:
            await self._client.directory.me()

    async def look_at_account(self) -> str:
        """The user or access token of the credentials. The vendor shows no grants of a token."""
        me = await self._client.directory.me()
        return me.display_name or me.email or me.id or ""

    async def own_account(self) -> str | None:
        return (await self._client.directory.me()).id

    def guard(self, admission: AdmissionControl) -> None:
        self._client.guard(admission)

    def read_directly(self, *, is_on: bool) -> None:
        self._client.read_directly(is_on=is_on)

    async def aclose(self) -> None:
        await self._client.aclose()

    # Tasks

    def is_native_id(self, native_id: str) -> bool:
        return is_task_id(native_id)

    def concerns_tasks(self, body: bytes) -> bool:
        return notices.concerns_tasks(body, org_id=self.settings.options.org_id)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushed_down(query, self._tasks)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        if search.asks_for_candidates(query):
            return paging.nothing()
        if query.flows is None:
            return await self._tasks.page(query, limit=limit, after=after)
        cursor = OffsetCursor.parse(after)
        tasks, odd = await search.tasks_of_flows(query.flows, self._client, self.settings, self.clock)
        return await paging.cut(tasks, cursor, limit=limit, key=_native_id, odd=odd)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for each execution: the vendor has no read of one task."""
        flow_of = {native_id: task_id(native_id).flow for native_id in filter(self.is_native_id, ids)}
        executions = await get_each(flow_of.values(), self._client.execution)
        now = self.clock()
        tasks: dict[str, Task | ConnectorError] = {}
        for native_id, flow in flow_of.items():
            match executions.get(flow):
                case Execution() as execution:
                    found = mapping.task_by_id(execution, native_id, self.settings, fetched_at=now)
                    tasks |= {} if found is None else {native_id: found}
                case ConnectorError() as error:
                    tasks[native_id] = error
                case None:
                    continue
        return tasks

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call for any number of aspects: the whole execution."""
        if aspects <= _NO_DETAILS:
            return TaskDetail()
        where = task_id(task.native_id)
        execution = await self._client.execution(where.flow)
        found = execution.find(where.task)
        if found is not None:
            return details.detail_from_wire(found, execution, aspects, self.settings)
        raise NotFoundError("the flow no longer has this task")

    # Flows

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return flows.task_within_flow(task, flow, self.settings.options.ready_when)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        async def get(native_id: str) -> Flow:
            execution = await self._client.execution(flow_id(native_id))
            return readable_flow(self._flow(execution), flows.odd_members(execution))

        return await get_each(ids, get)

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushed_down_flows(query)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        cursor = OffsetCursor.parse(after)
        executions = await flows.executions_for(query, self.settings, self._client)
        found = list(filter(query.test(), map(self._flow, executions.records)))
        return await paging.cut(found, cursor, limit=limit, key=_native_id, odd=executions.odd)

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await self._directory.get_users(ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        return await self._directory.get_groups(ids)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """`assignable_to` has no effect: the vendor does not say who can be assigned to a task."""
        return await self._directory.list_users(search=search, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        return await self._directory.list_groups(search=search, limit=limit, after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await self._directory.list_members(group_id, limit=limit, after=after)

    # Verbs

    def check_arguments(self, command: TaskCommand) -> None:
        options.check_arguments(command)

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """The status of a disabled task cannot be changed; v1 has no operation to run a step again."""
        if action in STATUS_CHANGES and mapping.is_enabled(task) is False:
            return ConflictError("the task is disabled in epilot: its status cannot be changed")
        if action is TaskAction.RETRY and task_id(task.native_id).flow.generation is Generation.V1:
            return UnsupportedActionError("workflows of this generation cannot run a step again")
        return super().refusal_of(task, action, actor)

    @handles(
        Claim, support=Support.EMULATED, atomic=False, note="writes the list of assignees, then reads who is in it"
    )
    async def claim(self, command: Claim) -> Outcome:
        """Of two claims at once the later write wins; the read after it tells the other caller."""
        actor = command.require_actor().native_id
        if any(user.native_id != actor for user in command.task.assignees):
            raise AlreadyAssignedError("another person is assigned")
        await self._change(command, Change(assigned_to=(actor,)))
        native_id = command.task.native_id
        found = (await self.get_tasks([native_id])).get(native_id)
        match found:
            case Task() if [user.native_id for user in found.assignees] == [actor]:
                return Outcome(task=found)
            case ConnectorError() as error:
                error.maybe_applied = True
                raise error
            case Task() if found.assignees:
                raise AlreadyAssignedError("another person was assigned at the same time")
            case _:
                # The write was accepted: a record without it does not take that back.
                raise MalformedResponseError("took the assignee, but does not show it", maybe_applied=True)

    @handles(Release, note="removes the caller from the list of assignees; others stay")
    async def release(self, command: Release) -> Outcome:
        kept = options.assignees_without(command.task, command.require_actor().native_id)
        return await self._change(command, Change(assigned_to=kept))

    @handles(Unassign, note="empties the list of assignees")
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._change(command, Change(assigned_to=()))

    @handles(Assign, note="to a user, replacing the list; option `add`: keeping the others; groups cannot own tasks")
    async def assign(self, command: Assign) -> Outcome:
        add = parse_options(command.options, options.AssignOptions).add
        user = command.user_id or ""
        users = options.assignees_with(command.task, user) if add else (user,)
        return await self._change(command, Change(assigned_to=users))

    @handles(Start, note="status IN_PROGRESS")
    async def start(self, command: Start) -> Outcome:
        return await self._change(command, Change(status="IN_PROGRESS"))

    @handles(Suspend, note="status ON_HOLD")
    async def suspend(self, command: Suspend) -> Outcome:
        return await self._change(command, Change(status="ON_HOLD"))

    @handles(Resume, note="status IN_PROGRESS where the record says that work had begun, else PENDING")
    async def resume(self, command: Resume) -> Outcome:
        return await self._change(command, Change(status=options.status_after_pause(command.task)))

    @handles(
        Update,
        fields=UPDATES,
        by_id=True,
        note="a due date can be set, not cleared; options `due_date` without zone, `enabled`",
    )
    async def update(self, command: Update) -> Outcome:
        return await self._change(command, options.update_of(command))

    @handles(Complete, note="outcome: the branch of a decision that waits for a person; no data, no comment")
    async def complete(self, command: Complete) -> Outcome:
        done = await self._change(command, options.completion_of(command))
        if command.outcome and done.task.outcome is None:
            return Outcome(task=replace(done.task, outcome=command.outcome))
        return done

    @handles(Skip, by_id=True, note="status SKIPPED; the flow goes on")
    async def skip(self, command: Skip) -> Outcome:
        return await self._change(command, Change(status="SKIPPED"))

    @handles(Retry, note="runs an automation again, executes other tasks again; not in workflows (v1)")
    async def retry(self, command: Retry) -> Outcome:
        where = task_id(command.task.native_id)
        is_other = command.task.kind in {TaskKind.AI, TaskKind.DECISION, TaskKind.MANUAL}
        run = self._client.flows.execute_task if is_other else self._client.flows.run_automation
        return self._changed(command.task, await run(where.flow.execution, where.task))

    @handles(
        CancelFlowOfTask,
        keeps_reason=True,
        note="closes the flow, with a reason of options.closing_reasons where it offers one",
    )
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        flow = task_id(command.task.native_id).flow
        closed = await self._close(flow, None, (), command)
        return after_write.canceled_with_flow(command.task, closed, self.settings, fetched_at=self.clock())

    @handles(
        CancelFlow, keeps_reason=True, note="status CLOSED; option `closing_reasons`: ids or titles of configured ones"
    )
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        names = parse_options(command.options, options.CancelFlowOptions).closing_reasons
        flow = flow_id(command.flow.native_id)
        closed = await self._close(flow, command.flow.payload, names, command)
        after = after_write.closed(command.flow, fetched_at=self.clock()) if closed is None else self._flow(closed)
        return FlowOutcome(flow=after)

    @handles(
        StartFlow, note="on at least one business object (v2); options `purposes`, `generation`; no version, no data"
    )
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        return FlowOutcome(flow=self._flow(await flows.start(command, self.settings, self._client)))

    @handles(
        CreateTask,
        note="within a flow, before the next task or where `previous_task_id` and `next_task_id` say; description v1 only",
    )
    async def create_task(self, command: CreateTask) -> Outcome:
        target = options.flow_for(command)
        flow = flow_id(target.native_id)
        given = parse_options(command.options, options.CreateTaskOptions)
        if flow.generation is Generation.V1:
            step = options.new_step_body(command, given)
            answer = await self._client.workflows.create_step(flow.execution, step)
        else:
            answer = await self._add_task(command, target, given)
        return Outcome(task=after_write.created(target, answer, self.settings, fetched_at=self.clock()))

    async def _add_task(
        self, command: CreateTask, flow: Flow, given: options.CreateTaskOptions
    ) -> tuple[wire.Task, Raw]:
        task = options.new_task_body(command, given)
        where = flow_id(flow.native_id)
        previous = options.vendor_task_id(given.previous_task_id, where)
        following = options.vendor_task_id(given.next_task_id, where)
        if previous is None or following is None:
            known = await flows.known_execution(where, flow.payload, self._client)
            previous, following = options.place_in(known, previous, following)
        options.check_neighbours(previous, following)
        return await self._client.flows.add_task(where.execution, previous=previous, following=following, task=task)

    async def _change(self, command: TaskCommand, change: Change) -> Outcome:
        """One write to the task."""
        where = task_id(command.task.native_id)
        if where.flow.generation is Generation.V1:
            body = change.of_step(_user_id(command))
            answer = await self._client.workflows.update_step(where.flow.execution, where.task, body)
        else:
            answer = await self._client.flows.patch_task(where.flow.execution, where.task, change.of_task())
        after_write.check_ended(answer[0], change.status)
        return self._changed(command.task, answer)

    def _changed(self, before: Task, answer: tuple[wire.Task, Raw]) -> Outcome:
        return Outcome(task=after_write.changed(before, answer, self.settings, fetched_at=self.clock()))

    async def _close(
        self, flow: FlowId, payload: Raw | None, names: Sequence[str], command: CancelFlow | CancelFlowOfTask
    ) -> Execution | None:
        """For the reasons with these names, else the preferred one."""
        reasons = await flows.closing_reasons(flow, payload, names, self.settings, self._client)
        return await self._client.close(flow, reasons=reasons, description=command.reason, closed_by=_user_id(command))

    def _flow(self, execution: Execution) -> Flow:
        return flows.flow_from_wire(execution, self.settings, fetched_at=self.clock())


def _user_id(command: TaskCommand | CancelFlow) -> str | None:
    return None if command.actor is None else command.actor.native_id


def _native_id(record: Task | Flow) -> str:
    return record.native_id

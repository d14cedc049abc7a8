"""UiPath Action Center and Maestro as a source: what is read, and the verbs."""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self

from msgspec.structs import replace

from connectors.sdk import (
    AddComment,
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
    DeleteTask,
    DetailAspect,
    DirectoryFact,
    Flow,
    FlowOutcome,
    FlowQuery,
    Form,
    FormJudgement,
    Group,
    Identity,
    IdentityNotLinkedError,
    IfLate,
    Listing,
    MutationStatus,
    NoOptions,
    Outcome,
    Page,
    RejectedError,
    Release,
    ResumeFlow,
    SaveDraft,
    SetTags,
    Support,
    SuspendFlow,
    Task,
    TaskAction,
    TaskCommand,
    TaskDetail,
    TaskQuery,
    Transport,
    Unassign,
    UnsupportedActionError,
    Update,
    UpdateField,
    Upstream,
    User,
    ValidationFailedError,
    from_settings,
    handles,
    parse_options,
    utc_now,
)
from connectors.uipath import after_write, flows, forms, mapping, options, search, steps
from connectors.uipath.assignment import ARRAYS, DELETED, Assignments, path_of
from connectors.uipath.client import UiPathClient
from connectors.uipath.details import read_detail
from connectors.uipath.errors import is_refusal, parse_error
from connectors.uipath.extras import Extras
from connectors.uipath.ids import TaskId, number
from connectors.uipath.paging import SCAN_PAGE, TaskList
from connectors.uipath.people import MOST_USERS, Directory
from connectors.uipath.settings import UiPathSettings
from connectors.uipath.traces import TRACES


class UiPathConnector(Connector[UiPathSettings]):
    """Tasks of one tenant's folders, and the process instances behind them."""

    vendor: ClassVar[str] = "uipath"
    title: ClassVar[str] = "UiPath"
    settings_type = UiPathSettings
    sorts = frozenset(search.TIME_MEMBERS)
    never_filled = search.NEVER_FILLED
    page_limit = 500
    scan_page = SCAN_PAGE
    listings = frozenset({Listing.FLOWS, Listing.USERS, Listing.GROUPS})
    one_owner = True
    changed_by = search.CHANGED_BY
    # It says neither who is in a group nor which accounts are out of use.
    directory = frozenset({DirectoryFact.EMAILS, DirectoryFact.USERNAMES})
    directory_page = MOST_USERS
    # The vendor names no candidates of an unassigned task. Users who may work in its folder may claim it.
    open_to_everyone = True
    arrays = ARRAYS
    traces = TRACES

    def __init__(self, settings: UiPathSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = UiPathClient(upstream, settings.options)
        self._tasks = TaskList(self._client, settings, clock)
        self._assignments = Assignments(self._client, self._tasks, clock)
        self._directory = Directory(self._client, settings.options.folders)
        self._flows = flows.Flows(self._client, settings, clock)
        self.extras = Extras(self._client)
        # Whether the account is known not to be a user of the tenant.
        self._is_no_user = False

    @classmethod
    def open(cls, settings: UiPathSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=from_settings(settings.credentials),
            parse_error=parse_error,
            is_refusal=is_refusal,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    # Reads

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query, self.settings.options.folders)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        return await self._tasks.page(query, limit=min(max(limit, 1), SCAN_PAGE), after=after)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One task by its own path, several by lists."""
        return await self._tasks.get(ids)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call for form, outcomes and data together, one for comments, one for activities."""
        return await read_detail(self._client, task, TaskId.require(task.native_id), aspects, self.settings.options)

    def judge_form(
        self, form: Form, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool = False
    ) -> FormJudgement:
        return forms.judgement_of(form, data, held, is_draft=is_draft)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        return await self._flows.get_flows(ids) if self.settings.options.maestro else {}

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushed_down_flows(query)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        if not self.settings.options.maestro:
            return Page(items=())
        return await self._flows.list_flows(query, limit=limit, after=after)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """From the lists of the source's folders, one call or more for each folder."""
        return await self._directory.groups_by_id(ids)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """The users of the task's folder, else of the source's folders. `search` is left to the gateway."""
        folder = None if assignable_to is None else TaskId.require(assignable_to.native_id).folder
        return await self._directory.list_users(folder=folder, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """The directory groups that may work in a folder. Versions that name no types show few of them."""
        return await self._directory.list_groups(limit=limit, after=after)

    async def ping(self) -> None:
        await self._client.list_tasks({"$orderby": "Id asc"}, top=1, as_task_admin=self.settings.options.as_task_admin)

    @classmethod
    def info_for(cls, settings: UiPathSettings) -> ConnectorInfo:
        """Until the folders were read no one is known to have rights in them."""
        return replace(super().info_for(settings), access={})

    async def look_at_access(self) -> None:
        """One call or more for each folder, and one for the list of folders if none is configured."""
        self.note_access(await self._directory.access())

    async def look_at_account(self) -> str:
        """The user of the credentials. An application without a user cannot be the assignee that a completion needs.

        ForbiddenError for an account that may not read users.
        """
        user = await self.extras.get_self()
        self._is_no_user = user is None
        return "an application without a user" if user is None else user.name or user.username or user.native_id

    def is_native_id(self, native_id: str) -> bool:
        """`<folder id>-<task id>`, both int64."""
        return TaskId.parse(native_id) is not None

    async def own_account(self) -> str | None:
        user = await self._client.get_current_user()
        return None if user is None else str(user.id)

    @handles(Claim, support=Support.EMULATED, atomic=False, note="assigns to the person, then reads who owns the task")
    async def claim(self, command: Claim) -> Outcome:
        return await self._assignments.perform(command)

    @handles(Release, guarded=True, note="as Unassign")
    async def release(self, command: Release) -> Outcome:
        return await self._assignments.perform(command)

    @handles(Unassign, guarded=True, note="not for a task that all members of a group may claim")
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._assignments.perform(command)

    @handles(
        Assign,
        guarded=True,
        note="to a user by id, user name or mail address, or to a group; option criteria: AllUsers, Workload or "
        "RoundRobin; if the vendor picks the owner, reads it back",
    )
    async def assign(self, command: Assign) -> Outcome:
        return await self._assignments.perform(command)

    def array_of(self, command: TaskCommand) -> Hashable | None:
        return path_of(command) if type(command) in self.arrays else None

    async def perform_array(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        return await self._assignments.perform_all(commands)

    def check_arguments(self, command: TaskCommand) -> None:
        options.check_arguments(command)

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """Deleted tasks take no write; the vendor's interface completes External, Form and App tasks only."""
        if task.state_reason == DELETED:
            return ConflictError("the task is CANCELED: it was deleted in UiPath, and a deleted task takes no writes")
        if action is TaskAction.CLAIM and actor is not None and number(actor.native_id) is None:
            return IdentityNotLinkedError("your user id in this source must be a number")
        if action in {TaskAction.COMPLETE, TaskAction.SAVE_DRAFT}:
            verb = "complete" if action is TaskAction.COMPLETE else "save data of"
            refusal = forms.refusal_of_type(task, verb)
            if refusal is not None:
                return refusal
        if action is TaskAction.COMPLETE and self._is_no_user and steps.takes_over(task, self.settings.options):
            return UnsupportedActionError(steps.WITHOUT_USER)
        return super().refusal_of(task, action, actor)

    @handles(
        Update,
        fields=frozenset({UpdateField.TITLE, UpdateField.PRIORITY}),
        note="title and priority; option noteText: a comment with the change",
    )
    async def update(self, command: Update) -> Outcome:
        changes = options.metadata_of(command)
        await self._client.edit_metadata(TaskId.require(command.task.native_id), changes)
        task = after_write.updated(
            command.task, title=command.title, priority=command.priority, fetched_at=self.clock()
        )
        return Outcome(task=task)

    @handles(SetTags, note="replaces all")
    async def set_tags(self, command: SetTags) -> Outcome:
        await self._client.save_tags(
            TaskId.require(command.task.native_id), [mapping.tag_to_wire(tag) for tag in command.tags]
        )
        return self._changed(replace(command.task, tags=command.tags))

    @handles(
        SaveDraft,
        atomic=False,
        note=forms.DRAFT,
    )
    async def save_draft(self, command: SaveDraft) -> Outcome:
        await forms.save_draft(self._client, command, TaskId.require(command.task.native_id))
        return self._changed(command.task)

    @handles(AddComment, note="a note of at most 512 characters; append only")
    async def add_comment(self, command: AddComment) -> Outcome:
        await self._client.create_note(TaskId.require(command.task.native_id), command.text)
        return self._changed(command.task)

    # Creation and end

    @handles(CreateTask, note="an External task; option folderId is required unless the source has exactly one folder")
    async def create_task(self, command: CreateTask) -> Outcome:
        if command.flow is not None or command.description is not None:
            raise ValidationFailedError(
                "UiPath creates tasks without a flow and without a description", field=("flow",)
            )
        given = parse_options(command.options, options.CreateTaskOptions)
        folder = given.folder(self.settings.options.folders)
        body: dict[str, object] = {
            "type": "ExternalTask",
            "title": options.bounded(command.title, options.LONGEST_TITLE, "title"),
            **given.to_wire(),
        }
        if command.priority is not None:
            body["priority"] = mapping.NAMES_OF_PRIORITIES[command.priority]
        if command.data is not None:
            body["data"] = command.data
        row, raw = await self._client.create_task(body, folder=folder)
        return Outcome(
            task=mapping.task_from_wire(row, self.settings, fetched_at=self.clock(), payload=raw, folder=folder)
        )

    @handles(
        Complete,
        atomic=False,
        guarded=True,
        note=forms.COMPLETION,
        when=lambda settings: not settings.options.assign_before_completing,
    )
    @handles(
        Complete,
        support=Support.EMULATED,
        atomic=False,
        guarded=True,
        note=forms.COMPLETION,
        when=lambda settings: settings.options.assign_before_completing,
    )
    async def complete(self, command: Complete) -> Outcome:
        task = command.task
        completion = await forms.completion_of(self._client, command, TaskId.require(task.native_id))
        await forms.complete(self._client, completion)
        return Outcome(task=after_write.completed(task, command.outcome, fetched_at=self.clock()))

    async def steps(self, command: TaskCommand) -> Sequence[TaskCommand]:
        """With `assign_before_completing` the account completes a Form or App task, after it has taken it over."""
        if not isinstance(command, Complete) or not steps.takes_over(command.task, self.settings.options):
            return (command,)
        self.check(command)
        return await steps.steps_of(self._client, command)

    def undo_of(self, step: TaskCommand, before: Task) -> TaskCommand | None:
        return steps.undo_of(step, before)

    def if_late(self, step: TaskCommand, undo: TaskCommand) -> IfLate:
        return steps.if_late(step, undo)

    @handles(
        DeleteTask,
        guarded=True,
        when=lambda settings: settings.options.allow_delete,
        note="only with the option allow_delete; the effect on a job that waits for the task is not documented",
    )
    async def delete_task(self, command: DeleteTask) -> Outcome:
        return await self._assignments.perform(command)

    @handles(
        CancelFlowOfTask,
        guarded=True,
        keeps_reason=True,
        atomic=False,
        when=lambda settings: settings.options.maestro,
        note="cancels the Maestro instance of the task, if there is one; looks up the key of its folder",
    )
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task was not created by a job, so there is no process instance to cancel")
        flow = await self._flows.cancel(task.flow_id, command.reason)
        # The vendor does not document when the instance ends and what then happens to its open tasks.
        return Outcome(
            task=after_write.canceled(
                task, reason="FLOW_CANCELED", rule="uipath.instance.cancel", fetched_at=self.clock()
            ),
            status=MutationStatus.PENDING,
            effect=f"cancels the process instance {flow.instance} with all its open tasks",
        )

    # Flows

    @handles(
        CancelFlow,
        guarded=True,
        keeps_reason=True,
        when=lambda settings: settings.options.maestro,
        note="refused if the instance is Pending; the status may be PENDING (Canceling)",
    )
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        parse_options(command.options, NoOptions)
        return await self._flows.change(command.flow, flows.CANCEL, command.reason)

    @handles(SuspendFlow, guarded=True, keeps_reason=True, when=lambda settings: settings.options.maestro, note="pause")
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        return await self._flows.change(command.flow, flows.PAUSE, command.reason)

    @handles(ResumeFlow, guarded=True, keeps_reason=True, when=lambda settings: settings.options.maestro, note="resume")
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        return await self._flows.change(command.flow, flows.RESUME, command.reason)

    def _changed(self, task: Task) -> Outcome:
        return Outcome(task=after_write.unchanged(task, fetched_at=self.clock()))

"""UiPath Action Center and Maestro behind the gateway's seam."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self

from msgspec.structs import replace

from connectors.sdk import (
    AddComment,
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
    CreateTask,
    DeleteTask,
    DetailAspect,
    Flow,
    FlowOutcome,
    FlowQuery,
    Group,
    GroupRef,
    IdentityNotLinkedError,
    Listing,
    MutationStatus,
    NotFoundError,
    Outcome,
    Page,
    Release,
    ResumeFlow,
    SaveDraft,
    SetTags,
    SourceSettings,
    Support,
    SuspendFlow,
    Task,
    TaskCommand,
    TaskDetail,
    TaskOrderField,
    TaskQuery,
    Transport,
    Unassign,
    UnavailableError,
    Update,
    UpdateField,
    Upstream,
    User,
    UserRef,
    ValidationFailedError,
    from_settings,
    get_each,
    handles,
    utc_now,
)
from connectors.uipath import assignment, completion, mapping, option, search
from connectors.uipath.client import UiPathClient
from connectors.uipath.directory import Directory
from connectors.uipath.folders import Folders
from connectors.uipath.listing import TaskList, known_ids
from connectors.uipath.maestro import CANCEL, PAUSE, RESUME, Maestro
from connectors.uipath.native_id import TaskId, number, task_id
from connectors.uipath.record import read_detail
from connectors.uipath.refusal import parse_error
from connectors.uipath.settings import UiPathSettings

COMPLETION = (
    "External, Form and App tasks; the outcome is the action; no comment; two writes with assign_before_completing"
)


class UiPathConnector(Connector[UiPathSettings]):
    """A task is known by its folder and its number; nearly every operation wants both."""

    vendor: ClassVar[str] = "uipath"
    title: ClassVar[str] = "UiPath"
    settings_type: ClassVar[type[SourceSettings]] = UiPathSettings
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset(search.TIME_MEMBERS)
    never_filled: ClassVar[frozenset[TaskOrderField]] = search.NEVER_FILLED
    page_limit: ClassVar[int] = 500
    listings: ClassVar[frozenset[Listing]] = frozenset({Listing.FLOWS, Listing.USERS, Listing.GROUPS})
    # Who may work in its folder may take an unassigned task; the vendor refuses the others.
    open_to_everyone: ClassVar[bool] = True

    def __init__(self, settings: UiPathSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self.client = UiPathClient(upstream, settings.options)
        self._tasks = TaskList(self.client, settings, clock)
        folders = Folders(self.client)
        self._directory = Directory(self.client, folders, settings.options.folders)
        self._maestro = Maestro(self.client, folders, settings, clock)

    @classmethod
    def open(cls, settings: UiPathSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=from_settings(settings.credentials),
            parse_error=parse_error,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    # Reads

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query, self.settings.options.folders)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        return await self._tasks.page(query, limit=min(max(limit, 1), self.page_limit), after=after)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One by its own path, several by the list of all folders."""
        wanted = known_ids(list(dict.fromkeys(ids)))
        allowed = self.settings.options.folders
        wanted = [each for each in wanted if not allowed or each.folder in allowed]
        if len(wanted) > 1:
            return await self._tasks.get(wanted)
        return await get_each((str(each) for each in wanted), self._get_task)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """A call for form, outcomes and data together, one for comments, one for activities."""
        return await read_detail(self.client, task, self._native(task), aspects, self.settings.options)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        return await self._maestro.get_flows(ids) if self.settings.options.maestro else {}

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        """One package."""
        keys = query.definition_keys
        return FlowQuery(definition_keys=keys if keys is None or len(keys) <= 1 else None)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        if not self.settings.options.maestro:
            return Page(items=())
        return await self._maestro.list_flows(query, limit=limit, after=after)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """People of the task's folder, else of every folder that the source shows; `search` is the gateway's affair."""
        folder = None if assignable_to is None else self._native(assignable_to).folder
        return await self._directory.list_users(folder=folder, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """Directory groups among those who may work in a folder; versions that do not tell types show few of them."""
        return await self._directory.list_groups(limit=limit, after=after)

    async def get_self(self) -> User | None:
        user = await self.client.get_current_user()
        return None if user is None else mapping.self_from_wire(user)

    async def ping(self) -> None:
        await self.client.list_tasks(
            {"$top": 1, "$orderby": "Id asc"}, as_task_admin=self.settings.options.as_task_admin
        )

    def is_native_id(self, native_id: str) -> bool:
        """`<folder id>-<task id>`, both int64."""
        return task_id(native_id) is not None

    # Who has a task

    @handles(
        Claim, support=Support.EMULATED, atomic=False, note="assigns to the person, then reads whether it came about"
    )
    async def claim(self, command: Claim) -> Outcome:
        actor = command.require_actor()
        if number(actor.native_id) is None:
            raise IdentityNotLinkedError("the caller's user id in this source must be a number")
        native = self._native(command.task)
        again = command.task.native_state == "Pending"
        await self.client.assign(assignment.to_user(actor.native_id), native.task, again=again)
        task = await self._read_back(native)
        if not any(owner.native_id == actor.native_id for owner in task.assignees):
            raise AlreadyAssignedError("somebody else was given the task at the same moment")
        return Outcome(task=task)

    @handles(Release, guarded=True, note="as Unassign")
    async def release(self, command: Release) -> Outcome:
        return await self._unassign(command)

    @handles(Unassign, guarded=True, note="not for a task that is given to all of a group")
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._unassign(command)

    @handles(
        Assign,
        guarded=True,
        note="to a user by id, user name or mail address, or to a group; option criteria: AllUsers, Workload or "
        "RoundRobin; reads the owner back where the vendor picks one",
    )
    async def assign(self, command: Assign) -> Outcome:
        task, native = command.task, self._native(command.task)
        if task.assignees and not command.override and not self._is_actors(command):
            raise AlreadyAssignedError("somebody has the task; only an override takes it away")
        again = task.native_state == "Pending"
        if command.group_id is not None:
            given = assignment.to_group(command.group_id, command.options)
            await self.client.assign(given, native.task, again=again)
            if given["AssignmentCriteria"] != "AllUsers" or "UserId" not in given:
                return Outcome(task=await self._read_back(native))
            group = GroupRef(native_id=command.group_id)
            return Outcome(task=mapping.shared(task, group, fetched_at=self.clock()))
        if command.options:
            raise ValidationFailedError("an assignment to a user has no options", field=("options",))
        given = assignment.to_user(command.user_id or "")
        await self.client.assign(given, native.task, again=again)
        if "UserId" not in given:
            return Outcome(task=await self._read_back(native))
        owner = UserRef(native_id=command.user_id or "")
        return Outcome(task=mapping.assigned(task, owner, fetched_at=self.clock()))

    # What a task holds

    @handles(
        Update,
        fields=frozenset({UpdateField.TITLE, UpdateField.PRIORITY}),
        note="title and priority; option noteText: a comment with the change",
    )
    async def update(self, command: Update) -> Outcome:
        if command.clear:
            raise ValidationFailedError("neither title nor priority can be cleared", field=("clear",))
        changes: dict[str, str] = {}
        if command.title is not None:
            changes["Title"] = option.bounded(command.title, option.LONGEST_TITLE, "title")
        if command.priority is not None:
            changes["Priority"] = mapping.NAMES_OF_PRIORITIES[command.priority]
        note = option.texts(command.options, option.UPDATE).get("noteText") or command.reason
        if note is not None:
            changes["NoteText"] = option.bounded(note, option.LONGEST_NOTE, "noteText")
        task = command.task
        await self.client.edit_metadata(self._native(task), changes)
        score = task.priority_score if command.priority is None else mapping.SCORES[command.priority]
        return self._changed(
            replace(
                task,
                title=command.title or task.title,
                priority=command.priority or task.priority,
                priority_score=score,
            )
        )

    @handles(SetTags, note="replaces all")
    async def set_tags(self, command: SetTags) -> Outcome:
        for tag in command.tags:
            for text in (tag.name, tag.label or tag.name, tag.value or tag.name):
                option.bounded(text, option.LONGEST_TAG, "tags")
        await self.client.save_tags(self._native(command.task), [mapping.tag_to_wire(tag) for tag in command.tags])
        return self._changed(replace(command.task, tags=command.tags))

    @handles(SaveDraft, note="replaces the whole data of a Form, App or External task")
    async def save_draft(self, command: SaveDraft) -> Outcome:
        native_type = completion.type_of(command.task, "save data in")
        await self.client.save_data(self._native(command.task), native_type, command.data)
        return self._changed(command.task)

    @handles(AddComment, note="a note of at most 512 characters; append only")
    async def add_comment(self, command: AddComment) -> Outcome:
        text = option.bounded(command.text, option.LONGEST_NOTE, "text")
        await self.client.create_note(self._native(command.task), text)
        return self._changed(command.task)

    # Beginning and end

    @handles(CreateTask, note="an External task; option folderId is required unless the source has exactly one folder")
    async def create_task(self, command: CreateTask) -> Outcome:
        if command.flow is not None or command.description is not None:
            raise ValidationFailedError("a new task has neither a flow nor a description here", field=("flow",))
        options = dict(command.options or {})
        folder = option.take_folder(options, self.settings.options.folders)
        body: dict[str, object] = {
            "type": "ExternalTask",
            "title": option.bounded(command.title, option.LONGEST_TITLE, "title"),
            **option.texts(options, option.CREATE),
        }
        if command.priority is not None:
            body["priority"] = mapping.NAMES_OF_PRIORITIES[command.priority]
        if command.data is not None:
            body["data"] = command.data
        row, raw = await self.client.create_task(body, folder=folder)
        return Outcome(
            task=mapping.task_from_wire(row, self.settings, fetched_at=self.clock(), payload=raw, folder=folder)
        )

    @handles(
        Complete, guarded=True, note=COMPLETION, when=lambda settings: not settings.options.assign_before_completing
    )
    @handles(
        Complete,
        support=Support.EMULATED,
        atomic=False,
        guarded=True,
        note=COMPLETION,
        when=lambda settings: settings.options.assign_before_completing,
    )
    async def complete(self, command: Complete) -> Outcome:
        task = command.task
        wanted = completion.completion_of(command, self._native(task))
        if wanted.by_assignee_alone and self.settings.options.assign_before_completing:
            await completion.complete_as_ourselves(self.client, wanted, task)
        else:
            await completion.complete(self.client, wanted)
        return Outcome(task=mapping.completed(task, command.outcome, fetched_at=self.clock()))

    @handles(
        DeleteTask,
        guarded=True,
        when=lambda settings: settings.options.allow_delete,
        note="only with the option allow_delete; what becomes of a job that waits for the task is not documented",
    )
    async def delete_task(self, command: DeleteTask) -> Outcome:
        await self.client.delete_task(self._native(command.task).task)
        task = mapping.deleted(command.task, "DELETED", "uipath.deleted", fetched_at=self.clock())
        return Outcome(task=task, effect="deleted the task; a job that waited for it may wait on")

    @handles(
        CancelFlowOfTask,
        guarded=True,
        atomic=False,
        when=lambda settings: settings.options.maestro,
        note="cancels the Maestro instance behind the task, if there is one; looks its folder's key up",
    )
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("no job made the task, so there is no process instance to cancel")
        flow = await self._maestro.cancel(task.flow_id, command.reason)
        ended = mapping.deleted(task, "FLOW_CANCELED", "uipath.instance.cancel", fetched_at=self.clock())
        # When the instance has ended, and what it then does with its open tasks, is the vendor's affair.
        return Outcome(
            task=ended,
            status=MutationStatus.PENDING,
            effect=f"cancels the process instance {flow.instance} with all its open tasks",
        )

    # Flows

    @handles(
        CancelFlow,
        guarded=True,
        when=lambda settings: settings.options.maestro,
        note="refused while the instance is Pending; may be PENDING (Canceling)",
    )
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        option.texts(command.options, {})
        return await self._maestro.change(command.flow, CANCEL, command.reason)

    @handles(SuspendFlow, guarded=True, when=lambda settings: settings.options.maestro, note="pause")
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        return await self._maestro.change(command.flow, PAUSE, command.reason)

    @handles(ResumeFlow, guarded=True, when=lambda settings: settings.options.maestro, note="resume")
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        return await self._maestro.change(command.flow, RESUME, command.reason)

    async def _get_task(self, native_id: str) -> Task:
        native = task_id(native_id)
        if native is None:
            raise NotFoundError("no such id in this system")
        row, raw = await self.client.get_task(native.task)
        task = mapping.task_from_wire(row, self.settings, fetched_at=self.clock(), payload=raw)
        if task.native_id != native_id:
            raise NotFoundError("no such task in that folder")
        return task

    async def _read_back(self, native: TaskId) -> Task:
        """The task after a write that the vendor took; whoever cannot read it cannot tell what came of it."""
        try:
            return await self._get_task(str(native))
        except ConnectorError as error:
            raise UnavailableError(
                "took the assignment, but the task could not be read afterwards", maybe_applied=True
            ) from error

    async def _unassign(self, command: Release | Unassign) -> Outcome:
        await self.client.unassign(self._native(command.task).task)
        return Outcome(task=mapping.unassigned(command.task, fetched_at=self.clock()))

    def _native(self, task: Task) -> TaskId:
        native = task_id(task.native_id)
        if native is None:
            raise NotFoundError("no such id in this system")
        return native

    def _is_actors(self, command: TaskCommand) -> bool:
        actor = command.actor
        return actor is not None and any(user.native_id == actor.native_id for user in command.task.assignees)

    def _changed(self, task: Task) -> Outcome:
        return Outcome(task=replace(task, fetched_at=self.clock(), payload=None))

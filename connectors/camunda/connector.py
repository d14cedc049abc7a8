"""Camunda 8 as a source: what is read, and the verbs."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import ClassVar, Self

from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda import after_write, details, flows, options, people, search, steps
from connectors.camunda.client import CamundaClient
from connectors.camunda.errors import CLAIMS_FOR_ITSELF, is_refusal, parse_error
from connectors.camunda.extras import Extras
from connectors.camunda.forms import variables_of
from connectors.camunda.ids import is_key
from connectors.camunda.mapping import changeset_of, read_task, task_of, tasks_of
from connectors.camunda.options import ActionOptions
from connectors.camunda.paging import SCAN_PAGE, nothing, page_of, page_request
from connectors.camunda.settings import CamundaSettings
from connectors.camunda.start_forms import StartForms
from connectors.camunda.traces import TRACES, account_of
from connectors.sdk import (
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
    Definition,
    DetailAspect,
    DetailParts,
    DirectoryFact,
    Flow,
    FlowOutcome,
    FlowQuery,
    Form,
    FormJudgement,
    FormKind,
    Group,
    Identity,
    Listing,
    NoOptions,
    Outcome,
    Page,
    RejectedError,
    Release,
    ResumeFlow,
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
    UnsupportedActionError,
    Update,
    UpdateField,
    Upstream,
    User,
    acting_credentials,
    current_call,
    get_each,
    handles,
    parse_options,
    readable_task,
    task_outcomes,
    utc_now,
)
from connectors.sdk.form_js import judge_form


def _claims(way: str) -> Callable[[CamundaSettings], bool]:
    return lambda settings: settings.options.claims == way


def _suspends(settings: CamundaSettings) -> bool:
    return settings.options.minor >= 10


class CamundaConnector(Connector[CamundaSettings]):
    """For some seconds after a command the search may still show a task as it was before."""

    vendor: ClassVar[str] = "camunda"
    title: ClassVar[str] = "Camunda 8"
    settings_type: ClassVar[type[SourceSettings]] = CamundaSettings
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset(search.SORT_MEMBERS)
    never_filled: ClassVar[frozenset[TaskOrderField]] = search.NEVER_FILLED
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
    traces = TRACES

    @classmethod
    def info_for(cls, settings: CamundaSettings) -> ConnectorInfo:
        return replace(super().info_for(settings), directory=people.directory_facts(settings))

    def __init__(self, settings: CamundaSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self._client = CamundaClient(upstream)
        self._start_forms = StartForms(self._client, settings.options)
        self.extras = Extras(self._client, settings)
        self._only_claims_for: str | None = None

    @classmethod
    def open(cls, settings: CamundaSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=acting_credentials(settings, settings.credentials, clock=clock),
            parse_error=partial(parse_error, as_person=settings.acts_as != "service"),
            is_refusal=is_refusal,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query, self.settings.options)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        filter = search.filter_of(query, self.settings.options)
        if filter is None:
            return nothing()
        limit = min(limit, SCAN_PAGE)
        answer = await self._client.search_user_tasks(
            filter=filter, sort=search.sort_of(query.order), page=page_request(limit, after)
        )
        tasks, odd = tasks_of(answer.items, self.settings, fetched_at=self.clock())
        return page_of(tasks, answer, limit=limit, after=after, odd=odd)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for each id; two more for the outcome of a completed task where `outcome_variable` is configured."""

        async def get(key: str) -> Task:
            raw = Raw((await self._client.get_user_task(key)).body)
            now = self.clock()
            task = readable_task(
                read_task(raw),
                lambda row: task_of(row, raw, self.settings, fetched_at=now),
                source=self.source,
                native_id=key,
                fetched_at=now,
                payload=raw,
            )
            return await details.with_outcome(self._client, task, self.settings)

        return await get_each((key for key in ids if self.is_native_id(key)), get)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        minor = self.settings.options.minor
        parts = DetailParts(aspects)
        variables = details.Variables(self._client, task, minor=minor)
        return TaskDetail(
            form=await parts.read(DetailAspect.FORM, lambda: details.form(self._client, task, variables)),
            outcomes=task_outcomes(self.settings.options.outcomes) if DetailAspect.OUTCOMES in aspects else None,
            data=await parts.read(DetailAspect.DATA, variables.read),
            activities=await parts.read(
                DetailAspect.ACTIVITIES, lambda: details.activities(self._client, task, minor=minor)
            ),
            failures=parts.failures(),
        )

    def judge_form(
        self, form: Form, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool = False
    ) -> FormJudgement:
        """As the vendor's form library does it. A form of another application is not judged."""
        if form.kind is not FormKind.VENDOR_SCHEMA:
            return super().judge_form(form, data, held, is_draft=is_draft)
        return judge_form(form.vendor_schema, data, held, is_draft=is_draft, today=self.clock().date())

    async def start_form(self, command: StartFlow) -> Form | None:
        """One search for the version that starts, and one call for its form; what cannot change is asked for once."""
        return await self._start_forms.read(command)

    def is_native_id(self, native_id: str) -> bool:
        return is_key(native_id)

    # Flows

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushdown(query, self.settings.options)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        return await flows.page(self._client, query, self.settings, limit=limit, after=after, clock=self.clock)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """One call for each 100 ids."""
        keys = (key for key in ids if self.is_native_id(key))
        return await flows.flows_by_id(self._client, keys, self.settings, fetched_at=self.clock())

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return flows.task_within_flow(task, flow)

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        """The user tasks of the latest version of each process."""
        return await flows.task_definitions(self._client, limit=min(limit, self.page_limit), after=after)

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await people.users_by_name(self._client, ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        return await people.groups_by_id(self._client, ids)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """`search` is left to the gateway: it is an OR of three members, and the vendor's search has no OR. Camunda accepts
        any text as assignee: assignable are the task's candidates, or all users if it has none."""
        limit = min(limit, SCAN_PAGE)
        names = [] if assignable_to is None else await people.candidates(self._client, assignable_to)
        if names:
            found = await people.named_users(self._client, names, limit=limit, after=after)
        else:
            found = await people.users(self._client, limit=limit, after=after)
        return people.with_account(found, self.settings.credentials)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """`search` is left to the gateway: the vendor compares whole names."""
        return await people.groups(self._client, limit=min(limit, SCAN_PAGE), after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await people.members(self._client, group_id, limit=min(limit, SCAN_PAGE), after=after)

    async def ping(self) -> None:
        await self._client.check(signed_in=self.settings.acts_as == "service" or current_call().authority is not None)

    async def look_at_account(self) -> str:
        """The server tells who it is, and lists no rights. On newer servers a user, unlike a client, claims for itself only."""
        if self.settings.acts_as != "service":
            return ""
        user = await self.extras.get_self()
        self._only_claims_for = None if user is None or not await self.extras.is_bound() else user.native_id
        return "" if user is None else user.name or user.native_id

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """With the engine's CLAIM, some accounts claim for no other person."""
        if action is TaskAction.CLAIM and actor is not None and self._only_claims_for not in {None, actor.native_id}:
            return UnsupportedActionError(CLAIMS_FOR_ITSELF)
        return super().refusal_of(task, action, actor)

    async def own_account(self) -> str | None:
        return account_of(self.settings)

    # Verbs on tasks

    def check_arguments(self, command: TaskCommand) -> None:
        options.check_arguments(command, self.settings.options)

    @handles(
        Claim,
        guarded=True,
        note="the engine's CLAIM; a repeat by the same person succeeds",
        when=_claims("claim"),
    )
    @handles(
        Claim,
        support=Support.EMULATED,
        atomic=False,
        note="reads the assignee, then assigns; a repeat by the same person succeeds",
        when=_claims("assign"),
    )
    async def claim(self, command: Claim) -> Outcome:
        user = command.require_actor().native_id
        await self._assign_unless_taken(command.task, user, is_claim=_claims("claim")(self.settings))
        return Outcome(task=after_write.assigned(command.task, user, at=self.clock()))

    @handles(Release, note="the gateway checks the owner before the call; the engine does not")
    async def release(self, command: Release) -> Outcome:
        await self._client.unassign_user_task(command.task.native_id)
        return Outcome(task=after_write.assigned(command.task, None, at=self.clock()))

    @handles(Unassign, by_id=True, note="the same call as for Release")
    async def unassign(self, command: Unassign) -> Outcome:
        await self._client.unassign_user_task(command.task.native_id)
        return Outcome(task=after_write.assigned(command.task, None, at=self.clock()))

    @handles(
        Assign,
        atomic=False,
        note="to a user: one call, refused without override if another person is the assignee; "
        "to a group: emulated in two steps, candidate groups first, then unassign",
    )
    async def assign(self, command: Assign) -> Outcome:
        if command.group_id is not None:
            regroup = steps.regrouping(command)
            if len(steps.steps_of(command)) > 1:
                raise ValueError("this assignment has two steps; each of them is performed by itself")
            return await self.update(regroup)
        action = parse_options(command.options, ActionOptions).action
        user = command.user_id or ""
        if command.override:
            await self._client.assign_user_task(
                command.task.native_id, assignee=user, allow_override=True, action=action
            )
        else:
            # A person claims for themselves only: for others there is no command that refuses a task which has an owner.
            is_own = command.actor is not None and command.actor.native_id == user
            is_claim = _claims("claim")(self.settings) and (self.settings.acts_as == "service" or is_own)
            await self._assign_unless_taken(command.task, user, action, is_claim=is_claim)
        return Outcome(task=after_write.assigned(command.task, user, at=self.clock()))

    async def _assign_unless_taken(self, task: Task, user: str, action: str | None = None, *, is_claim: bool) -> None:
        """To `user`, unless another person is the assignee: by the engine's CLAIM, or by a read before the assignment."""
        if not is_claim:
            now = (await self.get_tasks([task.native_id])).get(task.native_id)
            if isinstance(now, ConnectorError):
                raise now
            if now is not None and now.assignee is not None and now.assignee.native_id != user:
                raise AlreadyAssignedError("another person is the assignee")
        await self._client.assign_user_task(task.native_id, assignee=user, allow_override=not is_claim, action=action)

    async def steps(self, command: TaskCommand) -> Sequence[TaskCommand]:
        """An assignment to a group: first the group, then the owner."""
        return steps.steps_of(command)

    def undo_of(self, step: TaskCommand, before: Task) -> TaskCommand | None:
        return steps.undo_of(step, before)

    @handles(
        Update,
        fields=frozenset(
            {
                UpdateField.DUE_AT,
                UpdateField.FOLLOW_UP_AT,
                UpdateField.PRIORITY,
                UpdateField.CANDIDATE_USERS,
                UpdateField.CANDIDATE_GROUPS,
            }
        ),
        by_id=True,
        note="due and follow-up date, priority, candidates; all but the priority can be cleared",
    )
    async def update(self, command: Update) -> Outcome:
        thresholds = self.settings.options.priority
        changeset = changeset_of(command, thresholds)
        action = parse_options(command.options, ActionOptions).action
        await self._client.update_user_task(command.task.native_id, changeset=changeset, action=action)
        return Outcome(task=after_write.updated(command, thresholds, at=self.clock()))

    @handles(Complete, guarded=True, note="data becomes process variables, the outcome becomes `action`; no comment")
    async def complete(self, command: Complete) -> Outcome:
        variables = variables_of(command.data or {})
        if command.outcome is not None and self.settings.options.outcome_variable is not None:
            variables[self.settings.options.outcome_variable] = command.outcome
        await self._client.complete_user_task(command.task.native_id, variables=variables, action=command.outcome)
        return Outcome(task=after_write.closed(command.task, "COMPLETED", outcome=command.outcome, at=self.clock()))

    @handles(CancelFlowOfTask, guarded=True, note="cancels the process instance; not possible for a called one")
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task belongs to no process instance")
        await self._client.cancel_process_instance(task.flow_id)
        after = after_write.closed(task, "CANCELED", at=self.clock())
        return Outcome(task=after, effect=after_write.effect_of_cancel(task.flow_name, task.flow_id))

    # Verbs on flows

    @handles(StartFlow, note="by process id and version; data becomes variables, judged by the form of the start event")
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        answer = await self._client.create_process_instance(flows.start_request(command, self.settings.options))
        return FlowOutcome(flow=after_write.started_flow(answer, self.settings, at=self.clock()))

    @handles(CancelFlow, guarded=True, note="not possible for a called process instance")
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        parse_options(command.options, NoOptions)
        flow = command.flow
        await self._client.cancel_process_instance(flow.native_id)
        after = after_write.changed_flow(flow, "TERMINATED", at=self.clock())
        return FlowOutcome(flow=after, effect=after_write.effect_of_cancel(flow.name, flow.native_id))

    @handles(SuspendFlow, guarded=True, note="from server 8.10; called process instances go on", when=_suspends)
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        await self._client.suspend_process_instance(command.flow.native_id)
        return FlowOutcome(flow=after_write.changed_flow(command.flow, "SUSPENDED", at=self.clock()))

    @handles(ResumeFlow, guarded=True, note="from server 8.10", when=_suspends)
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        await self._client.resume_process_instance(command.flow.native_id)
        return FlowOutcome(flow=after_write.changed_flow(command.flow, "ACTIVE", at=self.clock()))

"""Camunda 8 behind the gateway's seam."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Self

import msgspec

from connectors.camunda import definitions, detail, expected, paging, people, search
from connectors.camunda import flow as flows
from connectors.camunda.client import CamundaClient
from connectors.camunda.conditions import is_key
from connectors.camunda.mapping import outcomes_of, task_of, tasks_of, variables_of
from connectors.camunda.problem import parse_error
from connectors.camunda.settings import CamundaSettings
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
    CountAccuracy,
    Definition,
    DetailAspect,
    Flow,
    FlowOutcome,
    FlowQuery,
    ForbiddenError,
    Group,
    IdentityNotLinkedError,
    Listing,
    NoCredentials,
    Outcome,
    Page,
    Release,
    ResumeFlow,
    SourceSettings,
    StartFlow,
    Support,
    SuspendFlow,
    Task,
    TaskDetail,
    TaskOrderField,
    TaskQuery,
    Transport,
    Unassign,
    Update,
    UpdateField,
    Upstream,
    User,
    ValidationFailedError,
    from_settings,
    get_each,
    handles,
    utc_now,
)


class CamundaConnector(Connector[CamundaSettings]):
    """Reads lag writes: for some seconds after a command the search may show the task as it was."""

    vendor: ClassVar[str] = "camunda"
    title: ClassVar[str] = "Camunda 8"
    settings_type: ClassVar[type[SourceSettings]] = CamundaSettings
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset(search.SORT_MEMBERS)
    never_filled: ClassVar[frozenset[TaskOrderField]] = search.NEVER_FILLED
    page_limit: ClassVar[int] = 100
    listings: ClassVar[frozenset[Listing]] = frozenset(
        {Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.MEMBERS, Listing.TASK_DEFINITIONS}
    )
    sorts_flows: ClassVar[bool] = True
    open_to_everyone: ClassVar[bool] = True

    def __init__(self, settings: CamundaSettings, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, upstream, clock=clock)
        self.client = CamundaClient(upstream)

    @classmethod
    def open(cls, settings: CamundaSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=from_settings(settings.credentials),
            parse_error=parse_error,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    # Tasks

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query, self.settings.options)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        filter = search.filter_of(query, self.settings.options)
        if filter is None:
            return _nothing()
        limit = min(limit, self.page_limit)
        rows = await self.client.search_user_tasks(
            filter=filter, sort=search.sort_of(query.order), page=paging.asked(limit, after)
        )
        tasks = tasks_of(rows.items, self.settings, fetched_at=self.clock())
        return paging.page_of(tasks, rows.page, rows=len(rows.items), limit=limit, after=after)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        async def get(key: str) -> Task:
            answer = await self.client.get_user_task(key)
            return task_of(answer.body, self.settings, fetched_at=self.clock())

        return await get_each((key for key in ids if self.is_native_id(key)), get)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        minor = self.settings.options.minor
        return TaskDetail(
            form=await detail.form(self.client, task) if DetailAspect.FORM in aspects else None,
            outcomes=outcomes_of(self.settings) if DetailAspect.OUTCOMES in aspects else None,
            data=await detail.data(self.client, task, minor=minor) if DetailAspect.DATA in aspects else None,
            activities=await detail.activities(self.client, task, minor=minor)
            if DetailAspect.ACTIVITIES in aspects
            else None,
        )

    def is_native_id(self, native_id: str) -> bool:
        return is_key(native_id)

    # Flows

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        return flows.pushdown(query, self.settings.options)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        filter = flows.filter_of(query, self.settings.options)
        if filter is None:
            return _nothing()
        limit = min(limit, self.page_limit)
        rows = await self.client.search_process_instances(
            filter=filter, sort=flows.NEWEST_FIRST, page=paging.asked(limit, after)
        )
        found = flows.flows_of(rows.items, self.settings, fetched_at=self.clock())
        return paging.page_of(found, rows.page, rows=len(rows.items), limit=limit, after=after)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        found: dict[str, Flow | ConnectorError] = {}
        for batch in people.batches(key for key in ids if self.is_native_id(key)):
            try:
                page = await self.list_flows(FlowQuery(ids=frozenset(batch)), limit=len(batch))
            except ConnectorError as error:
                found.update(dict.fromkeys(batch, error))
            else:
                found.update((each.native_id, each) for each in page.items)
        return found

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return flows.task_within_flow(task, flow)

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        """The user tasks of the latest version of each process."""
        return await definitions.task_definitions(self.client, limit=min(limit, self.page_limit), after=after)

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await people.users_by_name(self.client, ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        return await people.groups_by_id(self.client, ids)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """Without `search`: one text in any of three members is an OR, which the vendor has not.

        Camunda takes any text as assignee; assignable are the task's candidates, all people where it has none.
        """
        limit = min(limit, self.page_limit)
        names = [] if assignable_to is None else await people.candidates(self.client, assignable_to)
        if names:
            return await people.named(self.client, names, limit=limit, after=after)
        return await people.users(self.client, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """Without `search`: the vendor compares a name as a whole."""
        return await people.groups(self.client, limit=min(limit, self.page_limit), after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await people.members(self.client, group_id, limit=min(limit, self.page_limit), after=after)

    async def get_self(self) -> User | None:
        """None for a client without a person behind it, and where the cluster asks for no credentials."""
        if isinstance(self.settings.credentials, NoCredentials):
            return None
        try:
            me = await self.client.get_current_user()
        except ForbiddenError:
            return None
        if not me.username:
            return None
        return User(native_id=me.username, username=me.username, name=me.display_name, email=me.email)

    async def ping(self) -> None:
        # `/status` answers without credentials, `/authentication/me` not without a person.
        await self.client.get_topology()
        await self.client.get_status()

    # Verbs on tasks

    @handles(
        Claim,
        guarded=True,
        note="the engine's CLAIM; a repeat by the same person succeeds",
        when=lambda settings: settings.options.claims == "claim",
    )
    @handles(
        Claim,
        support=Support.EMULATED,
        atomic=False,
        note="the engine's CLAIM; a repeat by the same person succeeds",
        when=lambda settings: settings.options.claims == "assign",
    )
    async def claim(self, command: Claim) -> Outcome:
        if command.actor is None:
            raise IdentityNotLinkedError("you have no user name in this cluster; ask for it to be configured")
        user = command.actor.native_id
        await self._give(command.task, user)
        return Outcome(task=expected.assigned(command.task, user, at=self.clock()))

    @handles(Release, note="the engine does not check the owner: the gateway does, before the call")
    async def release(self, command: Release) -> Outcome:
        await self.client.unassign_user_task(command.task.native_id)
        return Outcome(task=expected.assigned(command.task, None, at=self.clock()))

    @handles(Unassign, note="the same call as for Release")
    async def unassign(self, command: Unassign) -> Outcome:
        await self.client.unassign_user_task(command.task.native_id)
        return Outcome(task=expected.assigned(command.task, None, at=self.clock()))

    @handles(
        Assign,
        atomic=False,
        note="to a user: one call, without override refused when somebody else is the assignee; "
        "to a group: emulated, candidate groups first, then unassign",
    )
    async def assign(self, command: Assign) -> Outcome:
        action = _action(command.options)
        if command.group_id is not None:
            return await self._assign_group(command, command.group_id, action)
        if not command.user_id:
            raise ValidationFailedError("names no user to assign to", field=("userId",))
        if command.override:
            await self.client.assign_user_task(
                command.task.native_id, assignee=command.user_id, allow_override=True, action=action
            )
        else:
            await self._give(command.task, command.user_id, action)
        return Outcome(task=expected.assigned(command.task, command.user_id, at=self.clock()))

    async def _give(self, task: Task, user: str, action: str | None = None) -> None:
        """To `user` unless somebody else has it; who is told by the engine or, where it may not be asked, by a look."""
        may_claim = self.settings.options.claims == "claim"
        if not may_claim:
            now = (await self.get_tasks([task.native_id])).get(task.native_id)
            if isinstance(now, ConnectorError):
                raise now
            if now is not None and now.assignee is not None and now.assignee.native_id != user:
                raise AlreadyAssignedError("somebody else is the assignee")
        await self.client.assign_user_task(task.native_id, assignee=user, allow_override=not may_claim, action=action)

    async def _assign_group(self, command: Assign, group_id: str, action: str | None) -> Outcome:
        """First the group, then the owner: in between, and after a failure there, the owner still has the task."""
        task, owner = command.task, command.task.assignee
        actor = command.actor and command.actor.native_id
        if owner is not None and not command.override and owner.native_id != actor:
            raise AlreadyAssignedError("somebody else is the assignee; send override to take the task away")
        await self.client.update_user_task(task.native_id, changeset={"candidateGroups": [group_id]}, action=action)
        # Somebody who became the owner meanwhile keeps the task, unless override was sent.
        if owner is not None or command.override:
            try:
                await self.client.unassign_user_task(task.native_id)
            except ConnectorError as error:
                # The half that is done stays.
                error.maybe_applied = True
                raise
        after = expected.assigned(task, None, at=self.clock())
        return Outcome(task=msgspec.structs.replace(after, candidate_groups=expected.groups_of([group_id])))

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
        note="due and follow-up date, priority, candidates; all but the priority can be cleared",
    )
    async def update(self, command: Update) -> Outcome:
        thresholds = self.settings.options.priority
        changeset = expected.changeset_of(command, thresholds)
        await self.client.update_user_task(command.task.native_id, changeset=changeset, action=_action(command.options))
        return Outcome(task=expected.updated(command, thresholds, at=self.clock()))

    @handles(Complete, guarded=True, note="data become process variables, the outcome becomes `action`; no comment")
    async def complete(self, command: Complete) -> Outcome:
        if command.comment:
            raise ValidationFailedError("Camunda 8 keeps no comment on completion", field=("comment",))
        variables = variables_of(command.data or {})
        if command.outcome is not None and self.settings.options.outcome_variable is not None:
            variables[self.settings.options.outcome_variable] = command.outcome
        await self.client.complete_user_task(command.task.native_id, variables=variables, action=command.outcome)
        return Outcome(task=expected.closed(command.task, "COMPLETED", outcome=command.outcome, at=self.clock()))

    @handles(CancelFlowOfTask, guarded=True, note="cancels the process instance; not possible for a called one")
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task names no process instance")
        await self.client.cancel_process_instance(task.flow_id)
        after = expected.closed(task, "CANCELED", at=self.clock())
        return Outcome(task=after, effect=_ended(task.flow_name, task.flow_id))

    # Verbs on flows

    @handles(StartFlow, note="by process id and version; data become variables")
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        body = flows.start_of(command, self.settings.options)
        answer = await self.client.create_process_instance(body)
        return FlowOutcome(flow=flows.started_flow(answer, self.settings, fetched_at=self.clock()))

    @handles(CancelFlow, guarded=True, note="not possible for a called process instance")
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        for name in command.options or {}:
            raise ValidationFailedError(f"cancelling takes no {name!r}", field=("options", name))
        before = command.flow
        await self.client.cancel_process_instance(before.native_id)
        return FlowOutcome(
            flow=flows.changed_flow(before, "TERMINATED", at=self.clock()), effect=_ended(before.name, before.native_id)
        )

    @handles(
        SuspendFlow,
        guarded=True,
        when=lambda settings: settings.options.minor >= 10,
        note="from server 8.10; called process instances go on",
    )
    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        await self.client.suspend_process_instance(command.flow.native_id)
        return FlowOutcome(flow=flows.changed_flow(command.flow, "SUSPENDED", at=self.clock()))

    @handles(ResumeFlow, guarded=True, when=lambda settings: settings.options.minor >= 10, note="from server 8.10")
    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        await self.client.resume_process_instance(command.flow.native_id)
        return FlowOutcome(flow=flows.changed_flow(command.flow, "ACTIVE", at=self.clock()))


def _nothing() -> Page[Any]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


def _ended(name: str | None, key: str) -> str:
    return f"ended the process instance {f'{name} ({key})' if name else key} with all its open tasks"


def _action(options: Mapping[str, object] | None) -> str | None:
    """The one option of a command on a task: what task listeners read as the event's action."""
    for name, value in (options or {}).items():
        if name != "action" or not isinstance(value, str):
            raise ValidationFailedError(f"takes no such {name!r}", field=("options", name))
        return value
    return None

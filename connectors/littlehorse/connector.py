"""A tenant of the bridge as a source: as its technical account, or as the person who asks."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self

from connectors.littlehorse import listing, mapping
from connectors.littlehorse.client import LittlehorseClient, Side
from connectors.littlehorse.directory import Directory
from connectors.littlehorse.form import Values, data_of, form_of, holds, outcomes_of, values_of
from connectors.littlehorse.history import activities_of, comments_of
from connectors.littlehorse.problem import parse_error
from connectors.littlehorse.reading import Reading
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.littlehorse.task_id import TaskId
from connectors.sdk import (
    Activity,
    AddComment,
    AlreadyAssignedError,
    Assign,
    Cancel,
    Claim,
    Clock,
    Comment,
    Complete,
    ConflictError,
    Connector,
    ConnectorError,
    Credentials,
    Definition,
    DetailAspect,
    Flow,
    Group,
    IdentityNotLinkedError,
    Listing,
    MutationStatus,
    NotFoundError,
    OAuthCredentials,
    Outcome,
    Page,
    Release,
    Support,
    Task,
    TaskCommand,
    TaskDetail,
    TaskOrderField,
    TaskQuery,
    TaskState,
    TokenExchange,
    Transport,
    Unassign,
    UnsupportedActionError,
    Upstream,
    User,
    UserRef,
    ValidationFailedError,
    ViewerToken,
    current_call,
    from_settings,
    get_each,
    handles,
    utc_now,
)

RECORD = frozenset(
    {
        DetailAspect.DESCRIPTION,
        DetailAspect.FORM,
        DetailAspect.OUTCOMES,
        DetailAspect.DATA,
        DetailAspect.ACTIVITIES,
    }
)


def _has_admin(settings: LittlehorseSettings) -> bool:
    return settings.has_admin


def _is_service(settings: LittlehorseSettings) -> bool:
    return settings.acts_as == "service"


def _claims_itself(settings: LittlehorseSettings) -> bool:
    # Without an adapter the bridge knows nobody's groups, and answers every claim with 409.
    return settings.acts_as != "service" and settings.options.identity_adapter


class LittlehorseConnector(Connector[LittlehorseSettings]):
    """Lists come in no order, so the gateway drains and sorts. One page holds parts of several upstream lists."""

    vendor: ClassVar[str] = "littlehorse"
    title: ClassVar[str] = "LittleHorse"
    settings_type = LittlehorseSettings
    never_filled = frozenset({TaskOrderField.DUE_AT, TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT})
    page_limit = 800
    listings = frozenset({Listing.USERS, Listing.GROUPS, Listing.MEMBERS, Listing.TASK_DEFINITIONS})

    def __init__(
        self,
        settings: LittlehorseSettings,
        upstream: Upstream,
        *,
        user: Credentials,
        account: Credentials | None,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(settings, upstream, clock=clock)
        self.client = LittlehorseClient(upstream, settings.options.tenant)
        self._user = Side(user)
        self._admin = None if account is None else Side(account, "/admin")
        self._directory = Directory(self.client, settings, user=self._user, admin=self._admin)
        self._reading = Reading(self.client, settings, self._directory, user=self._user, admin=self._admin)

    @classmethod
    def open(cls, settings: LittlehorseSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(settings, parse_error=parse_error, transport=transport)
        account = from_settings(settings.credentials) if settings.has_admin else None
        user: Credentials
        match settings.acts_as, settings.credentials:
            case "service", _:
                user = account or from_settings(settings.credentials)
            case "exchange", OAuthCredentials() as client:
                user = TokenExchange(client)
            case _:
                user = ViewerToken()
        return cls(settings, upstream, user=user, account=account, clock=clock)

    # Lists

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return listing.pushdown(query)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        rows, cursor = await self._reading.page(query, limit=min(limit, self.page_limit), after=after)
        now = self.clock()
        tasks = {
            task.native_id: task
            for row, raw in rows
            if query.matches(task := mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw))
        }
        return Page(items=tuple(tasks.values()), next_cursor=cursor)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """Of a task with a group the members: the bridge assigns it to nobody else while it keeps the group."""
        if assignable_to is not None and assignable_to.candidate_groups:
            return await self.list_members(assignable_to.candidate_groups[0].native_id, limit=limit, after=after)
        return await self._directory.users(limit=limit, after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await self._directory.users(group=group_id, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """All of the realm, or the person's own where there is no admin account; the bridge does not page them."""
        return await self._directory.groups_page(limit=limit, after=after)

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        if self._admin is None:
            return Page(items=())
        params: dict[str, str | int] = {"limit": limit}
        if after is not None:
            params["bookmark"] = after
        answer = await self.client.list_definitions(self._admin, params)
        names = dict.fromkeys(answer.user_task_def_names)
        return Page(items=tuple(map(mapping.definition_of, names)), next_cursor=answer.bookmark or None)

    # Single things

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call each; two or three for one that is not there, because the bridge answers 500 for it."""

        async def get(native_id: str) -> Task:
            record, raw = await self._reading.record(native_id)
            return mapping.task_from_wire(record, self.settings, fetched_at=self.clock(), payload=raw)

        return await get_each(ids, get)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call for the record, one for the comments. Activities need an admin account, for a person one call more."""
        options = self.settings.options
        comments: tuple[Comment, ...] | None = None
        activities: tuple[Activity, ...] | None = None
        if DetailAspect.COMMENTS in aspects:
            noted = await self.client.list_comments(self._user, TaskId.parse(task.native_id))
            comments = comments_of(noted, options.user_id_claim)
        if not aspects & RECORD:
            return TaskDetail(comments=comments)
        record, _ = await self._reading.record(task.native_id)
        if DetailAspect.ACTIVITIES in aspects:
            events = record.events if _is_service(self.settings) else await self._reading.history(task.native_id)
            activities = None if events is None else activities_of(events, options.user_id_claim)
        return TaskDetail(
            description=record.notes or None if DetailAspect.DESCRIPTION in aspects else None,
            form=form_of(record, options) if DetailAspect.FORM in aspects else None,
            outcomes=outcomes_of(record, options) if DetailAspect.OUTCOMES in aspects else None,
            data=data_of(record) if DetailAspect.DATA in aspects else None,
            comments=comments,
            activities=activities,
        )

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """Stubs, without a call."""
        return {each: mapping.flow_stub(each, self.source, fetched_at=self.clock()) for each in ids if each}

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await self._directory.find(ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        if not any(ids):
            return {}
        groups = await self._directory.groups()
        return {each: group for group in groups for each in ids if each in {group.native_id, *group.aliases}}

    async def get_self(self) -> User | None:
        if not self.settings.options.identity_adapter:
            return None
        return mapping.user_from_wire(await self.client.get_me(self._user), self.settings.options.user_id_claim)

    async def ping(self) -> None:
        """With the person's token if there is one, else the account's; without either the bridge itself answers."""
        if not _is_service(self.settings) and current_call().authority is not None:
            await self.client.check_connection(self._user)
        elif self._admin is not None:
            await self.client.list_definitions(self._admin, {"limit": 1})
        else:
            await self.client.check_tenant()

    def is_native_id(self, native_id: str) -> bool:
        try:
            TaskId.parse(native_id)
        except NotFoundError:
            return False
        return True

    # Verbs

    @handles(
        Claim, guarded=True, note="for the person of the token; refused outside the task's group", when=_claims_itself
    )
    async def claim(self, command: Claim) -> Outcome:
        actor = _actor(command)
        await self.client.claim(self._user, TaskId.parse(command.task.native_id))
        return self._owned(command.task, actor, _group(command.task))

    @handles(
        Claim,
        support=Support.EMULATED,
        atomic=False,
        note="the account looks the person up and assigns the task to them",
        when=_is_service,
    )
    async def claim_by_assignment(self, command: Claim) -> Outcome:
        actor = _actor(command)
        await self._assign(command.task, user=actor.native_id, group=_group(command.task))
        return self._owned(command.task, actor, _group(command.task))

    @handles(
        Release,
        support=Support.EMULATED,
        atomic=False,
        note="an admin assigns the task to its group again; not without a group",
        when=_has_admin,
    )
    async def release(self, command: Release) -> Outcome:
        return await self._back_to_group(command)

    @handles(
        Unassign,
        support=Support.EMULATED,
        atomic=False,
        note="an admin assigns the task to its group again; not without a group",
        when=_has_admin,
    )
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._back_to_group(command)

    @handles(
        Assign,
        atomic=False,
        note="by an admin, ids looked up first; option `userGroup` names a group beside the user",
        when=_has_admin,
    )
    async def assign(self, command: Assign) -> Outcome:
        options = dict(command.options or {})
        beside = options.pop("userGroup", None)
        if options or not (beside is None or (isinstance(beside, str) and beside and command.user_id)):
            raise ValidationFailedError(
                "the one option is userGroup, the name of a group beside the user", field=("options",)
            )
        if command.task.assignees and not command.override:
            raise AlreadyAssignedError("somebody has the task; the bridge would take it from them without asking")
        if command.user_id is None:
            await self._assign(command.task, group=command.group_id)
            return self._owned(command.task, None, command.group_id)
        group = beside if isinstance(beside, str) else _group(command.task) if command.keep_group else None
        await self._assign(command.task, user=command.user_id, group=group)
        return self._owned(command.task, UserRef(native_id=command.user_id), group)

    @handles(
        Complete,
        atomic=False,
        guarded=True,
        note="reads the form for its types, and reads again: a completion that came too late is not refused",
    )
    async def complete(self, command: Complete) -> Outcome:
        if command.comment:
            raise ValidationFailedError("comments are added on their own here", field=("comment",))
        record, _ = await self._reading.record(command.task.native_id)
        values = values_of(record, command.data or {}, command.outcome, self.settings.options)
        side = self._side(command)
        await self.client.complete(side, TaskId.parse(command.task.native_id), values)
        return await self._confirmed(command, Side(side.credentials), values)

    @handles(Cancel, guarded=True, note="the flow fails at this task unless its workflow provides for it")
    async def cancel(self, command: Cancel) -> Outcome:
        await self.client.cancel(self._side(command), TaskId.parse(command.task.native_id))
        return Outcome(task=mapping.cancelled(command.task, fetched_at=self.clock()))

    @handles(AddComment, note="as the token's person, or as the account")
    async def add_comment(self, command: AddComment) -> Outcome:
        await self.client.add_comment(self._user, TaskId.parse(command.task.native_id), command.text)
        return Outcome(task=command.task)

    # What the graph has no place for

    async def edit_comment(self, native_id: str, comment_id: str, text: str) -> None:
        """Replace the text of one's comment on the task `native_id`."""
        await self.client.edit_comment(self._user, TaskId.parse(native_id), comment_id, text)

    async def delete_comment(self, native_id: str, comment_id: str) -> None:
        await self.client.delete_comment(self._user, TaskId.parse(native_id), comment_id)

    async def take_over(self, native_id: str) -> None:
        """The admin's claim: for the token's person, who needs the admin role, and from whoever has the task."""
        await self.client.claim(Side(self._user.credentials, "/admin"), TaskId.parse(native_id))

    def _side(self, command: TaskCommand) -> Side:
        """The admin's where the account acts, or where somebody else's task is meant."""
        owners = {user.native_id for user in command.task.assignees}
        others = bool(owners) and (command.actor is None or command.actor.native_id not in owners)
        if self._admin is not None and (_is_service(self.settings) or others):
            return self._admin
        return self._user

    async def _assign(self, task: Task, *, user: str | None = None, group: str | None = None) -> None:
        if self._admin is None:
            raise UnsupportedActionError("assigning takes an account with the role lh-user-tasks-admin")
        task_id = TaskId.parse(task.native_id)
        user_key = "" if user is None else await self._directory.user_key(user)
        group_key = "" if group is None else await self._directory.group_key(group)
        await self.client.assign(self._admin, task_id, user_id=user_key, group_id=group_key)

    async def _back_to_group(self, command: TaskCommand) -> Outcome:
        group = _group(command.task)
        if group is None:
            raise UnsupportedActionError("the task has no group to give it back to, and the bridge has no release")
        await self._assign(command.task, group=group)
        return self._owned(command.task, None, group)

    def _owned(self, task: Task, user: UserRef | None, group: str | None) -> Outcome:
        return Outcome(task=mapping.owned(task, user, group, fetched_at=self.clock()))

    async def _confirmed(self, command: Complete, side: Side, values: Values) -> Outcome:
        """What became of a completion that was answered 204: only the record tells.

        It is read on the person's side, which shows nobody the tasks of somebody else: who may read it completed it.
        """
        try:
            record, raw = await self.client.get_task(side, TaskId.parse(command.task.native_id))
        except AlreadyAssignedError:
            raise ConflictError("somebody else has completed the task before") from None
        except ConnectorError as error:
            error.maybe_applied = True
            raise
        task = mapping.task_from_wire(record, self.settings, fetched_at=self.clock(), payload=raw)
        if task.is_open:
            return Outcome(task=task, status=MutationStatus.UNKNOWN)
        if task.state is not TaskState.COMPLETED or not holds(record, values):
            raise ConflictError(f"the task is {task.state} already, with other data than these")
        return Outcome(task=task)


def _actor(command: TaskCommand) -> UserRef:
    if command.actor is None:
        raise IdentityNotLinkedError("you have no user id at this bridge; ask for it to be configured")
    return UserRef(native_id=command.actor.native_id, email=command.actor.email)


def _group(task: Task) -> str | None:
    return task.candidate_groups[0].native_id if task.candidate_groups else None

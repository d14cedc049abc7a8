"""A tenant of the bridge as a source: what is read, and the verbs. It acts as its technical account or as the caller."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self

from msgspec import Raw
from msgspec.structs import replace

from connectors.littlehorse import after_write, ids, mapping, search, wire
from connectors.littlehorse.assignment import Assignments
from connectors.littlehorse.client import ADMIN, LittlehorseClient, Params, Side
from connectors.littlehorse.details import Details
from connectors.littlehorse.errors import is_refusal, parse_error
from connectors.littlehorse.extras import Extras
from connectors.littlehorse.forms import Values, holds, values_of
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.options import assign_options
from connectors.littlehorse.paging import AT_ONCE, MOST_ROWS, TaskLists
from connectors.littlehorse.people import Directory
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.littlehorse.traces import TRACES, WITHOUT_DIRECTORY
from connectors.sdk import (
    AddComment,
    Assign,
    Cancel,
    Claim,
    Clock,
    Complete,
    ConflictError,
    Connector,
    ConnectorError,
    ConnectorInfo,
    Credentials,
    Definition,
    DetailAspect,
    DirectoryFact,
    Flow,
    ForbiddenError,
    Group,
    Identity,
    Listing,
    MutationStatus,
    OAuthCredentials,
    Outcome,
    Page,
    RejectedError,
    Release,
    Support,
    Task,
    TaskAction,
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
    decode_record,
    decode_rows,
    distinct,
    following_token,
    from_settings,
    get_each,
    handles,
    utc_now,
)


def _has_admin(settings: LittlehorseSettings) -> bool:
    return settings.has_admin


def _is_service(settings: LittlehorseSettings) -> bool:
    return settings.acts_as == "service"


def _claims_as_person(settings: LittlehorseSettings) -> bool:
    # Without an identity adapter the bridge does not know the groups of a person, and answers every claim with 409.
    return settings.acts_as != "service" and settings.options.identity_adapter


class LittlehorseConnector(Connector[LittlehorseSettings]):
    """The bridge's lists have no order, so the gateway reads them whole and sorts."""

    vendor: ClassVar[str] = "littlehorse"
    title: ClassVar[str] = "LittleHorse"
    settings_type = LittlehorseSettings
    never_filled = frozenset({TaskOrderField.DUE_AT, TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT})
    one_owner = True
    # Every list is a full scan, so that there is no larger page for scans.
    page_limit = AT_ONCE * MOST_ROWS
    listings = frozenset({Listing.USERS, Listing.GROUPS, Listing.MEMBERS, Listing.TASK_DEFINITIONS})
    traces = TRACES

    @classmethod
    def info_for(cls, settings: LittlehorseSettings) -> ConnectorInfo:
        """The directory is the identity provider's, which the admin account reads. The bridge does not say who is disabled."""
        names_are_ids = settings.options.user_id_claim == "PREFERRED_USERNAME"
        facts = {DirectoryFact.NAMES_AS_IDS} if names_are_ids else set()
        if settings.options.identity_adapter and (settings.has_admin or settings.reader is not None):
            facts |= {DirectoryFact.EMAILS, DirectoryFact.USERNAMES, DirectoryFact.MEMBERSHIPS}
        return replace(super().info_for(settings), directory=frozenset(facts))

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
        self.traces = TRACES if settings.options.identity_adapter else WITHOUT_DIRECTORY
        self._client = LittlehorseClient(upstream, settings.options.tenant)
        self._user = Side(user)
        self._admin = None if account is None else Side(account, ADMIN)
        self._directory = Directory(self._client, settings, user=self._user, admin=self._admin)
        self._lists = TaskLists(self._client, settings, self._directory, user=self._user, admin=self._admin)
        self._details = Details(
            self._client, settings, self._directory, self._lists, user=self._user, admin=self._admin
        )
        self._assignments = Assignments(
            self._client, settings, self._directory, self._details, admin=self._admin, clock=clock
        )
        # Why the account completes no task; None as long as nothing speaks against it.
        self._account_lacks: str | None = None
        self.extras = Extras(self._client, settings.options, self._user)

    @classmethod
    def open(cls, settings: LittlehorseSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        upstream = Upstream(settings, parse_error=parse_error, is_refusal=is_refusal, transport=transport)
        account = from_settings(settings.credentials) if settings.has_admin else None
        user: Credentials
        match settings.acts_as, settings.credentials:
            case "service", _:
                user = account or from_settings(settings.credentials)
            case "exchange", OAuthCredentials() as client:
                user = TokenExchange(client, clock=clock)
            case _:
                user = ViewerToken(settings.audience, clock=clock)
        return cls(settings, upstream, user=user, account=account, clock=clock)

    async def ping(self) -> None:
        """With the caller's token if there is a caller, otherwise the account's. Without either, a request without a token."""
        if not _is_service(self.settings) and current_call().authority is not None:
            await self._client.check_connection(self._user)
        elif self._admin is not None:
            await self._client.list_definitions(self._admin, {"limit": 1})
        else:
            await self._client.check_tenant()

    async def probe(self) -> None:
        """By the account if there is one: its request goes through the bridge to the kernel."""
        await (super().probe() if self._admin is None else self.ping())

    async def look_at_account(self) -> str:
        """The user of the account, and whether it has the attribute that the bridge takes as its user id.

        Keycloak makes the account of a client without an e-mail address.
        """
        account = await self._directory.account()
        if account is None:
            return ""
        await self._directory.groups()
        self._account_lacks = lacks = mapping.account_lacks(account, self.settings.options.user_id_claim)
        self.withhold({Complete: lacks} if lacks is not None and _is_service(self.settings) else {})
        return mapping.account_name(account)

    async def own_account(self) -> str | None:
        account = await self._directory.account()
        return None if account is None else mapping.user_id_of(account, self.settings.options.user_id_claim)

    # Tasks

    def is_native_id(self, native_id: str) -> bool:
        return ids.is_native_id(native_id)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushed_down(query, by_assignee=self.settings.options.exact_user_ids)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """A page holds rows of several lists of the bridge; the cursor holds the place in each of them."""
        rows, following, hidden = await self._lists.page(query, limit=min(limit, self.page_limit), after=after)
        now = self.clock()

        def made(row: wire.TaskRow, raw: Raw) -> Task:
            self._lists.note(row)
            return mapping.task_from_wire(row, self.settings, fetched_at=now, payload=raw)

        found = decode_rows(rows, lambda raw: decode_record(raw, wire.TaskRow), as_task=made, people=mapping.OWNERS)
        matches = filter(query.test(), (made(row, raw) for row, raw in found.rows))
        items = tuple(distinct(matches, lambda task: task.native_id))
        return following.page(items, odd=(*hidden, *found.odd))

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for each id; two or three for an unknown id, because the bridge answers 500 for it.

        Four for a task with saved progress, which only lists show.
        """
        return await get_each(ids, lambda native_id: self._details.task(native_id, now=self.clock()))

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        return await self._details.detail(task, aspects)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """Only ids, without a call: the bridge does not show workflow runs."""
        return {each: mapping.flow_stub(each, self.source, fetched_at=self.clock()) for each in ids if each}

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        """Empty without an admin account. The cursor is the bridge's bookmark."""
        if self._admin is None:
            return Page(items=())
        params: Params = {"limit": limit} if after is None else {"limit": limit, "bookmark": after}
        answer = await self._client.list_definitions(self._admin, params)
        names = dict.fromkeys(answer.names.records)
        following = following_token(answer.bookmark, after=after)
        return following.page(tuple(map(mapping.definition_of, names)), odd=answer.names.odd)

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        return await self._directory.find(ids)

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """By name, or by the identity provider's id. One call for any number of ids."""
        if not any(ids):
            return {}
        groups, _ = await self._directory.groups()
        return {each: group for group in groups for each in ids if each in {group.native_id, *group.aliases}}

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """A task with a group can only be assigned to members of the group, unless the group is removed."""
        if assignable_to is not None and assignable_to.candidate_groups:
            return await self.list_members(assignable_to.candidate_groups[0].native_id, limit=limit, after=after)
        return await self._directory.users(limit=limit, after=after)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        return await self._directory.users(group=group_id, limit=limit, after=after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        return await self._directory.groups_page(limit=limit, after=after)

    # Verbs

    def check_arguments(self, command: TaskCommand) -> None:
        if isinstance(command, Assign):
            assign_options(command)
        if isinstance(command, Complete) and command.comment:
            raise ValidationFailedError("a completion takes no comment; add the comment by itself", field=("comment",))

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """The bridge gives a task of a group to members of the group only, and takes a task back for its group only.

        The account assigns within a group only if the bridge's directory has it.
        """
        groups = task.candidate_groups or ()
        if action is TaskAction.CLAIM and actor is not None and groups and not any(map(actor.belongs_to, groups)):
            return ForbiddenError(
                "the bridge gives this task to members of its group only, and you are not one of them"
            )
        if action in {TaskAction.RELEASE, TaskAction.UNASSIGN} and not groups:
            return UnsupportedActionError("the task has no group to go back to, and the bridge has no other release")
        refusal = self._assignments.refusal_of(task, action) or self._details.refusal_of(task, action)
        if refusal is not None:
            return refusal
        if action is TaskAction.COMPLETE and self._account_lacks and self._is_by_account(task, actor):
            return UnsupportedActionError(self._account_lacks)
        return super().refusal_of(task, action, actor)

    def outcome_in(self, data: Mapping[str, object]) -> str | None:
        found = data.get(self.settings.options.outcome_field or "")
        return found if isinstance(found, str) else None

    @handles(
        Claim,
        guarded=True,
        note="for the person of the token; refused outside the task's group",
        when=_claims_as_person,
    )
    async def claim(self, command: Claim) -> Outcome:
        actor = _actor(command)
        await self._client.claim(self._user, TaskId.parse(command.task.native_id))
        group = command.task.candidate_groups[0].native_id if command.task.candidate_groups else None
        return Outcome(task=after_write.assigned(command.task, actor, group, fetched_at=self.clock()))

    @handles(
        Claim,
        support=Support.EMULATED,
        atomic=False,
        note="the account looks up the person and assigns the task to them",
        when=_is_service,
    )
    async def claim_by_assignment(self, command: Claim) -> Outcome:
        return await self._assignments.claim(command.task, _actor(command))

    @handles(
        Release,
        support=Support.EMULATED,
        atomic=False,
        note="an admin assigns the task to its group again; needs a group",
        when=_has_admin,
    )
    async def release(self, command: Release) -> Outcome:
        return await self._assignments.back_to_group(command.task)

    @handles(
        Unassign,
        support=Support.EMULATED,
        atomic=False,
        note="an admin assigns the task to its group again; needs a group",
        when=_has_admin,
    )
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._assignments.back_to_group(command.task)

    @handles(
        Assign,
        atomic=False,
        note="by an admin, who looks up the ids first; option `userGroup` names a group besides the user",
        when=_has_admin,
    )
    async def assign(self, command: Assign) -> Outcome:
        return await self._assignments.assign(command)

    @handles(
        Complete,
        atomic=False,
        guarded=True,
        note="reads the form first and the result last: the bridge does not refuse a completion that is too late",
    )
    async def complete(self, command: Complete) -> Outcome:
        found, _ = await self._details.record(command.task.native_id)
        record = found.needing("fields", what="the form of the task")
        values = values_of(record, command.data or {}, command.outcome, self.settings.options)
        side = self._side(command)
        await self._client.complete(side, TaskId.parse(command.task.native_id), values)
        return await self._confirm(command.task, Side(side.credentials), values)

    @handles(Cancel, guarded=True, by_id=True, note="the flow fails at this task unless its workflow handles that")
    async def cancel(self, command: Cancel) -> Outcome:
        await self._client.cancel(self._side(command), TaskId.parse(command.task.native_id))
        return Outcome(
            task=after_write.cancelled(command.task, fetched_at=self.clock()),
            effect="the flow fails at this task unless its workflow handles that",
        )

    @handles(AddComment, note="as the person of the token, or as the account")
    async def add_comment(self, command: AddComment) -> Outcome:
        await self._client.add_comment(self._user, TaskId.parse(command.task.native_id), command.text)
        return Outcome(task=command.task)

    def _side(self, command: TaskCommand) -> Side:
        """The admin side for a service account, and for a task that another person owns; otherwise the user side."""
        if self._admin is not None and self._is_by_account(command.task, command.actor):
            return self._admin
        return self._user

    def _is_by_account(self, task: Task, actor: Identity | None) -> bool:
        """Whether the account completes or cancels the task, if there is one."""
        owners = {user.native_id for user in task.assignees}
        is_other_persons = bool(owners) and (actor is None or actor.native_id not in owners)
        return _is_service(self.settings) or is_other_persons

    async def _confirm(self, task: Task, side: Side, values: Values) -> Outcome:
        """Read the record behind a completion that was answered 204. The bridge also answers 204 if it changed nothing.

        `side` is the user side. It refuses the tasks of other persons, so if the record can be read, the task was
        completed with the same token. A refusal proves nothing: the read may be older than the take-over of the task.
        """
        try:
            answer, raw = await self._client.get_task(side, TaskId.parse(task.native_id))
            record = answer.except_for("fields", "events").require("the record of the task")
        except ConnectorError as error:
            error.maybe_applied = True
            raise
        found = mapping.task_from_wire(record, self.settings, fetched_at=self.clock(), payload=raw)
        if found.is_open:
            return Outcome(task=found, status=MutationStatus.UNKNOWN)
        if found.state is not TaskState.COMPLETED or not holds(record, values):
            raise ConflictError(f"the task is already {found.state}, with other data than was sent")
        return Outcome(task=found)


def _actor(command: TaskCommand) -> UserRef:
    actor = command.require_actor()
    return UserRef(native_id=actor.native_id, email=actor.email)

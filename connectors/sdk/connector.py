"""The interface between the gateway and a vendor: how to read tasks, check the source, and perform commands."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self, TypeVar

from msgspec import structs

from connectors.sdk.caller import Access, Identity
from connectors.sdk.capability import Capability, Support
from connectors.sdk.changes import Changes, changes_by_times
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import (
    Command,
    CreateTask,
    FlowCommand,
    FlowOutcome,
    IfLate,
    Outcome,
    StartFlow,
    TaskAction,
    TaskCommand,
    Update,
    UpdateField,
    actions_of,
)
from connectors.sdk.connector_info import ConnectorInfo, DirectoryFact, Listing
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    RejectedError,
    UnavailableError,
    UnsupportedActionError,
)
from connectors.sdk.forms import judge_fields
from connectors.sdk.http import AdmissionControl, Transport, Upstream
from connectors.sdk.model import (
    Definition,
    DetailAspect,
    Flow,
    Form,
    FormJudgement,
    FormKind,
    Group,
    Task,
    TaskDetail,
    User,
)
from connectors.sdk.query import FlowQuery, Page, TaskOrderField, TaskQuery
from connectors.sdk.settings import LimitsSettings, SourceSettings
from connectors.sdk.traces import Traces

SettingsT = TypeVar("SettingsT", bound=SourceSettings)


def _actions_of(command: type[Command]) -> frozenset[TaskAction]:
    return actions_of(frozenset(UpdateField)) if issubclass(command, Update) else frozenset({command.action})


def _weakness(how: Capability) -> tuple[int, bool]:
    return list(Support).index(how.support), not how.atomic


class Connector(ABC, Generic[SettingsT]):
    """Reads and writes one source ("camunda-eu"). It never retries or waits, and keeps an HTTP client and unchanging facts only.

    A vendor declares facts about itself as class attributes; `ConnectorInfo` explains them. `arrays` are the commands that
    the vendor takes for several tasks in one request. `changed_by` are the times by which its lists tell what has changed, for
    `changes`, in the order in which they come about; empty where they do not tell. Verbs are declared with `@handles` on the methods that perform them.
    `info` has the facts and verbs that apply under the source's settings.
    """

    vendor: ClassVar[str]
    title: ClassVar[str]
    settings_type: ClassVar[type[SourceSettings]]
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset()
    never_filled: ClassVar[frozenset[TaskOrderField]] = frozenset()
    page_limit: ClassVar[int] = 50
    scan_page: ClassVar[int | None] = None
    listings: ClassVar[frozenset[Listing]] = frozenset()
    directory: ClassVar[frozenset[DirectoryFact]] = frozenset()
    directory_page: ClassVar[int | None] = None
    list_note: ClassVar[str] = ""
    sorts_flows: ClassVar[bool] = False
    one_owner: ClassVar[bool] = False
    open_to_everyone: ClassVar[bool] = False
    takes_unions: ClassVar[bool] = False
    costly_candidates: ClassVar[bool] = False
    lists_data: ClassVar[bool] = False
    changed_by: ClassVar[tuple[TaskOrderField, ...]] = ()
    arrays: ClassVar[frozenset[type[TaskCommand]]] = frozenset()
    default_limits: ClassVar[LimitsSettings] = LimitsSettings()
    traces: Traces = Traces()
    _variants: ClassVar[tuple[tuple[type[Command], Capability, str], ...]] = ()

    info: ConnectorInfo

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = {name: getattr(getattr(cls, name, None), "__handles__", ()) for name in dir(cls)}
        variants = [(command, how, name) for name, each in declared.items() for command, how in each]
        cls._variants = tuple(sorted(variants, key=lambda variant: _weakness(variant[1])))

    def __init__(self, settings: SettingsT, upstream: Upstream, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.source = settings.key
        self.upstream = upstream
        self.clock = clock
        self.info = self.info_for(settings)
        self._methods = {command: name for command, _, name in reversed(self._chosen(settings))}

    @classmethod
    @abstractmethod
    def open(cls, settings: SettingsT, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        """A connector with an HTTP client of its own; the caller closes it with `aclose`. `transport` is for tests."""

    @classmethod
    def declared(cls) -> Mapping[type[Command], Capability]:
        """Every command that a source of this vendor may have, each in its strongest variant."""
        return MappingProxyType({command: how for command, how, _ in reversed(cls._variants)})

    @classmethod
    def variants(cls) -> tuple[tuple[type[Command], Capability], ...]:
        """All declared variants of all commands, the strongest first; `when` decides which of them a source has."""
        return tuple((command, how) for command, how, _ in cls._variants)

    @classmethod
    def info_for(cls, settings: SettingsT) -> ConnectorInfo:
        """The facts that hold under `settings`. A vendor overrides it where a fact other than a verb depends on them."""
        return ConnectorInfo(
            vendor=cls.vendor,
            title=cls.title,
            sorts=cls.sorts,
            never_filled=cls.never_filled,
            page_limit=cls.page_limit,
            scan_page=cls.scan_page,
            listings=cls.listings,
            directory=cls.directory,
            directory_page=cls.directory_page,
            list_note=cls.list_note,
            sorts_flows=cls.sorts_flows,
            one_owner=cls.one_owner,
            open_to_everyone=cls.open_to_everyone,
            takes_unions=cls.takes_unions,
            costly_candidates=cls.costly_candidates,
            lists_data=cls.lists_data,
            default_limits=cls.default_limits,
            capabilities=MappingProxyType({command: how for command, how, _ in reversed(cls._chosen(settings))}),
        )

    @classmethod
    def _chosen(cls, settings: SettingsT) -> list[tuple[type[Command], Capability, str]]:
        """The variants whose `when` holds, the strongest first."""
        return [variant for variant in cls._variants if variant[1].when is None or variant[1].when(settings)]

    @abstractmethod
    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """The narrowest query, without an order, that the vendor answers exactly and that contains all matches of `query`.

        The gateway filters the rows again. Leaving members out, or widening them so that lists share one answer, is safe.
        `any_of` is kept as it is, or left out: then the gateway asks once for each of its queries.
        """

    @abstractmethod
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """One page of a query that `pushdown` returned, perhaps with an order by `sorts`, `without_candidates` or `with_data`.

        The same arguments give the same page until something changes upstream. `after` is the `next_cursor` of a page;
        a cursor of another list is ValidationFailedError.
        """

    @abstractmethod
    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """The tasks found, by id. An unknown id is absent; a task that could not be read is its error.

        AlreadyAssignedError if the vendor tells the caller only that the task is another person's: a read then shows nothing
        of the task, and a write is refused with that error.
        """

    async def changes(self, since: datetime) -> Changes | None:
        """What the vendor says has changed since that moment of its clock, with a call or a few. None: it does not tell.

        A hint: what it leaves out is found by comparing lists. The gateway asks again from an earlier moment, so that what the
        vendor shows late is not missed.
        """
        if not self.changed_by:
            return None
        return await changes_by_times(
            self.list_tasks, self.pushdown, self.changed_by, since, limit=self.info.page_limit
        )

    def concerns_tasks(self, body: bytes) -> bool:
        """Whether a webhook with this body, whose signature is good, may mean that tasks have changed.

        Nothing of it is taken for true: the gateway looks for itself.
        """
        return True

    async def find_rows(self, ids: Sequence[str], *, most_calls: int) -> Sequence[Task]:
        """Those of these tasks that the vendor's lists show, where that takes fewer calls than `get_tasks`; the others are read by it.

        For a vendor with few reads and without a read of several tasks. Empty, without a call, at all others.
        """
        return ()

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """The requested aspects, with as few calls as the vendor allows."""
        return TaskDetail()

    def detail_in(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail | None:
        """The requested aspects as the record that `task` was read from has them, without a call; None if it may not.

        For vendors whose read of one task is also the read of its details.
        """
        return None

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """The flows found, by id. Empty, without a call, if the vendor shows no flows."""
        return {}

    def within_flow(self, task: Task, flow: Flow) -> Task:
        """The task with the state that its flow gives it. Called only with a flow that is already known; never calls out."""
        return task

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        """The users found in the directory, by id. Empty, without a call, if the vendor has no directory."""
        return {}

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """The groups found in the directory, by id. Empty, without a call, if the vendor has no directory."""
        return {}

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        """As `pushdown`, for flows."""
        return FlowQuery()

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        """One page of a query that `pushdown_flows` returned; newest start first if `sorts_flows`."""
        return Page(items=())

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """Users whose name, user name or mail address may contain `search`; the gateway filters again.

        `assignable_to`: only users that the vendor would accept as owner of that task, as far as it tells.
        """
        return Page(items=())

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """Groups whose name may contain `search`; the gateway filters again."""
        return Page(items=())

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        """Users in a group; empty for an unknown group."""
        return Page(items=())

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        """The definitions that tasks are created from."""
        return Page(items=())

    @abstractmethod
    async def ping(self) -> None:
        """Return if the vendor answers and accepts our credentials; raise ConnectorError otherwise."""

    async def look_at_access(self) -> None:
        """Renew `info.access`, if it is not None. The gateway calls it as `look_at_account`, and more often.

        RejectedError if the account may not find it out; then no one has rights.
        """

    async def look_at_account(self) -> str:
        """Who the source's own account turns out to be, for people; empty if the vendor does not tell.

        Commands that this account cannot perform are withheld from then on, others no longer; see `withhold`.
        ConnectorError if it cannot be found out. The gateway calls it when it opens the source, and again from time to time.
        """
        return ""

    def note_access(self, access: Mapping[str, Access]) -> None:
        """Who has rights in which part of the source, from now on."""
        self.info = structs.replace(self.info, access=MappingProxyType(dict(access)))

    def withhold(self, reasons: Mapping[type[Command], str]) -> None:
        """These commands are not offered, and `perform` refuses them with the reason; all others are as declared."""
        self.info = structs.replace(self.info, withheld=MappingProxyType(dict(reasons)))

    async def own_account(self) -> str | None:
        """The id of the source's account as entries of the history and completed tasks name it; None if it is not known.

        Asked also where the source acts as the person: there it is the account that does what the person's token cannot.
        """
        return None

    def outcome_in(self, data: Mapping[str, object]) -> str | None:
        """The outcome among the data of a completed task, for a vendor that keeps it there."""
        return None

    async def probe(self) -> None:
        """A cheap request that finds out whether a failing source is back; raises ConnectorError while it is not.

        With a service account this is `ping`. A source that acts as the caller has no credentials outside of a request:
        there any answer below status 500, to a request without credentials, is enough.
        """
        if self.settings.acts_as == "service":
            await self.ping()
            return
        answer = await self.upstream.exchange("GET", self.upstream.url("/"))
        if answer.status >= 500:
            raise UnavailableError(f"failed with status {answer.status}", native_status=answer.status)

    def is_native_id(self, native_id: str) -> bool:
        """Whether `native_id` has the form of a task id. The gateway treats any other text as unknown, without a call."""
        return bool(native_id)

    def check_arguments(self, command: TaskCommand) -> None:
        """Raise ValidationFailedError, with the field, for what the vendor refuses whatever the task is: texts that are too
        long, ids of another form, options. From memory, without a call.

        The gateway asks before it reads the task: of `command.task` only the id is known then. `perform` asks again.
        """

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """Why the source refuses `action` on `task`, where the record alone tells; None if nothing speaks against it.

        `perform` raises it before anything is sent, and `permittedActions` shows it: what is offered is what is accepted.
        State, owner and role are checked by the gateway. A vendor adds what it alone knows (types of tasks, groups) and
        calls this method first. From memory, without a call. `actor`: the caller's identity, None if not linked.
        """
        for command, reason in self.info.withheld.items():
            if action in _actions_of(command):
                return UnsupportedActionError(reason)
        if action is TaskAction.CANCEL_FLOW and task.flow_id is None:
            return ConflictError("the task belongs to no flow that could be cancelled")
        return None

    def judge_form(
        self, form: Form, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool = False
    ) -> FormJudgement:
        """All faults of the data of a completion, a draft or a start, and the data to send. From memory, without a call.

        A connector that says `depends_on_held` is called again with `held`, the data of the task ({} if it has none). A
        draft may lack required fields. Data that the form has no field for are refused, unless the vendor's connector
        decides otherwise. A form that is not a list of fields is not judged.
        """
        if form.kind is not FormKind.FIELDS:
            return FormJudgement(data=data)
        return judge_fields(form.fields, data, is_draft=is_draft)

    async def start_form(self, command: StartFlow) -> Form | None:
        """The form that the data of a start are judged by, with as few calls as the vendor allows; None if there is none.

        Raises ConnectorError if there may be a form and it cannot be read: then nothing is sent.
        """
        return None

    async def steps(self, command: TaskCommand) -> Sequence[TaskCommand]:
        """One or two commands that carry `command` out. The gateway performs, records and judges each of them by itself.

        A vendor overrides it for a command that takes two writes. It may read, and it raises what refuses the command: then
        nothing is sent. `perform` gets the second step with the task that the first has left.
        """
        return (command,)

    def undo_of(self, step: TaskCommand, before: Task) -> TaskCommand | None:
        """What takes the first of two steps back; `before` is the task before it. None if there is nothing to take back.

        It is sent only if the second step fails, and only on a task that still is as the first has left it.
        """
        return None

    def if_late(self, step: TaskCommand, undo: TaskCommand) -> IfLate:
        """What `step`, whose answer was lost, does if it arrives after the `undo` of the step before it."""
        return IfLate.HARMFUL

    def check(self, command: TaskCommand | CreateTask) -> None:
        """Raises what `perform` raises without a call."""
        self._method(command)
        if isinstance(command, TaskCommand):
            self.check_arguments(command)
            for action in sorted(command.actions if isinstance(command, Update) else {command.action}):
                refusal = self.refusal_of(command.task, action, command.actor)
                if refusal is not None:
                    raise refusal

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        """Perform one command, which is no more than one step, with exactly one write upstream.

        UnsupportedActionError, without a call, if the source does not have the command or cannot change a field of it;
        likewise what `refusal_of` says.
        """
        self.check(command)
        outcome: Outcome = await self._method(command)(command)
        return outcome

    def array_of(self, command: TaskCommand) -> Hashable | None:
        """Commands of one of `arrays` with an equal value travel in one request. None: the command travels alone."""
        return type(command) if type(command) in self.arrays else None

    async def perform_many(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        """Perform commands on distinct tasks, with an equal `array_of`, with exactly one write upstream.

        What `perform` would return or raise for each of them, by the native id of its task. Raises ConnectorError if the
        request failed as a whole.
        """
        found: dict[str, Outcome | ConnectorError] = {}
        accepted = []
        for command in commands:
            try:
                self.check(command)
            except RejectedError as refusal:
                found[command.task.native_id] = refusal
            else:
                accepted.append(command)
        if accepted:
            found.update(await self.perform_array(accepted))
        return found

    async def perform_array(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        """`perform_many` of a vendor that has `arrays`, for commands that nothing speaks against."""
        raise UnsupportedActionError(f"{self.title} takes one task a request")

    async def perform_on_flow(self, command: FlowCommand | StartFlow) -> FlowOutcome:
        """As `perform`."""
        outcome: FlowOutcome = await self._method(command)(command)
        return outcome

    def _method(self, command: Command) -> Callable[[Any], Any]:
        capability = self.info.capabilities.get(type(command))
        if type(command) in self.info.withheld:
            raise UnsupportedActionError(self.info.withheld[type(command)])
        if capability is None:
            raise UnsupportedActionError(
                f"{self.title} cannot {type(command).__name__}", alternatives=self.info.cancel_strategies
            )
        if isinstance(command, Update) and not command.fields <= capability.fields:
            beyond = ", ".join(sorted(command.fields - capability.fields))
            raise UnsupportedActionError(f"{self.title} cannot change {beyond} of a task")
        method: Callable[[Any], Any] = getattr(self, self._methods[type(command)])
        return method

    def guard(self, admission: AdmissionControl) -> None:
        """Every request needs a permit of `admission` from now on; see `Upstream.guard`. Covers all origins of a vendor."""
        self.upstream.guard(admission)

    def read_directly(self, *, is_on: bool) -> None:
        """See `Upstream.read_directly`. Covers all origins of a vendor."""
        self.upstream.read_directly(is_on=is_on)

    async def aclose(self) -> None:
        await self.upstream.aclose()

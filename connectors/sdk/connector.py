"""The seam between the gateway and a vendor: two abstract reads, a ping, and the verbs that a vendor has."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import (
    Cancel,
    CancelStrategy,
    Command,
    CreateTask,
    FlowCommand,
    FlowOutcome,
    Outcome,
    StartFlow,
    TaskCommand,
    Update,
)
from connectors.sdk.errors import ConnectorError, UnsupportedActionError
from connectors.sdk.http import AdmissionControl, Upstream
from connectors.sdk.model import Definition, DetailAspect, Flow, Group, Task, TaskDetail, User
from connectors.sdk.query import FlowQuery, Page, TaskOrderField, TaskQuery
from connectors.sdk.settings import LimitsSettings, SourceSettings

SettingsT = TypeVar("SettingsT", bound=SourceSettings)


class Listing(Enum):
    FLOWS = "flows"
    USERS = "users"
    GROUPS = "groups"
    MEMBERS = "members"
    TASK_DEFINITIONS = "task definitions"


def utc_now() -> datetime:
    return datetime.now(UTC)


def _weakness(how: Capability) -> tuple[int, bool]:
    return list(Support).index(how.support), not how.atomic


class Connector(ABC, Generic[SettingsT]):
    """One configured upstream ("camunda-eu"). Holds an HTTP client and no other state; never retries, caches or waits.

    `sorts` are the order fields by which the vendor sorts rows *that have a value* exactly as we do, several at once;
    `empty` are those that it never fills (sorting by them changes nothing here). Fields in neither force a drain.
    """

    vendor: ClassVar[str]
    title: ClassVar[str]
    settings_type: ClassVar[type[SourceSettings]]
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset()
    empty: ClassVar[frozenset[TaskOrderField]] = frozenset()
    page_limit: ClassVar[int] = 50
    # What can be listed; the other lists are empty without a call.
    listings: ClassVar[frozenset[Listing]] = frozenset()
    # What a source's lists of tasks may leave out or show late, in words for people; empty where they are complete.
    list_note: str = ""
    sorts_flows: ClassVar[bool] = False
    # READY tasks that name no candidate at all may be taken by anybody of the company.
    open_to_everyone: ClassVar[bool] = False
    # What the vendor documents; it is the promise that the source's own `limits` narrow.
    default_limits: ClassVar[LimitsSettings] = LimitsSettings()
    _variants: ClassVar[tuple[tuple[type[Command], Capability, str], ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        marked = {name: mark for name in dir(cls) if (mark := getattr(getattr(cls, name, None), "__handles__", None))}
        variants = [(command, how, name) for name, (command, how) in marked.items()]
        cls._variants = tuple(sorted(variants, key=lambda variant: _weakness(variant[1])))

    def __init__(self, settings: SettingsT, upstream: Upstream, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.source = settings.key
        self.upstream = upstream
        self.clock = clock
        here = [variant for variant in self._variants if variant[1].when is None or variant[1].when(settings)]
        # Of several ways to carry out one command, the strongest comes first and wins.
        self._chosen = {command: (how, name) for command, how, name in reversed(here)}
        self.capabilities: Mapping[type[Command], Capability] = MappingProxyType(
            {command: how for command, (how, _) in self._chosen.items()}
        )

    @classmethod
    @abstractmethod
    def open(
        cls, settings: SettingsT, *, transport: Any = None, clock: Callable[[], datetime] = utc_now
    ) -> "Connector[SettingsT]":
        """A connector with its own HTTP client; the caller closes it with `aclose`. `transport` is for tests."""

    @classmethod
    def declared(cls) -> Mapping[type[Command], Capability]:
        """The most a source of this vendor can do; what one source does is `capabilities`."""
        return MappingProxyType({command: how for command, how, _ in reversed(cls._variants)})

    @classmethod
    def variants(cls) -> tuple[tuple[type[Command], Capability], ...]:
        """All ways to carry out each command, the strongest first; `when` tells where each of them holds."""
        return tuple((command, how) for command, how, _ in cls._variants)

    @abstractmethod
    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """The strongest query without order that the vendor answers exactly and that every match of `query` satisfies.

        The gateway filters the rest. Dropping members (or widening them, to let lists share one answer) is sound.
        """

    @abstractmethod
    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """One page of a pushed-down query. The same arguments give the same page while nothing changes upstream."""

    @abstractmethod
    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """The tasks found, by id. An unknown id is absent; one that could not be read is its error."""

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """The aspects asked for, with as few calls as the vendor allows."""
        return TaskDetail()

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """The flows found, by id. A vendor that shows no flows gives none, without a call."""
        return {}

    def within_flow(self, task: Task, flow: Flow) -> Task:
        """The task as the state of its flow makes it. Only asked where the flow is known already, never for a call."""
        return task

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        """The people found in the vendor's directory, by id; none, without a call, where there is no directory."""
        return {}

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """The groups found in the vendor's directory, by id; none, without a call, where there is no directory."""
        return {}

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        """As `pushdown`, for flows."""
        return FlowQuery()

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        """One page of a pushed-down query; newest start first where `sorts_flows`."""
        return Page(items=())

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """People of the directory whose name, user name or mail address may hold `search`; the gateway filters again.

        `assignable_to`: those whom the vendor would take as owner of that task, as far as it tells.
        """
        return Page(items=())

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        """Groups of the directory whose name may hold `search`; the gateway filters again."""
        return Page(items=())

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        """People in a group; empty for an unknown one."""
        return Page(items=())

    async def list_task_definitions(self, *, limit: int, after: str | None = None) -> Page[Definition]:
        """What tasks are made from."""
        return Page(items=())

    async def get_self(self) -> User | None:
        """Whom the vendor takes our credentials for; None where it does not tell."""
        return None

    @abstractmethod
    async def ping(self) -> None:
        """Return when the upstream answers and accepts our credentials; raise ConnectorError otherwise."""

    def is_native_id(self, native_id: str) -> bool:
        """Whether `native_id` can be a task's id here; what cannot is unknown without a call."""
        return bool(native_id)

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        """Carry out one command by exactly one write upstream, unless its capability says that it takes several.

        Raises UnsupportedActionError without a call when the verb, or a field to update, is not among `capabilities`.
        """
        outcome: Outcome = await self._method(command)(command)
        return outcome

    async def perform_on_flow(self, command: FlowCommand | StartFlow) -> FlowOutcome:
        """As `perform`."""
        outcome: FlowOutcome = await self._method(command)(command)
        return outcome

    def _method(self, command: Command) -> Callable[[Any], Any]:
        capability = self.capabilities.get(type(command))
        if capability is None:
            raise UnsupportedActionError(
                f"{self.title} cannot {type(command).__name__}", alternatives=self.cancel_strategies()
            )
        if isinstance(command, Update) and not command.fields <= capability.fields:
            beyond = ", ".join(sorted(command.fields - capability.fields))
            raise UnsupportedActionError(f"{self.title} cannot change {beyond} of a task")
        method: Callable[[Any], Any] = getattr(self, self._chosen[type(command)][1])
        return method

    def cancel_strategies(self) -> tuple[CancelStrategy, ...]:
        """The ways to end a task without completing it that this source has."""
        has = {command.strategy for command in self.capabilities if issubclass(command, Cancel)}
        return tuple(strategy for strategy in CancelStrategy if strategy in has)

    def guard(self, admission: AdmissionControl) -> None:
        """Every request needs a permit of `admission` from now on; see `Upstream.guard`. Covers all origins of a vendor."""
        self.upstream.guard(admission)

    async def aclose(self) -> None:
        await self.upstream.aclose()

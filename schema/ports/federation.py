"""Federation: everything that the schema asks of the gateway. The gateway implements it."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Protocol

from connectors.sdk.caller import Caller
from connectors.sdk.commands import TaskAction
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import (
    Definition,
    DetailAspect,
    Flow,
    FlowRef,
    Group,
    NativeRef,
    Task,
    TaskDetail,
    TaskRef,
    User,
)
from schema.ports.actions import Verdict
from schema.ports.bulk import BulkRequest, BulkResult, TakeNextRequest
from schema.ports.lists import DefinitionRow, FlowListRequest, PageRequest, RowList, TaskList, TaskListRequest
from schema.ports.live import InboxWatchRequest, TaskEvent
from schema.ports.people import AccountLink, GroupRow, PersonRow
from schema.ports.sources import SourceInfo
from schema.ports.stats import StatsRequest, TaskStats
from schema.ports.writes import Operation, WriteRequest, WriteResult


class Federation(Protocol):
    """All sources as one. Methods raise ConnectorError only if they say so; lists report failures per source."""

    def sources(self) -> Sequence[SourceInfo]:
        """Every configured source in configuration order, from memory."""

    def person(self, key: str) -> Caller | None:
        """The person of the book with that key."""

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        """The person of the book that the account is linked to."""

    async def links_of(self, person: Caller) -> Sequence[AccountLink]:
        """The person's accounts, with candidates. Sources whose directory cannot be read now are left out."""

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One merged page. Raises InputError for a cursor of another list."""

    def watch_inbox(self, caller: Caller, request: InboxWatchRequest) -> AsyncGenerator[TaskEvent, None]:
        """What changes in a list from now on. Raises GatewayError where there is no place for a subscriber."""

    def watch_tasks(self, caller: Caller, refs: Collection[TaskRef]) -> AsyncGenerator[TaskEvent, None]:
        """What changes in these tasks from now on; invisible ones are silent. Raises GatewayError as well."""

    def watch_statuses(self, keys: Collection[str]) -> AsyncGenerator[str, None]:
        """The key of each source whose status changes. Raises GatewayError as well."""

    async def task_stats(self, caller: Caller, request: StatsRequest) -> TaskStats:
        """Counts of the tasks that the caller may see."""

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        """Tasks by ref. Unknown and invisible tasks are absent."""

    async def get_details(
        self,
        caller: Caller,
        wanted: Mapping[TaskRef, frozenset[DetailAspect]],
        *,
        known: Mapping[TaskRef, Task] = ...,
        fresh: bool = False,
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        """Details by task, with the aspects wanted. Unknown and invisible tasks are absent.

        `known` are records that the caller was shown in this request; they are not read again.
        """

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        """Flows by ref, without a check of visibility: only for flows of visible tasks."""

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        """A flow, if the caller is a task admin or sees one of its tasks. Raises ConnectorError."""

    async def list_flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        """One merged page, newest first. Raises InputError for a cursor of another list."""

    async def list_task_definitions(self, caller: Caller, request: PageRequest) -> RowList[DefinitionRow]:
        """One merged page, by name. Raises InputError for a cursor of another list."""

    async def get_task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """A task definition, if the source lists it or a recent task that the caller sees was created from it.

        Raises ConnectorError if the source cannot be read.
        """

    async def get_flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """A flow definition, if a recent flow runs it: a flow of visible tasks or, for task admins, any flow.

        Raises ConnectorError if the source cannot be read.
        """

    async def list_users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        """People, each once, by name.

        Raises InputError for a cursor of another list, and if the caller does not see `assignable_to`.
        """

    async def list_groups(
        self, caller: Caller, request: PageRequest, *, search: str | None = None
    ) -> RowList[GroupRow]:
        """Groups, by name. Raises InputError for a cursor of another list."""

    async def list_members(self, caller: Caller, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        """Members of a group, by name. Raises InputError for a cursor of another list."""

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        """Accounts of the sources' directories by ref. Accounts that cannot be loaded are absent."""

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        """Groups of the sources' directories by ref. Groups that cannot be loaded are absent."""

    def verdicts(self, caller: Caller, task: Task, actions: Sequence[TaskAction] | None = None) -> Sequence[Verdict]:
        """Whether the caller may do each action to the task; `actions` None means all. From memory, no upstream call."""

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        """Carry out a write at most once. Every expected failure is a problem of the result."""

    async def perform_bulk(self, caller: Caller, request: BulkRequest) -> BulkResult:
        """Carry out one write for each distinct task. Every expected failure is a problem of an entry."""

    async def take_next(self, caller: Caller, request: TakeNextRequest) -> WriteResult:
        """Claim the first task of the list that the caller gets. Every expected failure is a problem of the result."""

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        """A write by its id, for its author and task admins. Raises GatewayError if the journal cannot be read."""

    async def last_write(self, task: TaskRef) -> Operation | None:
        """The newest write to a task that the caller is known to see. Raises GatewayError if the journal cannot be read."""

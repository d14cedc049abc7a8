"""What the graph asks of the gateway, which implements it in the layer above.

Resolvers, loaders and mutations know nothing else of it.
"""

from collections.abc import Mapping, Sequence
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
from schema.ports.lists import DefinitionRow, FlowListRequest, PageRequest, RowList, TaskList, TaskListRequest
from schema.ports.people import GroupRow, PersonRow
from schema.ports.sources import SourceInfo
from schema.ports.stats import StatsRequest, TaskStats
from schema.ports.writes import Operation, WriteRequest, WriteResult


class Federation(Protocol):
    """All sources as one. Reads raise ConnectorError only where they say so; lists carry failures as reports."""

    def sources(self) -> Sequence[SourceInfo]:
        """Every configured source in configuration order, answered from memory."""

    def person(self, key: str) -> Caller | None:
        """The person of the configuration with that key."""

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        """The person whose identity in that source it is."""

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One merged page. InputError for a cursor that does not fit."""

    async def task_stats(self, caller: Caller, request: StatsRequest) -> TaskStats:
        """Counts of the tasks that the caller may see. Raises nothing for a failing source."""

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        """Visible tasks by ref; unknown and invisible ones are absent."""

    async def get_details(
        self, caller: Caller, wanted: Mapping[TaskRef, frozenset[DetailAspect]]
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        """The aspects asked for, of tasks that the caller may see."""

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        """Flows by ref, without a check of visibility: for flows reached from a visible task."""

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        """A flow by id: visible to task admins and to whoever sees one of its tasks. Raises ConnectorError."""

    async def list_flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        """One merged page, newest first. InputError for a cursor that does not fit."""

    async def list_task_definitions(self, caller: Caller, request: PageRequest) -> RowList[DefinitionRow]:
        """One merged page, by name. InputError for a cursor that does not fit."""

    async def get_task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """A task definition by id, where the source lists it or recent tasks that the caller sees were made from it.

        Raises ConnectorError where the source cannot be read.
        """

    async def get_flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        """A flow definition by id, where recent flows run by it: those of visible tasks, for task admins also the others.

        Raises ConnectorError where the source cannot be read.
        """

    async def list_users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        """People, each once, by name. InputError for a cursor that does not fit, or a task nobody sees."""

    async def list_groups(
        self, caller: Caller, request: PageRequest, *, search: str | None = None
    ) -> RowList[GroupRow]:
        """Groups by name. InputError for a cursor that does not fit."""

    async def list_members(self, caller: Caller, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        """People in a group, by name. InputError for a cursor that does not fit."""

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        """People of the vendors' directories; who cannot be loaded is absent."""

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        """Groups of the vendors' directories; what cannot be loaded is absent."""

    def verdicts(self, caller: Caller, task: Task, actions: Sequence[TaskAction] | None = None) -> Sequence[Verdict]:
        """What the caller may do to the task; None for everything. From memory, no call."""

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        """Carry out a write at most once. Raises no expected failure: each is a problem of the result."""

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        """A write by its id, for its author and task admins. Raises GatewayError if the journal cannot be read."""

    async def last_write(self, task: TaskRef) -> Operation | None:
        """The newest write to a task that the caller is known to see. Raises GatewayError as `operation`."""

"""Flow and its parts. The flow of a task is a stub: it loads its record when a field beyond id and name is selected."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import strawberry

from connectors.sdk import model
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.enums import FlowState, PhaseState, TaskState
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.presenters import present
from schema.core.relay import Node, global_id
from schema.core.resolver import resolved
from schema.core.subject import NativeRecord, SubjectRef, subjects_from_model
from schema.execution import selects, selects_total
from schema.flow.dataloaders import flow_loader
from schema.flow.relations import current_tasks_of, state_of, tasks_of
from schema.people import User
from schema.source import Source

if TYPE_CHECKING:
    from schema.task import Task, TaskConnection

T = TypeVar("T")
Info = strawberry.Info[Context, None]


@strawberry.type(description="A phase of a flow.")
class FlowPhase:
    key: str = strawberry.field(description="Native key of the phase.")
    name: str = strawberry.field(description="Name for people.")
    state: PhaseState = strawberry.field(description="Progress of the phase.")
    due_at: datetime | None = strawberry.field(description="Due time. Null if there is none.")
    progress: float | None = strawberry.field(description="Completed share, 0 to 1. Null if the source does not say.")

    @classmethod
    def from_model(cls, phase: model.FlowPhase) -> "FlowPhase":
        return cls(key=phase.key, name=phase.name, state=phase.state, due_at=phase.due_at, progress=phase.progress)


@strawberry.type(description="A definition that flows run, in one deployed version.")
class FlowDefinition(Node):
    key: str = strawberry.field(description="Key, the same for all versions.")
    name: str | None = strawberry.field(description="Name for people. Null if the source has none.")
    version: str | None = strawberry.field(description="Native version. Null if the source has none.")

    @classmethod
    def from_model(cls, definition: model.Definition, source: str) -> "FlowDefinition":
        return cls(
            id=global_id("FlowDefinition", source, definition.native_id),
            key=definition.key,
            name=definition.name,
            version=definition.version,
        )


def _loaded(description: str, read: Callable[[model.Flow, Context], object]) -> Any:
    """A field that is read from the flow's record, which a stub loads once per request. Null if it is not found."""

    def resolve(root: "Flow", info: Info) -> Any:
        return root.read(info.context, read, None)

    return strawberry.field(resolver=resolve, description=description)


def _stub_of(flow: model.Flow, native_id: str | None, context: Context) -> "Flow | None":
    return (
        None
        if native_id is None
        else Flow.stub(model.FlowRef(flow.source, native_id), None, flow.fetched_at, context, is_related=True)
    )


@strawberry.type(description="A process instance, execution, workflow run or case that tasks belong to.")
class Flow(Node):
    source: Source = strawberry.field(description="Source of the flow.")
    name: str | None = strawberry.field(
        description="Name for people. Null if the source has none or would need a call per row."
    )
    ref: strawberry.Private[model.FlowRef]
    seen_at: strawberry.Private[datetime]
    record: strawberry.Private[model.Flow | None]
    # Named by another flow: the viewer may not see it, and then no more than its id is shown.
    is_related: strawberry.Private[bool] = False

    definition: FlowDefinition | None = _loaded(
        "Definition that the flow runs. Null if the source does not say.",
        lambda flow, _: flow.definition and FlowDefinition.from_model(flow.definition, flow.source),
    )
    has_incident: bool | None = _loaded(
        "Whether the flow needs repair. Null if the source does not say.", lambda flow, _: flow.has_incident
    )
    started_at: datetime | None = _loaded("Start time. Null if unknown.", lambda flow, _: flow.started_at)
    ended_at: datetime | None = _loaded("End time. Null while the flow runs.", lambda flow, _: flow.ended_at)
    due_at: datetime | None = _loaded("Due time. Null if there is none.", lambda flow, _: flow.due_at)
    started_by: User | None = _loaded(
        "User who started the flow. Null if unknown or if no person started it.",
        lambda flow, context: flow.started_by and User.from_row(flow.started_by, flow.source, context),
    )
    business_key: str | None = _loaded("Business key. Null if there is none.", lambda flow, _: flow.business_key)
    subjects: list[SubjectRef] | None = _loaded(
        "Business objects that the flow is about, as far as its record has them. Null if the source does not know subjects.",
        lambda flow, _: subjects_from_model(flow.subjects),
    )
    parent: "Flow | None" = _loaded(
        "Flow that started this flow. Null if none did. Only its id is told if the viewer sees none of its tasks.",
        lambda flow, context: _stub_of(flow, flow.parent_id, context),
    )
    root: "Flow | None" = _loaded(
        "Outermost flow. Null if this flow is the outermost, or if the source does not say. Only its id is told if the viewer "
        "sees none of its tasks.",
        lambda flow, context: _stub_of(flow, flow.root_id, context),
    )
    phases: list[FlowPhase] | None = _loaded(
        "Phases in order. Null if the source has no phases.",
        lambda flow, _: None if flow.phases is None else [FlowPhase.from_model(phase) for phase in flow.phases],
    )
    url: str | None = _loaded("Page of the flow, for people. Null if there is none.", lambda flow, _: flow.url)

    @resolved(
        graphql_type=FlowState,
        description="Current state. UNKNOWN if the flow cannot be loaded. Costs one load per flow.",
    )
    def state(self, info: Info) -> Awaitable[FlowState] | FlowState:
        if self.record is not None:
            return self.record.state
        return state_of(self.ref, info.context, is_related=self.is_related)

    @resolved(
        graphql_type=NativeRecord,
        description="The flow as the vendor names and records it. Free if only `nativeId` is selected.",
    )
    def native(self, info: Info) -> Awaitable[NativeRecord] | NativeRecord:
        if self.record is not None or not selects(info, ("type",), ("state",), ("rule",), ("payload",)):
            return self._native(self.record, info.context)
        return self._loaded_native(info.context)

    @resolved(
        graphql_type=list[Annotated["Task", strawberry.lazy("schema.task")]] | None,
        description="Tasks that can be worked on now and that the viewer sees, at most 100. Null plus an error if they cannot be loaded.",
    )
    async def current_tasks(self, info: Info) -> "list[Task]":
        context = info.context
        tasks = await current_tasks_of(self.ref, self.record, context, is_related=self.is_related)
        return [present(task, context) for task in tasks]

    @resolved(
        graphql_type=Annotated["TaskConnection", strawberry.lazy("schema.task")],
        description="Tasks of the flow that the viewer sees, open and closed, by creation time.",
    )
    async def tasks(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        states: Annotated[
            list[TaskState] | None,
            strawberry.argument(description="Return tasks in these states only. Null means all states."),
        ] = strawberry.UNSET,
    ) -> "TaskConnection":
        wanted = given(states)
        found = await tasks_of(
            self.ref,
            info.context,
            states=None if wanted is None else frozenset(wanted),
            page=page_arguments(first, after, last, before),
            count=selects_total(info),
        )
        connection: TaskConnection = present(found, info.context)
        return connection

    @resolved(description="Time when this data was read from the source.")
    def fetched_at(self) -> datetime:
        return self.seen_at

    @classmethod
    def from_model(cls, flow: model.Flow, context: Context) -> "Flow":
        return cls(
            id=global_id("Flow", flow.source, flow.native_id),
            source=Source.of(flow.source, context),
            name=flow.name,
            ref=flow.ref,
            seen_at=flow.fetched_at,
            record=flow,
        )

    @classmethod
    def stub(
        cls, ref: model.FlowRef, name: str | None, seen_at: datetime, context: Context, *, is_related: bool = False
    ) -> "Flow":
        """A flow known by its id, and sometimes its name, alone."""
        return cls(
            id=global_id("Flow", ref.source, ref.native_id),
            source=Source.of(ref.source, context),
            name=name,
            ref=ref,
            seen_at=seen_at,
            record=None,
            is_related=is_related,
        )

    def read(self, context: Context, read: Callable[[model.Flow, Context], T], absent: T) -> Awaitable[T] | T:
        """`read` of the record, which is loaded in a batch if this is a stub; `absent` if it is not found."""
        if self.record is not None:
            return read(self.record, context)
        return self._load(context, read, absent)

    async def _load(self, context: Context, read: Callable[[model.Flow, Context], T], absent: T) -> T:
        found = await flow_loader(self.ref, context, is_related=self.is_related).load(self.ref)
        return absent if found is None else read(found, context)

    async def _loaded_native(self, context: Context) -> NativeRecord:
        (found,) = await flow_loader(self.ref, context, is_related=self.is_related).load_many([self.ref])
        return self._native(found if isinstance(found, model.Flow) else None, context)

    def _native(self, record: model.Flow | None, context: Context) -> NativeRecord:
        return NativeRecord(
            native_id=self.ref.native_id,
            type=None if record is None else record.native_type,
            state=None if record is None else record.native_state,
            rule="flow.stub" if record is None else record.rule,
            is_shown=context.caller.is_task_admin,
            record=None if record is None else record.payload,
        )

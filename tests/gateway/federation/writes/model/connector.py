"""Connectors to a vendor in memory, one class for each kind."""

import copy
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache, partial
from typing import Any, ClassVar, Self

from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import (
    AddComment,
    Assign,
    Cancel,
    CancelFlow,
    Claim,
    Command,
    Complete,
    CreateTask,
    FlowCommand,
    FlowOutcome,
    IfLate,
    Outcome,
    Release,
    Resume,
    ResumeFlow,
    StartFlow,
    Suspend,
    SuspendFlow,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, UnavailableError
from connectors.sdk.http import Upstream, current_call
from connectors.sdk.model import ActivityType, DetailAspect, Flow, FlowState, Task, TaskDetail, TaskState
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.settings import SourceSettings
from connectors.sdk.settings.source import ActsAs
from connectors.sdk.traces import Traces
from tests.gateway.federation.memory_source import NO_NETWORK, task
from tests.gateway.federation.rich_source import flow
from tests.gateway.federation.writes.model.kinds import ALL, TECHNICAL, Kind
from tests.gateway.federation.writes.model.vendor import CALL, Vendor

SOURCE = "north"
_ENTRIES: Mapping[type[Command], frozenset[ActivityType]] = {
    Release: frozenset({ActivityType.UNASSIGNED}),
    Unassign: frozenset({ActivityType.UNASSIGNED}),
    Suspend: frozenset({ActivityType.SUSPENDED}),
    Resume: frozenset({ActivityType.RESUMED}),
    Update: frozenset({ActivityType.UPDATED}),
    Complete: frozenset({ActivityType.COMPLETED}),
    Cancel: frozenset({ActivityType.CANCELED}),
}


class ModelSettings(SourceSettings):
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service", "viewer"})


class ModelConnector(Connector[ModelSettings]):
    """All verbs. `guarded` verbs and the claim are declared by the classes that `connector_of` makes."""

    vendor = "model"
    title = "Model"
    settings_type = ModelSettings
    page_limit = 100
    kind: ClassVar[Kind]

    # Set for each vendor and each gateway: making a connector anew would take longer than a history.
    memory: Vendor
    is_dead: bool = False

    @classmethod
    def open(
        cls, settings: ModelSettings, *, transport: Any = None, clock: Callable[[], datetime] | None = None
    ) -> Self:
        raise NotImplementedError

    def of(self, vendor: Vendor) -> Self:
        """The same connector for another vendor, or another gateway."""
        made = copy.copy(self)
        made.memory, made.is_dead, made.clock = vendor, False, vendor.wall
        return made

    def guard(self, admission: object) -> None:
        """Nothing is sent."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery()

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        """The tasks of the history that asks."""
        self._count()
        call = CALL.get()
        ids = [one for one, story in self.memory.stories.items() if call is not None and story is call.history]
        return Page(items=tuple(task for one in ids if (task := self.memory.task_seen(one)) is not None))

    async def own_account(self) -> str | None:
        return TECHNICAL if self.kind.is_known else None

    async def ping(self) -> None:
        """It is there."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        self._count()
        return _found({native_id: _read(self.memory.task_seen, native_id) for native_id in ids})

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        self._count()
        return _found({native_id: _read(self.memory.flow_seen, native_id) for native_id in ids})

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        self._count()
        record = self.memory.tasks[task.native_id]
        activities = self.memory.activities_seen(task.native_id)
        return TaskDetail(
            data=dict(record.data) if DetailAspect.DATA in aspects else None,
            comments=record.comments if DetailAspect.COMMENTS in aspects else None,
            activities=activities if DetailAspect.ACTIVITIES in aspects and self.kind.shows_history else None,
        )

    async def _claim(self, command: Claim) -> Outcome:
        owner = command.require_actor().native_id
        return await self._write(command, lambda one, actor: self.memory.claim(one, owner, actor))

    async def assign(self, command: Assign) -> Outcome:
        return await self._write(command, lambda one, actor: self.memory.own(one, command.user_id or "", actor))

    async def release(self, command: Release | Unassign) -> Outcome:
        return await self._write(command, self.memory.disown)

    async def update(self, command: Update) -> Outcome:
        changes = {"title": command.title, "due_at": command.due_at}
        given = {name: value for name, value in changes.items() if value is not None}
        return await self._write(command, lambda one, actor: self.memory.update(one, actor, **given))

    async def comment(self, command: AddComment) -> Outcome:
        return await self._write(command, lambda one, actor: self.memory.comment(one, actor, command.text))

    async def suspend(self, command: Suspend) -> Outcome:
        return await self._write(
            command,
            lambda one, actor: self.memory.change_state(one, actor, TaskState.SUSPENDED, ActivityType.SUSPENDED),
        )

    async def resume(self, command: Resume) -> Outcome:
        return await self._write(
            command, lambda one, actor: self.memory.change_state(one, actor, TaskState.RESERVED, ActivityType.RESUMED)
        )

    async def complete(self, command: Complete) -> Outcome:
        return await self._write(
            command,
            lambda one, actor: self.memory.end(
                one, actor, outcome=command.outcome, data=command.data, by_owner=self.kind.take_over is not None
            ),
        )

    async def _with_take_over(self, command: TaskCommand) -> Sequence[TaskCommand]:
        if not isinstance(command, Complete):
            return (command,)
        owner = command.task.assignee
        if owner is not None and owner.native_id == TECHNICAL:
            return (command,)
        return (Assign(task=command.task, actor=command.actor, user_id=TECHNICAL, override=True), command)

    def undo_of(self, step: TaskCommand, before: Task) -> TaskCommand | None:
        if not isinstance(step, Assign):
            return None
        owner = before.assignee
        if owner is None:
            return Unassign(task=before, actor=step.actor)
        return Assign(task=before, actor=step.actor, user_id=owner.native_id, override=True)

    def if_late(self, step: TaskCommand, undo: TaskCommand) -> IfLate:
        return self.kind.take_over or super().if_late(step, undo)

    async def perform_array(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        self._count()
        changes = {command.task.native_id: partial(self._changed, command) for command in commands}
        made = await self.memory.requested_together(type(commands[0]).__name__, changes)
        return {one: Outcome(task=found) if isinstance(found, Task) else _error(found) for one, found in made.items()}

    def _changed(self, command: TaskCommand) -> Task:
        native_id, actor = command.task.native_id, self._actor(command)
        if isinstance(command, Claim):
            return self.memory.claim(native_id, command.require_actor().native_id, actor)
        assert isinstance(command, Assign)
        return self.memory.own(native_id, command.user_id or "", actor)

    async def cancel(self, command: Cancel) -> Outcome:
        return await self._write(command, lambda one, actor: self.memory.end(one, actor, state=TaskState.CANCELED))

    async def create(self, command: CreateTask) -> Outcome:
        self._count()
        native_id = f"new-{len(self.memory.tasks)}"
        new = task(SOURCE, native_id, title=command.title)
        made = await self.memory.requested("CreateTask", native_id, lambda: self.memory.make_task(new))
        assert isinstance(made, Task)
        return Outcome(task=made)

    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        self._count()
        native_id = f"flow-{len(self.memory.flows)}"
        new = flow(SOURCE, native_id, name=command.definition_key)
        made = await self.memory.requested("StartFlow", native_id, lambda: self.memory.make_flow(new))
        assert isinstance(made, Flow)
        return FlowOutcome(flow=made)

    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        return await self._change(command, FlowState.CANCELED)

    async def suspend_flow(self, command: SuspendFlow) -> FlowOutcome:
        return await self._change(command, FlowState.SUSPENDED)

    async def resume_flow(self, command: ResumeFlow) -> FlowOutcome:
        return await self._change(command, FlowState.ACTIVE)

    async def _write(self, command: TaskCommand, change: Callable[[str, str], Task]) -> Outcome:
        self._count()
        native_id, actor = command.task.native_id, self._actor(command)
        name = type(command).__name__
        made = await self.memory.requested(name, native_id, lambda: change(native_id, actor))
        assert isinstance(made, Task)
        return Outcome(task=made)

    async def _change(self, command: FlowCommand, state: FlowState) -> FlowOutcome:
        self._count()
        native_id = command.flow.native_id
        made = await self.memory.requested(
            type(command).__name__, native_id, lambda: self.memory.change_flow(native_id, state)
        )
        assert isinstance(made, Flow)
        return FlowOutcome(flow=made)

    def _actor(self, command: TaskCommand) -> str:
        if self.kind.acts_as == "service" or command.actor is None:
            return TECHNICAL
        return command.actor.native_id

    def _count(self) -> None:
        """A request. A gateway that was killed sends none."""
        if self.is_dead:
            raise UnavailableError("this gateway was killed")
        current_call().count_request()


def _error(found: object) -> ConnectorError:
    assert isinstance(found, ConnectorError)
    return found


def _read(read: Callable[[str], Any], native_id: str) -> Any:
    try:
        return read(native_id)
    except ConnectorError as error:
        return error


def _found(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {native_id: one for native_id, one in found.items() if one is not None}


def _traces(kind: Kind) -> Traces:
    return Traces(
        entries=_ENTRIES if kind.shows_history else {},
        comments=True,
        names_completer=kind.shows_author,
        shows_outcome=True,
        keeps_outcome=kind.guarded,
        shows_data=kind.shows_data,
        keeps_data=kind.shows_data and kind.guarded,
        ends_once=kind.guarded,
    )


@cache
def connector_of(name: str) -> ModelConnector:
    """A connector to a vendor of that kind; it has no vendor yet."""
    kind = ALL[name]
    how: dict[str, Any] = {"guarded": kind.guarded}
    arrays = frozenset({Claim, Assign}) if kind.has_arrays else frozenset()
    methods: dict[str, Any] = {"kind": kind, "traces": _traces(kind), "arrays": arrays}

    def declared(method: str, command: Any, **more: Any) -> None:
        async def performed(self: Any, command: Any) -> Any:
            return await getattr(ModelConnector, method)(self, command)

        methods[f"{method}_{command.__name__}"] = handles(command, **more)(performed)

    if kind.take_over is not None:
        methods["steps"] = ModelConnector._with_take_over
    if kind.emulates_claim:
        declared("_claim", Claim, support=Support.EMULATED, atomic=False, note="reads, then assigns")
    else:
        declared("_claim", Claim, atomic=kind.guarded, **how)
    for method, command in {"complete": Complete, "cancel": Cancel, "suspend": Suspend, "resume": Resume}.items():
        declared(method, command, **how)
    for method, command in {"cancel_flow": CancelFlow, "suspend_flow": SuspendFlow, "resume_flow": ResumeFlow}.items():
        declared(method, command, **how)
    for command in (Release, Unassign):
        declared("release", command)
    declared("assign", Assign)
    declared("update", Update, fields=frozenset({UpdateField.TITLE, UpdateField.DUE_AT}))
    declared("comment", AddComment)
    declared("create", CreateTask)
    declared("start_flow", StartFlow)
    made: type[ModelConnector] = type(f"Model{name.title().replace('-', '')}", (ModelConnector,), methods)
    settings = ModelSettings(
        key=SOURCE,
        name="North",
        vendor="model",
        base_url="http://model.test",
        acts_as=kind.acts_as,
        audience="north" if kind.acts_as == "viewer" else None,
        late_max=kind.late_max + 1,
        read_lag=kind.lag + 1,
        exclusive_account=kind.exclusive_account,
    )
    return made(settings, Upstream(settings, transport=NO_NETWORK))


__all__ = ["SOURCE", "ModelConnector", "connector_of"]

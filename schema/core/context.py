"""What belongs to one request: who asks, when it is, and the loaders."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.model import DetailAspect, Flow, Task, TaskRef
from schema.flow.dataloaders import FlowByRefLoader
from schema.people.dataloaders import GroupByRefLoader, UserByRefLoader
from schema.ports import Federation
from schema.source.types import Source
from schema.task.dataloaders import TaskByRefLoader, TaskDetailByAspectLoader


class Context:
    """One a request; loaders come into being when first used."""

    def __init__(self, caller: Caller, federation: Federation, clock: Clock = utc_now) -> None:
        self.caller = caller
        self.federation = federation
        self.clock = clock

    @cached_property
    def now(self) -> datetime:
        """The same moment for every row of the request."""
        return self.clock()

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """By key, in configuration order."""
        return {source.key: Source.from_info(source) for source in self.federation.sources()}

    @cached_property
    def task_by_ref(self) -> TaskByRefLoader:
        return TaskByRefLoader(self.federation, self.caller)

    @cached_property
    def fresh_task_by_ref(self) -> TaskByRefLoader:
        return TaskByRefLoader(self.federation, self.caller, fresh=True)

    @cached_property
    def task_detail(self) -> TaskDetailByAspectLoader:
        return TaskDetailByAspectLoader(self.federation, self.caller)

    @cached_property
    def flow_by_ref(self) -> FlowByRefLoader:
        return FlowByRefLoader(self.federation, self.caller)

    @cached_property
    def user_by_ref(self) -> UserByRefLoader:
        return UserByRefLoader(self.federation)

    @cached_property
    def group_by_ref(self) -> GroupByRefLoader:
        return GroupByRefLoader(self.federation)

    def note_flow_written(self, flow: Flow | None) -> None:
        """A write to a flow went through: what was loaded before of it and its tasks is old."""
        for name in ("task_by_ref", "fresh_task_by_ref", "task_detail", "flow_by_ref"):
            self.__dict__.pop(name, None)
        if flow is not None:
            self.flow_by_ref.put(flow.ref, flow)

    def note_written(self, ref: TaskRef, task: Task | None) -> None:
        """A write went through for `ref`: what was loaded before is old."""
        for loader in (self.task_by_ref, self.fresh_task_by_ref):
            loader.forget(ref)
            if task is not None:
                loader.put(ref, task)
        for aspect in DetailAspect:
            self.task_detail.forget((ref, aspect))

"""Tasks and instances: frozen, numbered in the order of their start."""

import msgspec

from sandbox.geotareas.definitions import Step, Workflow


class Entity(msgspec.Struct, frozen=True):
    """The subject of a workflow instance. Type NINGUNA has neither id nor label."""

    type: str
    id: str | None
    label: str | None


class FinishedStep(msgspec.Struct, frozen=True):
    """One entry of `previous_steps_data`. `completed_at` is in seconds since 1970."""

    step_name: str
    completed_by: str
    completed_at: int
    result: str
    captured_data: dict[str, object]


class Instance(msgspec.Struct, frozen=True):
    """One running or ended workflow. `step` is the index of the current step."""

    number: int
    id: str
    workflow: Workflow
    entity: Entity
    status: str
    step: int
    started_at: int

    @property
    def definition_id(self) -> str:
        return self.workflow.id

    @property
    def entity_type(self) -> str:
        return self.entity.type


class Task(msgspec.Struct, frozen=True):
    """One human task. Times are in seconds since 1970; `previous` are the steps finished before it."""

    number: int
    id: str
    instance_id: str
    workflow: Workflow
    step: int
    status: str
    user: str | None
    group: str | None
    entity: Entity
    due_at: int | None
    escalated: bool
    created_at: int
    previous: tuple[FinishedStep, ...]
    values: dict[str, object]

    @property
    def definition_id(self) -> str:
        return self.workflow.id

    @property
    def entity_type(self) -> str:
        return self.entity.type

    @property
    def template(self) -> Step:
        return self.workflow.steps[self.step]

    @property
    def is_open(self) -> bool:
        return self.status != "COMPLETED"

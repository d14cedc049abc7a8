"""User task runs and their events."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.littlehorse.definitions import DEFINITIONS, UserTaskDef

OPEN = frozenset({"UNASSIGNED", "ASSIGNED"})

Key = tuple[str, str]
"""Workflow run id and id of the task within the run."""

Place = tuple[int, str, str]
"""The place of a task in its partition: milliseconds of its creation, then its key."""


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    type: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskRun:
    """`user` is the kernel's user id, `group` the name of a group. `id` is unique within the workflow run."""

    wf_run_id: str
    id: str
    definition: str
    status: str
    user: str | None
    group: str | None
    notes: str
    scheduled_at: datetime
    results: dict[str, tuple[str, Any]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def key(self) -> Key:
        return self.wf_run_id, self.id

    @property
    def place(self) -> Place:
        return int(self.scheduled_at.timestamp() * 1000), self.wf_run_id, self.id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def form(self) -> UserTaskDef:
        return DEFINITIONS[self.definition]

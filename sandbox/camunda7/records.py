"""Tasks, process instances, comments and the log of operations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Typed = dict[str, Any]
"""A variable: `type` and `value`."""

COMPLETED, DELETED = "completed", "deleted"
MODIFIED = "Cancellation due to process instance modifcation"


@dataclass(slots=True)
class Instance:
    id: str
    definition_id: str
    key: str
    name: str
    version: int
    business_key: str | None
    started: datetime
    start_user: str | None = None
    ended: datetime | None = None
    state: str = "ACTIVE"
    reason: str | None = None
    variables: dict[str, Typed] = field(default_factory=dict)


@dataclass(slots=True)
class Task:
    """`instance` and `step` are None for a task outside of processes. `execution` is the id of the instance."""

    id: str
    name: str | None
    created: datetime
    instance: Instance | None = None
    step: str | None = None
    activity: str | None = None
    description: str | None = None
    assignee: str | None = None
    owner: str | None = None
    delegation: str | None = None
    priority: int = 0
    due: datetime | None = None
    follow_up: datetime | None = None
    updated: datetime | None = None
    tenant: str | None = None
    parent: str | None = None
    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    local: dict[str, Typed] = field(default_factory=dict)
    ended: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.ended is None

    @property
    def is_suspended(self) -> bool:
        return self.instance is not None and self.instance.state == "SUSPENDED"

    @property
    def visible_variables(self) -> dict[str, Typed]:
        return {**({} if self.instance is None else self.instance.variables), **self.local}


@dataclass(slots=True)
class Comment:
    id: str
    task: str
    user: str | None
    time: datetime
    message: str
    root: str | None


@dataclass(slots=True)
class Operation:
    """One changed property in the log of what users did."""

    id: str
    operation: str
    user: str
    time: datetime
    kind: str
    property: str | None
    before: str | None
    after: str | None
    task: Task

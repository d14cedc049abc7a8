"""Tasks with their notes, activities and assignments, and process instances."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TASK_STATUSES = ("Unassigned", "Pending", "Completed")
TASK_TYPES = (
    "FormTask",
    "ExternalTask",
    "DocumentValidationTask",
    "DocumentClassificationTask",
    "DataLabelingTask",
    "AppTask",
)
PRIORITIES = ("Low", "Medium", "High", "Critical")
SLA_STATUSES = ("OverdueLater", "OverdueSoon", "Overdue", "CompletedInTime")
SLA_CRITERIA = ("TaskCreated", "TaskAssigned", "TaskCompleted")
ASSIGNMENT_CRITERIA = ("SingleUser", "Workload", "AllUsers", "Hierarchy", "RoundRobin")
SOURCES = ("Agent", "Workflow", "Maestro", "Default")
ACTIVITY_TYPES = (
    "Created", "Assigned", "Reassigned", "Unassigned", "Saved", "Forwarded", "Completed", "Commented", "Deleted",
    "BulkSaved", "BulkCompleted", "FirstOpened",
)  # fmt: skip
FOLDER_TYPES = ("Standard", "Personal", "Virtual", "Solution", "DebugSolution")
USER_TYPES = (
    "User", "Robot", "DirectoryUser", "DirectoryGroup", "DirectoryRobot", "DirectoryExternalApplication",
)  # fmt: skip

# The final states of instances.
ENDED = frozenset({"Completed", "Cancelled", "Faulted"})


@dataclass(slots=True)
class Assignment:
    id: int
    assignee: int


@dataclass(slots=True)
class Tag:
    name: str
    display_name: str
    value: str
    display_value: str


@dataclass(slots=True)
class Note:
    id: int
    task: "Task"
    text: str
    creator: int | None
    created: datetime


@dataclass(slots=True)
class Activity:
    id: int
    task: "Task"
    type: str
    creator: int | None
    target: int | None
    note: Note | None
    created: datetime


@dataclass(slots=True)
class Sla:
    expires: datetime
    start: str = "TaskCreated"
    end: str = "TaskCompleted"


@dataclass(slots=True, kw_only=True)
class Task:
    """`layout` is the form of a Form task, `app` the metadata of an App task. Users are ids."""

    id: int
    key: str
    title: str
    type: str
    priority: str
    folder: int
    catalog: str | None
    external_tag: str | None
    job: str | None
    source: str
    created: datetime
    creator: int | None
    status: str = "Unassigned"
    assignee: int | None = None
    criteria: str = "SingleUser"
    assignments: list[Assignment] = field(default_factory=list)
    assigned_at: datetime | None = None
    modified: datetime | None = None
    modifier: int | None = None
    completed: datetime | None = None
    completed_by: int | None = None
    action: str | None = None
    data: dict[str, Any] | None = None
    tags: list[Tag] = field(default_factory=list)
    sla: Sla | None = None
    deleted: datetime | None = None
    deleter: int | None = None
    layout: dict[str, Any] | None = None
    app: dict[str, Any] | None = None
    notes: list[Note] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.deleted is None and self.status != "Completed"

    def sla_status(self, now: datetime) -> str | None:
        if self.sla is None:
            return None
        if self.completed is not None:
            return "CompletedInTime" if self.completed <= self.sla.expires else "Overdue"
        left = (self.sla.expires - now).total_seconds()
        return "Overdue" if left < 0 else "OverdueSoon" if left < 86_400 else "OverdueLater"


@dataclass(slots=True, kw_only=True)
class Instance:
    """While `status` is Canceling, Pausing or Resuming, `becomes` is the status from `changes_at` on."""

    id: str
    package: str
    version: str
    folder: int
    name: str
    status: str
    started: datetime
    started_by: str | None
    ended: datetime | None = None
    error_code: str | None = None
    becomes: str | None = None
    changes_at: datetime | None = None

"""One request with what an operation needs, and bodies as the vendor describes them.

A member that the description does not allow to be null may be null if that clears a value.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from sandbox.epilot.auth import Caller
from sandbox.epilot.errors import invalid
from sandbox.epilot.records import (
    Assignee,
    Automation,
    ClosingReason,
    Context,
    Description,
    DueDateConfig,
    FlowStatus,
    TaskStatus,
    TaskType,
    Trigger,
)

Name = Annotated[str, Meta(min_length=1)]


class Call(Struct, frozen=True):
    """`ids` are the decoded values in the path. Values of a repeated query parameter are joined by commas."""

    caller: Caller
    ids: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes
    now: datetime

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def number(self, name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
        text = self.query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise invalid(f"{name} must be an integer")
        value = int(text)
        if value < least or (most is not None and value > most):
            raise invalid(f"{name} is out of range")
        return value


class StartFlow(Struct):
    flow_template_id: Name
    contexts: Annotated[list[Context], Meta(min_length=1)]
    trigger: Trigger | UnsetType = UNSET
    purposes: list[str] | UnsetType = UNSET


class SearchFlows(Struct):
    entity_id: Name
    entity_schema: Name


class ClosingBody(Struct):
    selected_reasons: list[ClosingReason] = field(default_factory=list)
    extra_description: str = ""


class PatchFlow(Struct):
    status: FlowStatus | UnsetType = UNSET
    assigned_to: list[Assignee] | UnsetType = UNSET
    closing_reason: ClosingBody | UnsetType = UNSET
    due_date: str | UnsetType | None = UNSET
    due_date_config: DueDateConfig | UnsetType | None = UNSET
    contexts: list[Context] | UnsetType = UNSET


class PatchTask(Struct):
    name: Name | UnsetType = UNSET
    status: TaskStatus | UnsetType = UNSET
    due_date: str | UnsetType | None = UNSET
    due_date_config: DueDateConfig | UnsetType | None = UNSET
    assigned_to: list[Assignee] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    automation_config: Automation | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    ecp: dict[str, Any] | UnsetType = UNSET
    installer: dict[str, Any] | UnsetType = UNSET
    partner: dict[str, Any] | UnsetType = UNSET
    next_condition_id: str | None = None
    revert_execution: bool = False
    completed_via_journey: bool = False


class PatchPhase(Struct):
    name: Name | UnsetType = UNSET
    due_date: str | UnsetType | None = UNSET
    due_date_config: DueDateConfig | UnsetType | None = UNSET
    assigned_to: list[Assignee] | UnsetType = UNSET


class NewTask(Struct):
    name: Name
    id: str | UnsetType = UNSET
    status: Literal["PENDING", "UNASSIGNED", "ASSIGNED", "IN_PROGRESS", "ON_HOLD"] = "PENDING"
    due_date: str | UnsetType = UNSET
    due_date_config: DueDateConfig | UnsetType = UNSET
    assigned_to: list[Assignee] = field(default_factory=list)
    enabled: bool = True
    automation_config: Automation | UnsetType = UNSET
    phase_id: str | UnsetType = UNSET
    task_type: TaskType = "MANUAL"


class AddTask(Struct):
    previous_task_id: str
    next_task_id: str
    task: NewTask


B = TypeVar("B")


def body_of(content: bytes, kind: type[B]) -> B:
    """Decode a JSON body. Raises 400 with the reason."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(_worded(str(error))) from None


def _worded(reason: str) -> str:
    """Report a missing member in the vendor's words: "flow_template_id is required"."""
    before, found, rest = reason.partition("missing required field `")
    return f"{rest.partition('`')[0]} is required" if found and not before.rstrip("Object ") else reason

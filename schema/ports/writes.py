"""A write: request, result, and record in the journal."""

from datetime import datetime

from msgspec import Struct

from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.model import Flow, FlowRef, Task, TaskRef
from schema.ports.intents import Intent
from schema.ports.problem import Problem


class SourceRef(Struct, frozen=True):
    """The target of a write that creates something."""

    source: str


Target = TaskRef | FlowRef | SourceRef


class WriteRequest(Struct, frozen=True, kw_only=True):
    """`expected_version` is checked for tasks only: flows have no version."""

    target: Target
    intent: Intent
    expected_version: str | None = None
    idempotency_key: str | None = None


class WriteResult(Struct, frozen=True, kw_only=True):
    """`task` or `flow` is the object written to or created, as the source will show it. Statuses: schema.core.enums."""

    status: MutationStatus
    operation_id: str
    task: Task | None = None
    flow: Flow | None = None
    problems: tuple[Problem, ...] = ()
    support: Support = Support.UNSUPPORTED
    atomic: bool = False
    effect: str | None = None
    replayed: bool = False
    upstream_calls: int = 0


class Operation(Struct, frozen=True, kw_only=True):
    """A write as recorded in the journal. `settled_at` is None while its result is not known."""

    operation_id: str
    action: TaskAction
    person: str
    status: MutationStatus
    attempts: int
    requested_at: datetime
    settled_at: datetime | None = None
    task: TaskRef | None = None
    flow: FlowRef | None = None
    problems: tuple[Problem, ...] = ()

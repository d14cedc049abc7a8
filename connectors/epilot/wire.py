"""The newer generation's JSON ("flows"), the directory's, and what the two lists of tasks send.

Only ids are required: the service sends null and leaves out beyond its descriptions. Times are texts, due dates may
lack a zone. Statuses and types are plain texts: a new one is no error. `Task` is a `oneOf` whose branches overlap, so
it is read as one record with the members of all of them; `task_type` tells.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

Id = Annotated[str, Meta(min_length=1)]


class Payload(Struct, frozen=True):
    """An answer that was too large to be sent itself."""

    address: str = msgspec.field(name="$payload_ref")


class ErrorBody(Struct, frozen=True):
    """`message` in the workflow and kanban APIs, `error` in others."""

    message: str | None = None
    error: str | None = None


class Variable(Struct, frozen=True):
    """An assignee to be found while the flow runs; `value` are user ids once it was."""

    variable: str
    value: tuple[str | int, ...] | None = None


Assignee = str | int | Variable | None


class Analytics(Struct, frozen=True, kw_only=True):
    started_at: str | None = None
    in_progress_at: str | None = None
    completed_at: str | None = None
    closed_at: str | None = None
    status_updated_at: str | None = None
    started_by: str | None = None
    in_progress_by: str | None = None
    completed_by: str | None = None
    skipped_by: str | None = None
    on_hold_by: str | None = None
    closed_by: str | None = None


class Description(Struct, frozen=True):
    enabled: bool | None = None
    value: str | None = None


class Journey(Struct, frozen=True, rename={"journey_id": "journeyId"}):
    id: str | None = None
    journey_id: str | None = None
    name: str | None = None


class Condition(Struct, frozen=True):
    """A branch of a decision."""

    id: Id
    branch_name: str | None = None
    is_met: bool | None = None


class Schedule(Struct, frozen=True):
    schedule_id: str | None = None
    scheduled_at: str | None = None


class Task(Struct, frozen=True, kw_only=True):
    id: Id
    status: str | None = None
    template_id: str | None = None
    name: str | None = None
    task_type: str | None = None
    enabled: bool | None = None
    phase_id: str | None = None
    assigned_to: tuple[Assignee, ...] | None = None
    description: Description | None = None
    due_date: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    analytics: Analytics | None = None
    journey: Journey | None = None
    taxonomies: tuple[str, ...] | None = None
    trigger_mode: str | None = None
    conditions: tuple[Condition, ...] | None = None
    schedule: Schedule | None = None


class Phase(Struct, frozen=True, kw_only=True):
    id: Id
    name: str | None = None
    status: str | None = None
    due_date: str | None = None


class Context(Struct, frozen=True, kw_only=True):
    entity_id: str | None = None
    entity_schema: str | None = None
    is_primary: bool | None = None
    title: str | None = None


class CurrentTask(Struct, frozen=True):
    id: str | None = None


class Edge(Struct, frozen=True):
    from_id: str | None = None
    to_id: str | None = None


class Reason(Struct, frozen=True):
    id: str
    title: str | None = None


class ClosingReason(Struct, frozen=True):
    configured_reasons: tuple[Reason, ...] | None = None
    selected_reasons: tuple[Reason, ...] | None = None


class ExecutionChain(Struct, frozen=True):
    parent_execution_id: str | None = None


class FlowExecution(Struct, frozen=True, kw_only=True):
    """`tasks` are read one by one, so that each keeps its own bytes. `crt_tasks` None: it does not say."""

    id: Id
    tasks: tuple[Raw, ...] | None
    status: str | None = None
    flow_template_id: str | None = None
    name: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    due_date: str | None = None
    assigned_to: tuple[Assignee, ...] | None = None
    analytics: Analytics | None = None
    contexts: tuple[Context, ...] | None = None
    crt_tasks: tuple[CurrentTask, ...] | None = None
    phases: tuple[Phase, ...] | None = None
    edges: tuple[Edge, ...] | None = None
    closing_reason: ClosingReason | None = None
    single_closing_reason: bool | None = msgspec.field(default=None, name="singleClosingReasonSelection")
    execution_chain: ExecutionChain | None = msgspec.field(default=None, name="_execution_chain")


class FlowExecutions(Struct, frozen=True):
    results: tuple[Raw, ...]


class WorkflowContext(Struct, frozen=True):
    """A context as the older generation and the overview write it."""

    id: str | None = None
    title: str | None = None
    schema: str | None = None


class OverviewRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """The query API's `Task`; in its description `type` and `executionType` are both MANUAL or AUTOMATION."""

    id: Id
    execution_id: Id
    execution_name: str | None = None
    execution_status: str | None = None
    definition_id: str | None = None
    phase_id: str | None = None
    name: str | None = None
    type: str | None = None
    execution_type: str | None = None
    status: str | None = None
    assigned_to: tuple[Assignee, ...] | None = None
    assigned_to_in_progress: str | None = None
    enabled: bool | None = None
    created: str | None = None
    last_updated: str | None = None
    due_date: str | None = None
    taxonomies: tuple[str, ...] | None = None
    contexts: tuple[WorkflowContext, ...] | None = None


class TaskRows(Struct, frozen=True):
    """One page of the query API or of the kanban API; `hits` counts all pages."""

    results: tuple[Raw, ...]
    hits: int | float | None = None


class User(Struct, frozen=True, kw_only=True):
    """UserV2. The description requires nothing of it, not even the id."""

    id: str | None = None
    display_name: str | None = None
    email: str | None = None
    status: str | None = None


class Users(Struct, frozen=True):
    results: tuple[User, ...]


class Group(Struct, frozen=True, kw_only=True):
    """`users` are ids, or people when the call was hydrated."""

    id: Id
    name: str | None = None
    abbreviation: str | None = None
    users: tuple[User | str | None, ...] | None = None


class Groups(Struct, frozen=True):
    groups: tuple[Group, ...]
    hits: int | float | None = None

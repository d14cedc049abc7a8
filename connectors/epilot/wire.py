"""The vendor's JSON under the vendor's names: flows (v2), workflows (v1), rows of the two query APIs, people.

Only ids are required: the service sends null, and leaves members out, where its descriptions do not allow it. Times are
texts, and due dates may lack a zone. Statuses and types are plain texts, so that a new one is no error. A task is a
`oneOf` whose branches overlap: `Task` has the members of all of them, and `task_type` says which one it is.

`Execution` and `FlowOfTask` are how all these records come out of the readers in `formats`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.epilot.ids import FlowId
from connectors.sdk import Decoded, announced_total

Id = Annotated[str, Meta(min_length=1)]

TASKS = "tasks"


class LargeAnswer(Struct, frozen=True):
    """Sent in place of an answer that is too large; the answer is at `address`."""

    address: str = msgspec.field(name="$payload_ref")


class ErrorBody(Struct, frozen=True):
    """`message` in the workflow and kanban APIs, `error` in others."""

    message: str | None = None
    error: str | None = None


class Variable(Struct, frozen=True):
    """An assignee that the vendor looks up while the flow runs. `value` has the user ids once it has done so."""

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


# Members of `Task` that only details need.
DETAILS = ("journey", "trigger_mode", "schedule")


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
    """`tasks` stay bytes here, so that each task keeps its own; None: the answer tells none. `crt_tasks` None: the record does not name the current tasks."""

    id: Id
    tasks: tuple[Raw, ...] | None = None
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


class Phases(Struct, frozen=True):
    phases: tuple[Raw, ...] | None = None


class FlowExecutions(Struct, frozen=True):
    results: tuple[Raw, ...]


class FlowOfTask(Struct, frozen=True, kw_only=True):
    """What the record of a task does not say itself. `current` None: it is unknown whether the task is a current one."""

    flow: FlowId
    current: bool | None = None
    flow_name: str | None = None
    flow_status: str | None = None
    contexts: tuple[Context, ...] | None = None


class Execution(Struct, frozen=True):
    """One execution of either generation in the form of v2, with its tasks in the vendor's order, each with its bytes.

    `odd_tasks` are those that do not fit, `odd` the members of the execution itself. `TASKS` is among these where it is
    not known which tasks there are. `odd_parts` are members in `DETAILS` of tasks that fit otherwise, by the task's id.
    """

    flow: FlowId
    record: FlowExecution
    tasks: tuple[tuple[Task, Raw], ...]
    payload: Raw
    odd: tuple[str, ...] = ()
    odd_tasks: tuple[tuple[Decoded[Task], Raw], ...] = ()
    odd_parts: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def find(self, task_id: str) -> Decoded[Task] | None:
        """The task, as far as it can be read."""
        for row, _ in self.tasks:
            if row.id == task_id:
                return Decoded(row, self.odd_parts.get(task_id, ()))
        return next((row for row, _ in self.odd_tasks if row.record is not None and row.record.id == task_id), None)

    @property
    def has_hidden_tasks(self) -> bool:
        """Whether there may be tasks whose id cannot be read."""
        return TASKS in self.odd or any(row.record is None for row, _ in self.odd_tasks)

    def flow_of(self, task_id: str) -> FlowOfTask:
        current = self.record.crt_tasks
        return FlowOfTask(
            flow=self.flow,
            current=None if current is None else any(each.id == task_id for each in current),
            flow_name=self.record.name,
            flow_status=self.record.status,
            contexts=self.record.contexts,
        )


class WorkflowContext(Struct, frozen=True):
    """A context in v1 and in the overview."""

    id: str | None = None
    title: str | None = None
    schema: str | None = None


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """A v1 step; `type` is STEP. Lists of executions may leave out most members, also the status."""

    id: Id
    name: str | None = None
    type: str | None = None
    status: str | None = None
    definition_id: str | None = None
    execution_type: str | None = None
    section_id: str | None = None
    enabled: bool | None = None
    assigned_to: tuple[Assignee, ...] | None = None
    assigned_to_in_progress: str | None = None
    description: Description | None = None
    created: str | None = None
    last_updated: str | None = None
    started_time: str | None = None
    completed_time: str | None = None
    due_date: str | None = None
    journey: Journey | None = None
    taxonomies: tuple[str, ...] | None = None


class SectionOrStep(Struct, frozen=True, kw_only=True, rename="camel"):
    """A section, which has `steps`, or a step outside of sections. `type` may be missing."""

    id: Id
    name: str | None = None
    status: str | None = None
    due_date: str | None = None
    type: str | None = None
    steps: tuple[Raw, ...] | None = None


class NextOpenStep(Struct, frozen=True):
    id: str | None = None


class WorkflowExecution(Struct, frozen=True, kw_only=True, rename="camel"):
    """A v1 execution. `flow` stays bytes here, so that each step keeps its own."""

    id: Id
    flow: tuple[Raw, ...] | None = None
    status: str | None = None
    definition_id: str | None = None
    name: str | None = None
    creation_time: str | None = None
    last_update_time: str | None = None
    due_date: str | None = None
    completed_time: str | None = None
    assigned_to: tuple[Assignee, ...] | None = None
    contexts: tuple[WorkflowContext, ...] | None = None
    next_open_step: NextOpenStep | None = None
    configured_closing_reason_snapshot: tuple[Reason, ...] | None = None
    single_closing_reason_selection: bool | None = None


class ConfiguredReasons(Struct, frozen=True):
    reasons: tuple[Reason, ...] | None = None


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
    """One page of the query API or of the kanban API. `hits` counts the rows of all pages."""

    results: tuple[Raw, ...]
    hits: Any = None

    @property
    def total(self) -> int | None:
        return announced_total(self.hits)


class User(Struct, frozen=True, kw_only=True):
    """UserV2. No member is required in the description, not even the id."""

    id: str | None = None
    display_name: str | None = None
    email: str | None = None
    status: str | None = None


class Users(Struct, frozen=True):
    results: tuple[Raw, ...]


class Group(Struct, frozen=True, kw_only=True):
    """`users` are ids, or users if the request asked for `hydrate`."""

    id: Id
    name: str | None = None
    abbreviation: str | None = None
    users: tuple[Raw, ...] | None = None


class Groups(Struct, frozen=True):
    """One page. `hits` counts the groups of all pages."""

    groups: tuple[Raw, ...]
    hits: Any = None

    @property
    def total(self) -> int | None:
        return announced_total(self.hits)


class NoticeMetadata(Struct, frozen=True):
    organization_id: str | None = None


class NoticeEntity(Struct, frozen=True, rename={"id": "_id"}):
    id: str


class WebhookNotice(Struct, frozen=True):
    entity: NoticeEntity
    metadata: NoticeMetadata = NoticeMetadata()

"""The older generation's JSON ("workflows"): linear, sections with steps, names in camel case."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from connectors.epilot.wire import Assignee, Description, Journey, Reason, WorkflowContext

Id = Annotated[str, Meta(min_length=1)]


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """`type` is STEP. Lists of executions may leave out most of it, the status too."""

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


class Item(Struct, frozen=True, kw_only=True, rename="camel"):
    """A section, or a step that stands in none: `steps` tells, `type` may be missing."""

    id: Id
    name: str | None = None
    status: str | None = None
    due_date: str | None = None
    type: str | None = None
    steps: tuple[Raw, ...] | None = None


class NextOpenStep(Struct, frozen=True):
    id: str | None = None


class WorkflowExecution(Struct, frozen=True, kw_only=True, rename="camel"):
    id: Id
    flow: tuple[Raw, ...] | None
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


class ClosingReasons(Struct, frozen=True):
    reasons: tuple[Reason, ...] | None = None

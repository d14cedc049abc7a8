"""The vendor's JSON under the vendor's names.

A member that the documentation shows as null or leaves out in some place may be null or absent in all. Unknown members
are ignored. Ids are decimal texts beyond 2^53. Times are texts without a zone. Statuses are plain texts, so that a new
one is no error.
"""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Raw, Struct

from connectors.sdk import announced_total

NULL = Raw(b"null")

BigIntId = Annotated[str, Meta(pattern=r"^[0-9]{1,30}\Z")]


class ErrorBody(Struct, frozen=True):
    """`code` is usually one of a documented list."""

    code: str | None = None
    message: str | None = None


class Envelope(Struct, frozen=True):
    """Around every answer. `data` is read in a second step, because a failure has other data or none.

    `meta` has the member `total` in lists: it counts the records that match the filter.
    """

    success: bool
    data: Raw = NULL
    error: ErrorBody | None = None
    meta: Any = None

    @property
    def total(self) -> int | None:
        return announced_total(self.meta.get("total")) if isinstance(self.meta, dict) else None


class Login(Struct, frozen=True):
    """`authorization` is the JWT without the word Bearer."""

    authorization: str


class Ref(Struct, frozen=True):
    """A user or a group."""

    id: BigIntId
    name: str | None = None


class Entity(Struct, frozen=True):
    """The business object. Type NINGUNA ("none") has neither id nor label."""

    type: str | None = None
    id: str | None = None
    label: str | None = None


class TaskRow(Struct, frozen=True, kw_only=True):
    id: BigIntId
    status: str | None = None
    instance_id: BigIntId | None = None
    workflow_name: str | None = None
    step_name: str | None = None
    assigned_to_user: Ref | None = None
    assigned_to_group: Ref | None = None
    entity: Entity | None = None
    due_date: str | None = None
    escalated: bool | None = None
    created_at: str | None = None


class Result(Struct, frozen=True):
    code: str
    label: str | None = None


class Field(Struct, frozen=True, kw_only=True):
    """`name`, not the id, is the key in `captured_data`."""

    name: str
    type: str
    required: bool = False
    value: Raw = NULL


class PreviousStepData(Struct, frozen=True, kw_only=True):
    """`completed_by` is a login name ("jdoe"), which no other answer contains."""

    step_name: str | None = None
    completed_by: str | None = None
    completed_at: str | None = None
    result: str | None = None
    captured_data: Raw = NULL


class TaskRecord(TaskRow, frozen=True, kw_only=True):
    """The detail: the row, and what a completion needs."""

    step_description: str | None = None
    available_results: tuple[Result, ...] | None = None
    fields: tuple[Field, ...] | None = None
    previous_steps_data: tuple[PreviousStepData, ...] | None = None


# Members of `TaskRecord` that only details need.
DETAILS = ("step_description", "available_results", "fields", "previous_steps_data")


class Completed(Struct, frozen=True, kw_only=True):
    task_id: BigIntId
    status: str
    result: str | None = None
    completed_at: str | None = None
    instance_status: str | None = None
    next_step: str | None = None


class Reassigned(Struct, frozen=True, kw_only=True):
    task_id: BigIntId
    assigned_to_user: Ref | None
    assigned_to_group: Ref | None


class InstanceRow(Struct, frozen=True, kw_only=True):
    id: BigIntId
    status: str | None = None
    definition_id: str | None = None
    definition_name: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    entity_label: str | None = None
    started_at: str | None = None


class DefinitionRow(Struct, frozen=True, kw_only=True):
    id: BigIntId
    name: str | None = None
    version: int | str | None = None


class TaskFilters(TypedDict, total=False):
    """Parameters of the list of tasks, beside the page."""

    status: str
    definition_id: str
    entity_type: str
    overdue_only: Literal["true"]


class InstanceFilters(TypedDict, total=False):
    """Parameters of the list of instances, beside the page."""

    status: str
    definition_id: str
    entity_type: str
    entity_id: str
    startdate: str
    enddate: str


class DefinitionFilters(TypedDict, total=False):
    """Parameters of the list of definitions, beside the page."""

    status: str
    entity_type: str
    search: str

"""The vendor's JSON, with members in camelCase (`formats.casing` reads both letter cases).

Any member may be null or absent. Enums are texts or, mostly on REST paths, numbers. Unknown members are ignored. Ids are
int64.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Id = Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Code = str | int | None
"""The value of an enum, as text or as number."""


def name_of(code: Code, names: Sequence[str]) -> str | None:
    """The text of an enum's value. `names` are its texts in the order of their numbers; an unknown number stays a number."""
    if isinstance(code, int):
        return names[code] if 0 <= code < len(names) else str(code)
    return code


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are camelCase."""


class UserLogin(Record, frozen=True, kw_only=True):
    """A user, a group or a robot. `type` (DirectoryGroup, DirectoryUser, ...) is absent in older versions."""

    id: Int64 | None = None
    name: str | None = None
    surname: str | None = None
    user_name: str | None = None
    email_address: str | None = None
    display_name: str | None = None
    type: Code = None


class CurrentUser(Record, frozen=True, kw_only=True):
    id: Int64
    name: str | None = None
    surname: str | None = None
    user_name: str | None = None
    full_name: str | None = None
    email_address: str | None = None
    is_active: bool | None = None


class Assignment(Record, frozen=True, kw_only=True):
    assignee: UserLogin | None = None


class SlaDetail(Record, frozen=True, kw_only=True):
    expiry_time: str | None = None
    start_criteria: Code = None
    end_criteria: Code = None
    status: Code = None


class Tag(Record, frozen=True, kw_only=True):
    name: str
    display_name: str | None = None
    value: str | None = None
    display_value: str | None = None


class Task(Record, frozen=True, kw_only=True):
    """A task: a row of a list, a single record, or the answer to a creation.

    The due date is in `task_sla_detail` on OData paths and in one of `task_sla_details` on REST paths.
    """

    id: Id
    organization_unit_id: Int64 | None = None
    title: str | None = None
    status: Code = None
    type: Code = None
    priority: Code = None
    is_deleted: bool | None = None
    assigned_to_user_id: Int64 | None = None
    assigned_to_user: UserLogin | None = None
    task_assignments: tuple[Assignment, ...] | None = None
    task_assignees: tuple[UserLogin, ...] | None = None
    task_assignee_name: str | None = None
    completed_by_user: UserLogin | None = None
    task_catalog_name: str | None = None
    task_sla_detail: SlaDetail | None = None
    task_sla_details: tuple[SlaDetail, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    action: str | None = None
    external_tag: str | None = None
    creator_job_key: str | None = None
    creation_time: str | None = None
    last_modification_time: str | None = None
    last_assigned_time: str | None = None
    completion_time: str | None = None
    deletion_time: str | None = None


class OddTask(Task, frozen=True, kw_only=True):
    """A row of a list with members that do not decode (`odd`). Its `id` is 0 if the id is one of them."""

    odd: tuple[str, ...]


class AppMetadata(Record, frozen=True, kw_only=True):
    app_id: str | None = None


class TaskData(Record, frozen=True, kw_only=True):
    """The data of a task, from the path of its type. `data` and `form_layout` are objects, or texts that contain JSON.

    `last_modification_time` is null until the task is modified.
    """

    id: Int64
    data: Any = None
    form_layout: Any = None
    action_label: str | None = None
    last_modification_time: str | UnsetType | None = UNSET
    app_tasks_metadata: AppMetadata | None = None


class Note(Record, frozen=True, kw_only=True):
    id: Int64
    text: str | None = None
    creator_user: UserLogin | None = None
    creator_user_id: Int64 | None = None
    creation_time: str | None = None


class Activity(Record, frozen=True, kw_only=True):
    activity_type: Code = None
    creator_user: UserLogin | None = None
    creator_user_id: Int64 | None = None
    target_user: UserLogin | None = None
    target_user_id: Int64 | None = None
    task_note: Note | None = None
    creation_time: str | None = None


class Folder(Record, frozen=True, kw_only=True):
    id: Int64
    key: str
    display_name: str | None = None


class OperationError(Record, frozen=True, kw_only=True):
    """A task that an assignment or deletion did not change."""

    task_id: Int64 | None = None
    error_code: Code = None
    error_message: str | None = None


class OperationErrors(Record, frozen=True, kw_only=True):
    """The answer to an assignment or deletion of tasks, with status 200 whether it was done or not."""

    value: tuple[OperationError, ...]


class ErrorBody(Record, frozen=True, kw_only=True):
    """Orchestrator's error (`message`, `error_code`) or Maestro's (`title`, and `type`: PIMS-<code> or an address)."""

    message: str | None = None
    error_code: Code = None
    type: str | None = None
    title: str | None = None


class Instance(Record, frozen=True, kw_only=True):
    """A process instance. `latest_run_status` may have texts that are not documented."""

    instance_id: str
    latest_run_status: str | None = None
    folder_key: str | None = None
    package_id: str | None = None
    package_version: str | None = None
    process_key: str | None = None
    instance_display_name: str | None = None
    started_by_user: str | None = None
    user_id: Int64 | None = None
    started_time_utc: str | None = None
    completed_time_utc: str | None = None


class Operation(Record, frozen=True, kw_only=True):
    """The answer to cancel, pause or resume. `status` is often an intermediate state (Canceling)."""

    instance_id: str
    status: str


class Assignee(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Sent: the user or group that gets a task, by id, or by user name or mail address."""

    user_id: int | UnsetType = UNSET
    user_name_or_email: str | UnsetType = UNSET
    assignment_criteria: str | UnsetType = UNSET

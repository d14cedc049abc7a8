"""The vendor's JSON under the vendor's names, in camelCase.

Orchestrator answers its OData paths in PascalCase and its REST paths in camelCase, and nested records in either;
`fold` makes one of both. Anything may be null or absent; enums are texts or, mostly on REST paths, numbers; unknown
members are passed over. Ids are int64.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Code = str | int | None
"""An enum's value, as text or as number."""

# Members whose inside belongs to people and forms: keys there are theirs.
VERBATIM = frozenset({"data", "formLayout", "taskSourceMetadata", "fpsContext"})


def fold(value: Any) -> Any:
    """The value with the first letter of every member's name in lower case, but for the inside of `VERBATIM`."""
    if isinstance(value, dict):
        folded = {}
        for name, inside in value.items():
            key = name[:1].lower() + name[1:]
            folded[key] = inside if key in VERBATIM else fold(inside)
        return folded
    return [fold(each) for each in value] if isinstance(value, list) else value


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are camelCase."""


class UserLogin(Record, frozen=True, kw_only=True):
    """A person or a group: `type` (DirectoryGroup, DirectoryUser ...) is absent in older versions."""

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
    """A list's row, a single task, and the part that the REST records share with them.

    The due date is `task_sla_detail` on OData paths and one of `task_sla_details` on REST paths.
    """

    id: Int64
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


class AppMetadata(Record, frozen=True, kw_only=True):
    app_id: str | None = None


class TaskData(Record, frozen=True, kw_only=True):
    """What the path of a task's type adds; `data` and `form_layout` are objects, or texts with JSON in them."""

    id: Int64
    data: Any = None
    form_layout: Any = None
    action_label: str | None = None
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
    """One task that an assignment or deletion of several left undone, inside an answer of 200."""

    task_id: Int64 | None = None
    error_code: Code = None
    error_message: str | None = None


class ErrorBody(Record, frozen=True, kw_only=True):
    """Orchestrator's error."""

    message: str | None = None
    error_code: Code = None


class Problem(Record, frozen=True, kw_only=True):
    """Maestro's error: `type` is PIMS-<code> or an address."""

    type: str | None = None
    title: str | None = None


class Instance(Record, frozen=True, kw_only=True):
    """A process instance. `latest_run_status` is an open set of texts."""

    instance_id: str
    latest_run_status: str
    folder_key: str
    package_id: str | None = None
    package_version: str | None = None
    process_key: str | None = None
    instance_display_name: str | None = None
    started_by_user: str | None = None
    user_id: Int64 | None = None
    started_time_utc: str | None = None
    completed_time_utc: str | None = None


class Operation(Record, frozen=True, kw_only=True):
    """What became of cancelling, pausing or resuming: often the state on the way (Canceling)."""

    instance_id: str
    status: str

"""The bridge's JSON, with the bridge's names.

`null` means the same as absent, and unknown members are ignored. Statuses, event types and field types are plain texts,
so a new one is no error. A text that is not set is "".
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

NULL = Raw(b"null")

Id = Annotated[str, Meta(min_length=1)]


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    """`valid`: the identity provider knows the user. Then `id` is the provider's id, otherwise the kernel's."""

    id: str | None = None
    email: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    valid: bool | None = None


class UserGroup(Struct, frozen=True, kw_only=True):
    """If not `valid`, `id` is the name that the kernel stores."""

    id: str | None = None
    name: str | None = None
    valid: bool | None = None


class TaskRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """`id` is unique within its run only."""

    id: Id
    wf_run_id: Id
    user_task_def_name: str | None = None
    user_group: UserGroup | None = None
    user: User | None = None
    status: str | None = None
    notes: str | None = None
    scheduled_time: str | None = None


class Field(Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    type: str
    display_name: str | None = None
    description: str | None = None
    required: bool | None = None


class Value(Struct, frozen=True):
    """A result. Integers may have 64 bits."""

    type: str | None = None
    value: Raw = NULL


class EventBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """The members of all types of events. `user_id` of a comment is `<sub>::<username>`."""

    old_user_id: str | None = None
    old_user_group: str | None = None
    new_user_id: str | None = None
    new_user_group: str | None = None
    message: str | None = None
    comment: str | None = None
    user_id: str | None = None
    comment_id: int | None = None


class Event(Struct, frozen=True, kw_only=True):
    type: str | None = None
    time: str | None = None
    event: EventBody | None = None


class TaskRecord(TaskRow, frozen=True, kw_only=True, rename="camel"):
    """The detail of a task. Only the admin side shows `events`, in no order."""

    fields: tuple[Field, ...] | None = None
    results: dict[str, Value] | None = None
    events: tuple[Raw, ...] | None = None


# Members of `TaskRecord` that only details need.
DETAILS = ("fields", "results", "events")


class GroupOfRecord(Struct, frozen=True, rename="camel"):
    """The part of a row or detail that tells whether the identity provider has the task's group."""

    user_group: UserGroup | None = None
    fields: tuple[Raw, ...] | None = None
    events: tuple[Raw, ...] | None = None


class TaskList(Struct, frozen=True, rename="camel"):
    """A page, in no order. `bookmark` is null on the last page."""

    user_tasks: tuple[Raw, ...]
    bookmark: str | None = None


class TaskTypes(Struct, frozen=True, rename="camel"):
    user_task_def_names: tuple[Raw, ...]
    bookmark: str | None = None


class Users(Struct, frozen=True):
    users: tuple[Raw, ...]


class UserGroups(Struct, frozen=True):
    groups: tuple[Raw, ...]


class ErrorBody(Struct, frozen=True):
    """Both forms of an error: Spring Boot has `message`, a problem document has `detail`."""

    status: int | None = None
    message: str | None = None
    detail: str | None = None

"""The bridge's JSON under its own names.

`null` and absent are the same; unknown members are passed over. Statuses, event types and field types are plain texts:
a new one is no error. Unset texts come as "".
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

NULL = Raw(b"null")

Id = Annotated[str, Meta(min_length=1)]


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    """`valid` is true only when the identity provider knows them; then `id` is the provider's, else the kernel's."""

    id: str | None = None
    email: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    valid: bool | None = None


class UserGroup(Struct, frozen=True, kw_only=True):
    """Where not `valid`, `id` is the name that the kernel keeps."""

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
    """A result; integers may have 64 bits."""

    type: str | None = None
    value: Raw = NULL


class EventBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """The members of all kinds of events. `user_id` of a comment is `<sub>::<username>`."""

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
    """The detail; `events` only in the admin's, as an unordered set."""

    fields: tuple[Field, ...] | None = None
    results: dict[str, Value] | None = None
    events: tuple[Event, ...] | None = None


class TaskList(Struct, frozen=True, rename="camel"):
    """A page in no order; `bookmark` is null on the last one."""

    user_tasks: tuple[Raw, ...]
    bookmark: str | None = None


class TaskTypes(Struct, frozen=True, rename="camel"):
    user_task_def_names: tuple[str, ...]
    bookmark: str | None = None


class Users(Struct, frozen=True):
    users: tuple[User, ...]


class UserGroups(Struct, frozen=True):
    groups: tuple[UserGroup, ...]


class ErrorBody(Struct, frozen=True):
    """Both shapes: Spring Boot says `message`, a problem document `detail`."""

    message: str | None = None
    detail: str | None = None

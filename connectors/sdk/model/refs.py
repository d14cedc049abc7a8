"""How a record names another thing: a task or flow by source and id, a person, group, definition or subject by id."""

from msgspec import Struct


class NativeRef(Struct, frozen=True):
    """A record of one source by its native id. Hashable, as a key of loaders and caches."""

    source: str
    native_id: str


class TaskRef(NativeRef, frozen=True):
    """Source and native id of a task: the content of its global id."""


class FlowRef(NativeRef, frozen=True):
    """Source and native id of a flow (process instance, execution, workflow run)."""


class UserRef(Struct, frozen=True, kw_only=True):
    """A user as a row names them. `name` and `email` are set only if the row itself has them.

    `username`: what the user signs in with, shown where neither the row nor a directory has a name.
    """

    native_id: str
    name: str | None = None
    email: str | None = None
    username: str | None = None


class GroupRef(Struct, frozen=True, kw_only=True):
    """A group as a row names it. Match by id and by name: vendors mix both."""

    native_id: str
    name: str | None = None


class Definition(Struct, frozen=True, kw_only=True):
    """A task or flow definition. `native_id` is one deployed version; `key` is common to all versions."""

    native_id: str
    key: str
    name: str | None = None
    version: str | None = None


class SubjectRef(Struct, frozen=True, kw_only=True):
    """The business object a task is about: an account, an order, an asset."""

    type: str
    native_id: str
    label: str | None = None
    url: str | None = None
    is_primary: bool | None = None

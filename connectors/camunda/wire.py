"""The vendor's JSON under the vendor's names. Server 8.8 leaves empty members out: absent means null.

Times are RFC 3339 texts, and "" after a time was cleared. A row has the members that lists need; what only a detail needs
is read there.
"""

import re
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")

# A record without its key cannot be opened. The form is that of `ids.is_key`.
Key = Annotated[str, Meta(pattern=r"^-?[1-9][0-9]{0,18}\Z")]

# A version that is no alpha and no candidate.
_RELEASED = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class UserTask(Struct, frozen=True, kw_only=True, rename="camel"):
    """`state` is a plain text: minor versions add values."""

    user_task_key: Key
    name: str | None = None
    state: str | None = None
    assignee: str | None = None
    candidate_groups: tuple[str, ...] | None = None
    candidate_users: tuple[str, ...] | None = None
    priority: int | None = None
    creation_date: str | None = None
    completion_date: str | None = None
    follow_up_date: str | None = None
    due_date: str | None = None
    element_id: str | None = None
    process_definition_id: str | None = None
    process_definition_key: str | None = None
    process_definition_version: int | None = None
    process_name: str | None = None
    process_instance_key: str | None = None
    external_form_reference: str | None = None
    business_id: str | None = None
    tags: tuple[str, ...] | None = None


class FormReference(Struct, frozen=True, kw_only=True, rename="camel"):
    """Of the row of a task."""

    external_form_reference: str | None = None


class ProcessInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    process_instance_key: Key
    process_definition_id: str | None = None
    process_definition_name: str | None = None
    process_definition_version: int | None = None
    process_definition_key: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    state: str | None = None
    has_incident: bool | None = None
    parent_process_instance_key: str | None = None
    root_process_instance_key: str | None = None
    business_id: str | None = None


class ProcessDefinition(Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a process in one tenant. Older patches of a server have no `state`.

    `has_start_form`: whether a form is linked to its start event.
    """

    process_definition_key: str
    process_definition_id: str
    version: int | None = None
    tenant_id: str | None = None
    state: str | None = None
    has_start_form: bool | None = None


class Form(Struct, frozen=True, kw_only=True, rename="camel"):
    """`schema` is a form-js document, serialised as a string."""

    schema: str | None = None
    form_key: str | None = None
    form_id: str | None = None


class Variable(Struct, frozen=True, kw_only=True, rename="camel"):
    """`value` is JSON, serialised as a string; `scope_key` is the key of the element or process instance that has it."""

    name: str
    value: str | None = None
    scope_key: str | None = None


class AuditLog(Struct, frozen=True, kw_only=True, rename="camel"):
    """One operation on a user task. The related entity of an assignment is the assignee. From server 8.9."""

    audit_log_key: str
    operation_type: str | None = None
    timestamp: str | None = None
    actor_id: str | None = None
    actor_type: str | None = None
    result: str | None = None
    related_entity_key: str | None = None
    related_entity_type: str | None = None


class StartedInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to creating a process instance: less than the record of the instance."""

    process_instance_key: str
    process_definition_id: str | None = None
    process_definition_version: int | None = None
    process_definition_key: str | None = None
    business_id: str | None = None


class CurrentUser(Struct, frozen=True, kw_only=True, rename="camel"):
    """The user of our credentials. A client that is not a user may have no user name."""

    username: str | None = None
    display_name: str | None = None
    email: str | None = None


class Topology(Struct, frozen=True, rename="camel"):
    """The part of the topology that is read: the server's version, such as 8.9.17 or 8.10.0-alpha3."""

    gateway_version: str | None = None

    @property
    def guards_claims(self) -> bool:
        """Whether the server lets users claim for themselves only. False for versions that are not known to."""
        found = _RELEASED.fullmatch(self.gateway_version or "")
        return found is not None and tuple(map(int, found.groups())) >= (8, 9, 17)


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    """A member of a group is such a record with the user name only."""

    username: str | None = None
    name: str | None = None
    email: str | None = None


class Group(Struct, frozen=True, kw_only=True, rename="camel"):
    group_id: str | None = None
    name: str | None = None


class PageInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """`has_more_total_items` means that `total_items` is a lower bound. It does not mean that there is a next page.

    `total_items` is read as it comes.
    """

    total_items: Any = None
    has_more_total_items: bool | None = None
    end_cursor: str | None = None


class SearchPage(Struct, Generic[T], frozen=True, kw_only=True):
    """The answer of every search. Rows of type `Raw` stay as they came, for `native.payload`."""

    items: list[T]
    page: PageInfo = PageInfo()


class Problem(Struct, frozen=True, kw_only=True):
    """An error body (RFC 9457). `title` is the engine's name of the status, as RESOURCE_EXHAUSTED."""

    status: int | None = None
    title: str | None = None
    detail: str | None = None

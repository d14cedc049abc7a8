"""Camunda's JSON under Camunda's names. Server 8.8 leaves empty members out: absent means null."""

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.sdk import MalformedResponseError

T = TypeVar("T")

# RFC 3339; a time without an offset does not fit.
Moment = Annotated[datetime, Meta(tz=True)]


class UserTask(Struct, frozen=True, kw_only=True, rename="camel"):
    """`state` is no enum: minor versions add values."""

    user_task_key: str
    name: str | None = None
    state: str | None = None
    assignee: str | None = None
    candidate_groups: tuple[str, ...] | None = None
    candidate_users: tuple[str, ...] | None = None
    priority: int | None = None
    creation_date: Moment | None = None
    completion_date: Moment | None = None
    follow_up_date: Moment | None = None
    due_date: Moment | None = None
    element_id: str | None = None
    process_definition_id: str | None = None
    process_definition_key: str | None = None
    process_definition_version: int | None = None
    process_name: str | None = None
    process_instance_key: str | None = None
    form_key: str | None = None
    external_form_reference: str | None = None
    business_id: str | None = None
    tags: tuple[str, ...] | None = None


class ProcessInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    process_instance_key: str
    process_definition_id: str | None = None
    process_definition_name: str | None = None
    process_definition_version: int | None = None
    process_definition_key: str | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    state: str | None = None
    has_incident: bool | None = None
    parent_process_instance_key: str | None = None
    root_process_instance_key: str | None = None
    business_id: str | None = None


class ProcessDefinition(Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a process in one tenant. Older patches of a server have no `state`."""

    process_definition_key: str
    process_definition_id: str
    version: int | None = None
    tenant_id: str | None = None
    state: str | None = None


class Form(Struct, frozen=True, kw_only=True, rename="camel"):
    """`schema` is a form-js document, serialised as a string."""

    schema: str | None = None
    form_key: str | None = None
    form_id: str | None = None


class Variable(Struct, frozen=True, kw_only=True, rename="camel"):
    """`value` is JSON, serialised as a string; `scope_key` is the element, or the process instance, that holds it."""

    name: str
    value: str | None = None
    scope_key: str | None = None


class AuditLog(Struct, frozen=True, kw_only=True, rename="camel"):
    """One operation on a user task. The related entity of an assignment is the assignee. From server 8.9."""

    audit_log_key: str
    operation_type: str | None = None
    timestamp: Moment | None = None
    actor_id: str | None = None
    actor_type: str | None = None
    result: str | None = None
    related_entity_key: str | None = None
    related_entity_type: str | None = None


class StartedInstance(Struct, frozen=True, kw_only=True, rename="camel"):
    """What creating a process instance answers: less than the instance itself."""

    process_instance_key: str
    process_definition_id: str | None = None
    process_definition_version: int | None = None
    process_definition_key: str | None = None
    business_id: str | None = None


class CurrentUser(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whom the server takes our credentials for; a client without a person may have no user name."""

    username: str | None = None
    display_name: str | None = None
    email: str | None = None


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    """A member of a group is such a record with the user name alone."""

    username: str | None = None
    name: str | None = None
    email: str | None = None


class Group(Struct, frozen=True, kw_only=True, rename="camel"):
    group_id: str | None = None
    name: str | None = None


class PageInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """`has_more_total_items` says that `total_items` is a lower bound, not that there is a next page."""

    total_items: int | None = None
    has_more_total_items: bool | None = None
    end_cursor: str | None = None


class Rows(Struct, frozen=True, kw_only=True):
    """User tasks or process instances as they came: each is kept for `native.payload`."""

    items: list[Raw]
    page: PageInfo = PageInfo()


class ProcessDefinitionPage(Struct, frozen=True, kw_only=True):
    items: list[ProcessDefinition]
    page: PageInfo = PageInfo()


class VariablePage(Struct, frozen=True, kw_only=True):
    items: list[Variable]
    page: PageInfo = PageInfo()


class AuditLogPage(Struct, frozen=True, kw_only=True):
    items: list[AuditLog]
    page: PageInfo = PageInfo()


class UserPage(Struct, frozen=True, kw_only=True):
    items: list[User]
    page: PageInfo = PageInfo()


class GroupPage(Struct, frozen=True, kw_only=True):
    items: list[Group]
    page: PageInfo = PageInfo()


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457; `title` is the machine-readable part: the engine's status name."""

    title: str | None = None
    detail: str | None = None


def read_row(raw: bytes | Raw, type_: type[T], what: str) -> T:
    """A row of a search; MalformedResponseError names the member that does not fit."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError) else "not readable as JSON"
        raise MalformedResponseError(f"{what} does not fit the vendor's documentation ({where})") from error

"""The objects of the Orchestration Cluster REST API.

Dates are texts in one format (UTC, three decimals), so that they sort as texts. Members with the default UNSET exist since
8.10 and are not written by earlier releases.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

TENANT = "<default>"


class UserTask(msgspec.Struct, frozen=True, rename="camel", gc=False):
    user_task_key: str
    name: str
    state: str
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    priority: int
    creation_date: str
    completion_date: str | None
    follow_up_date: str | None
    due_date: str | None
    element_id: str
    element_instance_key: str
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    process_name: str
    process_instance_key: str
    root_process_instance_key: str
    form_key: str | None
    custom_headers: dict[str, str]
    tags: tuple[str, ...]
    tenant_id: str = TENANT
    external_form_reference: str | None = None
    business_id: str | UnsetType | None = UNSET


class ProcessInstance(msgspec.Struct, frozen=True, rename="camel", gc=False):
    process_instance_key: str
    process_definition_id: str
    process_definition_name: str
    process_definition_version: int
    process_definition_key: str
    start_date: str
    end_date: str | None
    state: str
    root_process_instance_key: str
    tags: tuple[str, ...]
    business_id: str | None
    has_incident: bool = False
    process_definition_version_tag: str | None = None
    tenant_id: str = TENANT
    parent_process_instance_key: str | None = None
    parent_element_instance_key: str | None = None
    suspended_date: str | UnsetType | None = UNSET


class ProcessDefinition(msgspec.Struct, frozen=True, rename="camel"):
    process_definition_key: str
    process_definition_id: str
    name: str
    resource_name: str
    version: int
    version_tag: str | None = None
    tenant_id: str = TENANT
    has_start_form: bool = False
    state: str = "ACTIVE"


class Form(msgspec.Struct, frozen=True, rename="camel"):
    """`schema` is a JSON document inside a string."""

    form_key: str
    form_id: str
    version: int
    schema: str
    tenant_id: str = TENANT


class Variable(msgspec.Struct, frozen=True, rename="camel"):
    """`value` is JSON inside a string."""

    name: str
    value: str
    variable_key: str
    scope_key: str
    process_instance_key: str
    root_process_instance_key: str
    is_truncated: bool = False
    tenant_id: str = TENANT


class User(msgspec.Struct, frozen=True, rename="camel"):
    username: str
    name: str | None
    email: str | None


class Group(msgspec.Struct, frozen=True, rename="camel"):
    group_id: str
    name: str
    description: str | None


class GroupMember(msgspec.Struct, frozen=True, rename="camel"):
    username: str


class AuditLog(msgspec.Struct, frozen=True, rename="camel"):
    audit_log_key: str
    entity_key: str
    operation_type: str
    timestamp: str
    actor_id: str | None
    actor_type: str
    process_definition_id: str
    process_definition_key: str
    process_instance_key: str
    root_process_instance_key: str
    element_instance_key: str
    user_task_key: str
    entity_description: str | None
    related_entity_key: str | None = None
    related_entity_type: str | None = None
    entity_type: str = "USER_TASK"
    category: str = "USER_TASKS"
    result: str = "SUCCESS"
    tenant_id: str = TENANT
    batch_operation_key: str | None = None
    batch_operation_type: str | None = None
    agent_element_id: str | None = None
    job_key: str | None = None
    decision_requirements_id: str | None = None
    decision_requirements_key: str | None = None
    decision_definition_id: str | None = None
    decision_definition_key: str | None = None
    decision_evaluation_key: str | None = None
    deployment_key: str | None = None
    form_key: str | None = None
    resource_key: str | None = None
    inbound_channel_type: str | UnsetType | None = UNSET
    inbound_channel_tool_name: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One command on a user task. `related_user` is the assignee of an assignment; `result` is FAIL in the wrong state."""

    task_key: str
    operation: str
    actor: str | None = None
    actor_type: str = "UNKNOWN"
    result: str = "SUCCESS"
    related_user: str | None = None


Row = Any
"""Any of the objects above, for tables and searches."""

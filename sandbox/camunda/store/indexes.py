"""The indexes of each table."""

from collections.abc import Callable

from msgspec import UNSET, UnsetType

from sandbox.camunda.records import (
    AuditLog,
    Group,
    GroupMember,
    ProcessDefinition,
    ProcessInstance,
    User,
    UserTask,
    Variable,
)
from sandbox.camunda.search import Shape


def _given(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET else value


TASKS_SHAPE: Shape[UserTask] = Shape(
    key=lambda row: row.user_task_key,
    categories={
        "state": lambda row: (row.state,),
        "assignee": lambda row: () if row.assignee is None else (row.assignee,),
        "candidateGroup": lambda row: row.candidate_groups,
        "candidateUser": lambda row: row.candidate_users,
        "priority": lambda row: (row.priority,),
        "name": lambda row: (row.name,),
        "elementId": lambda row: (row.element_id,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "tenantId": lambda row: (row.tenant_id,),
        "tags": lambda row: row.tags,
    },
    postings={
        "processInstanceKey": lambda row: row.process_instance_key,
        "businessId": lambda row: _given(row.business_id),
    },
    uniques={"userTaskKey": lambda row: row.user_task_key, "elementInstanceKey": lambda row: row.element_instance_key},
    dates={
        "creationDate": lambda row: row.creation_date,
        "completionDate": lambda row: row.completion_date,
        "followUpDate": lambda row: row.follow_up_date,
        "dueDate": lambda row: row.due_date,
    },
)

INSTANCES_SHAPE: Shape[ProcessInstance] = Shape(
    key=lambda row: row.process_instance_key,
    categories={
        "state": lambda row: (row.state,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "processDefinitionName": lambda row: (row.process_definition_name,),
        "processDefinitionVersion": lambda row: (row.process_definition_version,),
        "processDefinitionVersionTag": lambda row: (),
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "hasIncident": lambda row: (row.has_incident,),
        "tenantId": lambda row: (row.tenant_id,),
        "tags": lambda row: row.tags,
    },
    postings={
        "businessId": lambda row: row.business_id,
        "parentProcessInstanceKey": lambda row: row.parent_process_instance_key,
        "parentElementInstanceKey": lambda row: row.parent_element_instance_key,
    },
    uniques={"processInstanceKey": lambda row: row.process_instance_key},
    dates={
        "startDate": lambda row: row.start_date,
        "endDate": lambda row: row.end_date,
        "suspendedDate": lambda row: _given(row.suspended_date),
    },
)

DEFINITIONS_SHAPE: Shape[ProcessDefinition] = Shape(
    key=lambda row: row.process_definition_key,
    categories={
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "name": lambda row: (row.name,),
        "resourceName": lambda row: (row.resource_name,),
        "version": lambda row: (row.version,),
        "versionTag": lambda row: (),
        "tenantId": lambda row: (row.tenant_id,),
        "hasStartForm": lambda row: (row.has_start_form,),
        "state": lambda row: (row.state,),
    },
)

USERS_SHAPE: Shape[User] = Shape(
    key=lambda row: row.username,
    categories={
        "username": lambda row: (row.username,),
        "name": lambda row: () if row.name is None else (row.name,),
        "email": lambda row: () if row.email is None else (row.email,),
    },
)

GROUPS_SHAPE: Shape[Group] = Shape(
    key=lambda row: row.group_id,
    categories={"groupId": lambda row: (row.group_id,), "name": lambda row: (row.name,)},
)

MEMBER_SHAPE: Shape[GroupMember] = Shape(
    key=lambda row: row.username, categories={"username": lambda row: (row.username,)}
)

VARIABLE_SHAPE: Shape[Variable] = Shape(
    key=lambda row: row.variable_key,
    categories={
        "value": lambda row: (row.value,),
        "name": lambda row: (row.name,),
        "tenantId": lambda row: (row.tenant_id,),
        "variableKey": lambda row: (row.variable_key,),
        "scopeKey": lambda row: (row.scope_key,),
        "processInstanceKey": lambda row: (row.process_instance_key,),
    },
)

AUDIT_ATTRIBUTES = {
    "actorId": "actor_id", "actorType": "actor_type", "auditLogKey": "audit_log_key", "batchOperationKey": "batch_operation_key",
    "batchOperationType": "batch_operation_type", "category": "category", "decisionDefinitionId": "decision_definition_id",
    "decisionDefinitionKey": "decision_definition_key", "decisionEvaluationKey": "decision_evaluation_key",
    "decisionRequirementsId": "decision_requirements_id", "decisionRequirementsKey": "decision_requirements_key",
    "elementInstanceKey": "element_instance_key", "entityKey": "entity_key", "entityType": "entity_type", "jobKey": "job_key",
    "operationType": "operation_type", "processDefinitionId": "process_definition_id",
    "processDefinitionKey": "process_definition_key", "processInstanceKey": "process_instance_key", "result": "result",
    "tenantId": "tenant_id", "userTaskKey": "user_task_key",
}  # fmt: skip
"""The attribute of each member that searches of the audit log sort by."""


def _values(attribute: str) -> Callable[[AuditLog], tuple[str, ...]]:
    def values(row: AuditLog) -> tuple[str, ...]:
        value = getattr(row, attribute)
        return () if value is None else (value,)

    return values


AUDIT_SHAPE: Shape[AuditLog] = Shape(
    key=lambda row: row.audit_log_key,
    categories={name: _values(attribute) for name, attribute in AUDIT_ATTRIBUTES.items()},
    dates={"timestamp": lambda row: row.timestamp},
)

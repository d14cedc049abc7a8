"""What each of the vendor's searches can sort and filter by."""

from collections.abc import Callable, Mapping

from sandbox.camunda.filters import Member, Members
from sandbox.camunda.records import AuditLog, ProcessInstance, UserTask, Variable
from sandbox.camunda.records import Member as GroupMember
from sandbox.camunda.searching import Searchable
from sandbox.camunda.table import Shape

TASK_STATES = (
    "CREATING", "CREATED", "ASSIGNING", "UPDATING", "COMPLETING", "COMPLETED", "CANCELING", "CANCELED", "FAILED",
)  # fmt: skip
INSTANCE_STATES = ("ACTIVE", "COMPLETED", "TERMINATED")
OPERATIONS = (
    "ASSIGN", "CANCEL", "COMPLETE", "CREATE", "DELETE", "EVALUATE", "MIGRATE", "MODIFY", "RESOLVE", "RESUME", "SUSPEND", "UNASSIGN",
    "UNKNOWN", "UPDATE",
)  # fmt: skip


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _members(kind: str, *names: str) -> dict[str, Member]:
    return {name: Member(kind, name) for name in names}  # type: ignore[arg-type] # mypy cannot see the literals


def tasks(
    process_variables: Callable[[UserTask], Mapping[str, str]], local_variables: Callable[[UserTask], Mapping[str, str]]
) -> Searchable:
    return Searchable(
        _same("creationDate", "completionDate", "followUpDate", "dueDate", "priority", "name"),
        {
            "state": Member("enum", "state", TASK_STATES),
            **_members("string", "assignee", "candidateGroup", "candidateUser", "name", "tenantId"),
            **_members("integer", "priority"),
            **_members("date", "creationDate", "completionDate", "followUpDate", "dueDate"),
            **_members("exact", "userTaskKey", "processInstanceKey", "processDefinitionKey", "processDefinitionId"),
            **_members("exact", "elementId", "elementInstanceKey"),
            **_members("tags", "tags"),
            "processInstanceVariables": Member("variables", "", variables=process_variables),
            "localVariables": Member("variables", "", variables=local_variables),
        },
    )


def instances(variables: Callable[[ProcessInstance], Mapping[str, str]]) -> Searchable:
    members: Members = {
        "state": Member("enum", "state", INSTANCE_STATES),
        **_members("string", "processDefinitionId", "processDefinitionName", "processDefinitionVersionTag"),
        **_members("string", "tenantId", "businessId"),
        **_members("integer", "processDefinitionVersion"),
        **_members("key", "processInstanceKey", "processDefinitionKey"),
        **_members("key", "parentProcessInstanceKey", "parentElementInstanceKey"),
        **_members("date", "startDate", "endDate"),
        **_members("boolean", "hasIncident"),
        **_members("tags", "tags"),
        "variables": Member("variables", "", variables=variables),
    }
    return Searchable(
        _same(
            "processInstanceKey", "processDefinitionId", "processDefinitionName", "processDefinitionVersion",
            "processDefinitionVersionTag", "processDefinitionKey", "parentProcessInstanceKey", "parentElementInstanceKey",
            "startDate", "endDate", "state", "hasIncident", "tenantId", "businessId",
        ),
        {**members, "$or": Member("tags", "")},
    )  # fmt: skip


DEFINITIONS = Searchable(
    _same("processDefinitionKey", "name", "resourceName", "version", "versionTag", "processDefinitionId", "tenantId"),
    {
        **_members("string", "name", "processDefinitionId"),
        **_members("exact", "resourceName", "versionTag", "tenantId", "processDefinitionKey"),
        **_members("integer", "version"),
        **_members("boolean", "hasStartForm"),
        "state": Member("enum", "state", ("ACTIVE", "DELETED")),
    },
)
LATEST_DEFINITIONS = Searchable(_same("processDefinitionId", "tenantId"), DEFINITIONS.filters)

USERS = Searchable(_same("username", "name", "email"), _members("string", "username", "name", "email"))
GROUPS = Searchable(_same("name", "groupId"), {**_members("string", "groupId"), **_members("exact", "name")})

MEMBERS = Searchable(_same("username"), None)
MEMBER_SHAPE: Shape[GroupMember] = Shape(
    key=lambda row: row.username, categories={"username": lambda row: (row.username,)}
)

VARIABLES = Searchable(
    _same("value", "name", "tenantId", "variableKey", "scopeKey", "processInstanceKey"), _members("string", "name")
)
EFFECTIVE_VARIABLES = Searchable(VARIABLES.sorts, VARIABLES.filters, offset_only=True)
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

AUDIT_LOGS = Searchable(
    _same("timestamp", "actorId", "actorType", "operationType", "result", "auditLogKey"),
    {
        **_members("string", "actorId"),
        **_members("date", "timestamp"),
        "operationType": Member("enum", "operationType", OPERATIONS),
        "actorType": Member("enum", "actorType", ("ANONYMOUS", "CLIENT", "UNKNOWN", "USER")),
        "result": Member("enum", "result", ("FAIL", "SUCCESS")),
    },
)
AUDIT_SHAPE: Shape[AuditLog] = Shape(
    key=lambda row: row.audit_log_key,
    categories={
        "actorId": lambda row: () if row.actor_id is None else (row.actor_id,),
        "actorType": lambda row: (row.actor_type,),
        "operationType": lambda row: (row.operation_type,),
        "result": lambda row: (row.result,),
        "auditLogKey": lambda row: (row.audit_log_key,),
    },
    dates={"timestamp": lambda row: row.timestamp},
)

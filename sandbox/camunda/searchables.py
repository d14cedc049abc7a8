"""What each of the vendor's searches can sort and filter by."""

from collections.abc import Callable, Mapping

from sandbox.camunda.filters import Member, Members
from sandbox.camunda.records import AuditLog, ProcessInstance, UserTask, Variable
from sandbox.camunda.records import Member as GroupMember
from sandbox.camunda.release import Release
from sandbox.camunda.searching import Searchable
from sandbox.camunda.store import Store
from sandbox.camunda.table import Shape

TASK_STATES = (
    "CREATING", "CREATED", "ASSIGNING", "UPDATING", "COMPLETING", "COMPLETED", "CANCELING", "CANCELED", "FAILED",
)  # fmt: skip
INSTANCE_STATES = ("ACTIVE", "COMPLETED", "TERMINATED")
ELEMENT_STATES = ("ACTIVE", "COMPLETED", "TERMINATED")
INCIDENT = "No retries left for the job that sends the confirmation."
"""What every incident here says."""

OPERATIONS = (
    "ASSIGN", "CANCEL", "COMPLETE", "CREATE", "DELETE", "EVALUATE", "MIGRATE", "MODIFY", "RESOLVE", "RESUME", "SUSPEND", "UNASSIGN",
    "UNKNOWN", "UPDATE",
)  # fmt: skip


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _members(kind: str, *names: str) -> dict[str, Member]:
    return {name: Member(kind, name) for name in names}  # type: ignore[arg-type] # mypy cannot see the literals


class Searchables:
    """The searches that look into the store, and that differ by the server's release."""

    def __init__(self, store: Store) -> None:
        self._store, release = store, store.release
        self.tasks = Searchable(
            _same("creationDate", "completionDate", "followUpDate", "dueDate", "priority", "name")
            | (_same("businessId") if release.has_business_ids_of_tasks else {}),
            self._task_members(release),
        )
        self.instances = Searchable(
            _same(
                "processInstanceKey", "processDefinitionId", "processDefinitionName", "processDefinitionVersion",
                "processDefinitionVersionTag", "processDefinitionKey", "parentProcessInstanceKey", "parentElementInstanceKey",
                "startDate", "endDate", "state", "hasIncident", "tenantId",
            )
            | (_same("businessId") if release.has_business_ids_of_instances else {})
            | (_same("suspendedDate") if release.has_suspension else {}),
            {**self._instance_members(release), "$or": Member("tags", "")},
        )  # fmt: skip

    def _task_members(self, release: Release) -> Members:
        store = self._store
        members: dict[str, Member] = {
            "state": Member("enum", "state", TASK_STATES),
            **_members("string", "assignee", "candidateGroup", "candidateUser", "tenantId"),
            **_members("exact" if release.sparse else "string", "name"),
            **_members("integer", "priority"),
            **_members("date", "creationDate", "completionDate", "followUpDate", "dueDate"),
            **_members("exact", "userTaskKey", "processInstanceKey", "processDefinitionKey", "processDefinitionId"),
            **_members("exact", "elementId", "elementInstanceKey"),
            "processInstanceVariables": Member(
                "variables", "", variables=lambda task: store.variables_of(task.process_instance_key)
            ),
            "localVariables": Member("variables", "", variables=store.locals_of),
        }
        if not release.sparse:
            members |= _members("tags", "tags")
        if release.has_business_ids_of_tasks:
            members |= _members("string", "businessId", "processDefinitionId")
            members |= _members("key", "processDefinitionKey", "processInstanceKey")
        return members

    def _instance_members(self, release: Release) -> Members:
        store = self._store

        def element_values(member: str) -> Callable[[ProcessInstance], list[str]]:
            return lambda each: [_ELEMENT_VALUES[member](task) for task in store.elements_of(each)]

        states = INSTANCE_STATES + (("SUSPENDED",) if release.has_suspension else ())
        members: dict[str, Member] = {
            "state": Member("enum", "state", states),
            **_members("string", "processDefinitionId", "processDefinitionName", "processDefinitionVersionTag"),
            **_members("string", "tenantId"),
            **_members("integer", "processDefinitionVersion"),
            **_members("key", "processInstanceKey", "processDefinitionKey"),
            **_members("key", "parentProcessInstanceKey", "parentElementInstanceKey"),
            **_members("date", "startDate", "endDate"),
            **_members("boolean", "hasIncident"),
            **_members("tags", "tags"),
            "variables": Member(
                "variables", "", variables=lambda each: store.variables_of(each.process_instance_key)
            ),
            "elementId": Member("derived", "", derived=element_values("elementId")),
            "elementInstanceState": Member("derived", "", ELEMENT_STATES, derived=element_values("state")),
            "errorMessage": Member("derived", "", derived=lambda each: [INCIDENT] if each.has_incident else []),
            "incidentErrorHashCode": Member(
                "derived_integer", "", derived=lambda each: [_java_hash(INCIDENT)] if each.has_incident else []
            ),
            "hasElementInstanceIncident": Member("boolean", "hasIncident"),
            # Incidents here are of jobs without retries, and there are no batch operations.
            "hasRetriesLeft": Member("derived_boolean", "", derived=lambda _: [False]),
            "batchOperationId": Member("derived", "", derived=lambda _: []),
            "batchOperationKey": Member("derived", "", derived=lambda _: []),
        }  # fmt: skip
        if release.has_business_ids_of_instances:
            members |= _members("string", "businessId")
        if release.has_suspension:
            members |= _members("date", "suspendedDate")
        return members


def _element_state(task: UserTask) -> str:
    return {"COMPLETED": "COMPLETED", "CANCELED": "TERMINATED", "FAILED": "TERMINATED"}.get(task.state, "ACTIVE")


_ELEMENT_VALUES: Mapping[str, Callable[[UserTask], str]] = {
    "elementId": lambda task: task.element_id,
    "state": _element_state,
}


def _java_hash(text: str) -> int:
    """Hash as `String.hashCode` does."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


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

_AUDIT_MEMBERS = {
    "actorId": "actor_id", "actorType": "actor_type", "auditLogKey": "audit_log_key", "batchOperationKey": "batch_operation_key",
    "batchOperationType": "batch_operation_type", "category": "category", "decisionDefinitionId": "decision_definition_id",
    "decisionDefinitionKey": "decision_definition_key", "decisionEvaluationKey": "decision_evaluation_key",
    "decisionRequirementsId": "decision_requirements_id", "decisionRequirementsKey": "decision_requirements_key",
    "elementInstanceKey": "element_instance_key", "entityKey": "entity_key", "entityType": "entity_type", "jobKey": "job_key",
    "operationType": "operation_type", "processDefinitionId": "process_definition_id",
    "processDefinitionKey": "process_definition_key", "processInstanceKey": "process_instance_key", "result": "result",
    "tenantId": "tenant_id", "userTaskKey": "user_task_key",
}  # fmt: skip
AUDIT_LOGS = Searchable(
    _same(*_AUDIT_MEMBERS, "timestamp"),
    {
        **_members("string", "actorId"),
        **_members("date", "timestamp"),
        "operationType": Member("enum", "operationType", OPERATIONS),
        "actorType": Member("enum", "actorType", ("ANONYMOUS", "CLIENT", "UNKNOWN", "USER")),
        "result": Member("enum", "result", ("FAIL", "SUCCESS")),
    },
)


def _values(attribute: str) -> Callable[[AuditLog], tuple[str, ...]]:
    def values(row: AuditLog) -> tuple[str, ...]:
        value = getattr(row, attribute)
        return () if value is None else (value,)

    return values


AUDIT_SHAPE: Shape[AuditLog] = Shape(
    key=lambda row: row.audit_log_key,
    categories={name: _values(attribute) for name, attribute in _AUDIT_MEMBERS.items()},
    dates={"timestamp": lambda row: row.timestamp},
)

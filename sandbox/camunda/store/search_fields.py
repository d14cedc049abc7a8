"""What each of the vendor's searches can sort and filter by."""

from collections.abc import Callable, Mapping

from sandbox.camunda.records import ProcessInstance, UserTask
from sandbox.camunda.search import FilterMember, FilterMembers, SearchFields
from sandbox.camunda.store.indexes import AUDIT_ATTRIBUTES
from sandbox.camunda.store.search_store import SearchStore
from sandbox.camunda.variants import Release

TASK_STATES = (
    "CREATING", "CREATED", "ASSIGNING", "UPDATING", "COMPLETING", "COMPLETED", "CANCELING", "CANCELED", "FAILED",
)  # fmt: skip
INSTANCE_STATES = ("ACTIVE", "COMPLETED", "TERMINATED")
ELEMENT_STATES = ("ACTIVE", "COMPLETED", "TERMINATED")
INCIDENT = "No retries left for the job that sends the confirmation."
"""The error message of every incident in the stand-in."""

OPERATIONS = (
    "ASSIGN", "CANCEL", "COMPLETE", "CREATE", "DELETE", "EVALUATE", "MIGRATE", "MODIFY", "RESOLVE", "RESUME", "SUSPEND", "UNASSIGN",
    "UNKNOWN", "UPDATE",
)  # fmt: skip


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _members(kind: str, *names: str) -> dict[str, FilterMember]:
    return {name: FilterMember(kind, name) for name in names}  # type: ignore[arg-type] # the kinds are literals


class StoreSearches:
    """The searches whose fields depend on the store's data and on the server's release."""

    def __init__(self, store: SearchStore) -> None:
        self._store, release = store, store.release
        self.tasks = SearchFields(
            _same("creationDate", "completionDate", "followUpDate", "dueDate", "priority", "name")
            | (_same("businessId") if release.has_business_ids_of_tasks else {}),
            self._task_members(release),
        )
        self.instances = SearchFields(
            _same(
                "processInstanceKey", "processDefinitionId", "processDefinitionName", "processDefinitionVersion",
                "processDefinitionVersionTag", "processDefinitionKey", "parentProcessInstanceKey", "parentElementInstanceKey",
                "startDate", "endDate", "state", "hasIncident", "tenantId",
            )
            | (_same("businessId") if release.has_business_ids_of_instances else {})
            | (_same("suspendedDate") if release.has_suspension else {}),
            {**self._instance_members(release), "$or": FilterMember("tags", "")},
        )  # fmt: skip

    def _task_members(self, release: Release) -> FilterMembers:
        store = self._store
        members: dict[str, FilterMember] = {
            "state": FilterMember("enum", "state", TASK_STATES),
            **_members("string", "assignee", "candidateGroup", "candidateUser", "tenantId"),
            **_members("exact" if release.sparse else "string", "name"),
            **_members("integer", "priority"),
            **_members("date", "creationDate", "completionDate", "followUpDate", "dueDate"),
            **_members("exact", "userTaskKey", "processInstanceKey", "processDefinitionKey", "processDefinitionId"),
            **_members("exact", "elementId", "elementInstanceKey"),
            "processInstanceVariables": FilterMember(
                "variables", "", variables=lambda task: store.variables_of(task.process_instance_key)
            ),
            "localVariables": FilterMember("variables", "", variables=store.locals_of),
        }
        if not release.sparse:
            members |= _members("tags", "tags")
        if release.has_business_ids_of_tasks:
            members |= _members("string", "businessId", "processDefinitionId")
            members |= _members("key", "processDefinitionKey", "processInstanceKey")
        return members

    def _instance_members(self, release: Release) -> FilterMembers:
        store = self._store

        def element_values(member: str) -> Callable[[ProcessInstance], list[str]]:
            return lambda each: [_ELEMENT_VALUES[member](task) for task in store.elements_of(each)]

        states = INSTANCE_STATES + (("SUSPENDED",) if release.has_suspension else ())
        members: dict[str, FilterMember] = {
            "state": FilterMember("enum", "state", states),
            **_members("string", "processDefinitionId", "processDefinitionName", "processDefinitionVersionTag"),
            **_members("string", "tenantId"),
            **_members("integer", "processDefinitionVersion"),
            **_members("key", "processInstanceKey", "processDefinitionKey"),
            **_members("key", "parentProcessInstanceKey", "parentElementInstanceKey"),
            **_members("date", "startDate", "endDate"),
            **_members("boolean", "hasIncident"),
            **_members("tags", "tags"),
            "variables": FilterMember(
                "variables", "", variables=lambda each: store.variables_of(each.process_instance_key)
            ),
            "elementId": FilterMember("derived", "", derived=element_values("elementId")),
            "elementInstanceState": FilterMember("derived", "", ELEMENT_STATES, derived=element_values("state")),
            "errorMessage": FilterMember("derived", "", derived=lambda each: [INCIDENT] if each.has_incident else []),
            "incidentErrorHashCode": FilterMember(
                "derived_integer", "", derived=lambda each: [_java_hash(INCIDENT)] if each.has_incident else []
            ),
            "hasElementInstanceIncident": FilterMember("boolean", "hasIncident"),
            # The stand-in has only incidents of jobs without retries, and no batch operations.
            "hasRetriesLeft": FilterMember("derived_boolean", "", derived=lambda _: [False]),
            "batchOperationId": FilterMember("derived", "", derived=lambda _: []),
            "batchOperationKey": FilterMember("derived", "", derived=lambda _: []),
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
    """Hash like Java's `String.hashCode`."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


DEFINITIONS = SearchFields(
    _same("processDefinitionKey", "name", "resourceName", "version", "versionTag", "processDefinitionId", "tenantId"),
    {
        **_members("string", "name", "processDefinitionId"),
        **_members("exact", "resourceName", "versionTag", "tenantId", "processDefinitionKey"),
        **_members("integer", "version"),
        **_members("boolean", "hasStartForm"),
        "state": FilterMember("enum", "state", ("ACTIVE", "DELETED")),
    },
)
LATEST_DEFINITIONS = SearchFields(_same("processDefinitionId", "tenantId"), DEFINITIONS.filters)

USERS = SearchFields(_same("username", "name", "email"), _members("string", "username", "name", "email"))
GROUPS = SearchFields(_same("name", "groupId"), {**_members("string", "groupId"), **_members("exact", "name")})

MEMBERS = SearchFields(_same("username"), None)


VARIABLES = SearchFields(
    _same("value", "name", "tenantId", "variableKey", "scopeKey", "processInstanceKey"), _members("string", "name")
)
EFFECTIVE_VARIABLES = SearchFields(VARIABLES.sorts, VARIABLES.filters, offset_only=True)


AUDIT_LOGS = SearchFields(
    _same(*AUDIT_ATTRIBUTES, "timestamp"),
    {
        **_members("string", "actorId"),
        **_members("date", "timestamp"),
        "operationType": FilterMember("enum", "operationType", OPERATIONS),
        "actorType": FilterMember("enum", "actorType", ("ANONYMOUS", "CLIENT", "UNKNOWN", "USER")),
        "result": FilterMember("enum", "result", ("FAIL", "SUCCESS")),
    },
)

"""The vendor's operations.

- `tasks`: user tasks
- `instances`: process instances
- `definitions`: process definitions
- `directory`: users and groups
- `cluster`: the cluster itself and the signed-in user
"""

from sandbox.camunda.operations.cluster import current_user, topology
from sandbox.camunda.operations.definitions import (
    get_definition,
    get_definition_xml,
    get_start_form,
    search_definitions,
)
from sandbox.camunda.operations.directory import get_group, get_user, search_groups, search_members, search_users
from sandbox.camunda.operations.instances import (
    cancel_instance,
    create_instance,
    get_instance,
    modify_instance,
    resume_instance,
    search_instances,
    suspend_instance,
)
from sandbox.camunda.operations.tasks import (
    assign_task,
    complete_task,
    get_form,
    get_task,
    search_audit_logs,
    search_effective_variables,
    search_tasks,
    search_variables,
    unassign_task,
    update_task,
)

__all__ = [
    "assign_task",
    "cancel_instance",
    "complete_task",
    "create_instance",
    "current_user",
    "get_definition",
    "get_definition_xml",
    "get_form",
    "get_group",
    "get_instance",
    "get_start_form",
    "get_task",
    "get_user",
    "modify_instance",
    "resume_instance",
    "search_audit_logs",
    "search_definitions",
    "search_effective_variables",
    "search_groups",
    "search_instances",
    "search_members",
    "search_tasks",
    "search_users",
    "search_variables",
    "suspend_instance",
    "topology",
    "unassign_task",
    "update_task",
]

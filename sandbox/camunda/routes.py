"""The operation of each method and path below `/v2`."""

from collections.abc import Callable

from starlette.responses import Response

from sandbox.camunda import operations
from sandbox.camunda.requests import Call
from sandbox.camunda.variants import Release

Operation = Callable[[Call], Response]
Endpoint = tuple[str, str, Operation]
"""Method, path below `/v2` and operation."""

_TASK = "/user-tasks/{userTaskKey}"
_INSTANCE = "/process-instances/{processInstanceKey}"
_DEFINITION = "/process-definitions/{processDefinitionKey}"

_IN_EVERY_RELEASE: tuple[Endpoint, ...] = (
    ("POST", "/user-tasks/search", operations.search_tasks),
    ("GET", _TASK, operations.get_task),
    ("PATCH", _TASK, operations.update_task),
    ("POST", _TASK + "/assignment", operations.assign_task),
    ("DELETE", _TASK + "/assignee", operations.unassign_task),
    ("POST", _TASK + "/completion", operations.complete_task),
    ("GET", _TASK + "/form", operations.get_form),
    ("POST", _TASK + "/variables/search", operations.search_variables),
    ("POST", "/process-instances", operations.create_instance),
    ("POST", "/process-instances/search", operations.search_instances),
    ("GET", _INSTANCE, operations.get_instance),
    ("POST", _INSTANCE + "/cancellation", operations.cancel_instance),
    ("POST", _INSTANCE + "/modification", operations.modify_instance),
    ("POST", "/process-definitions/search", operations.search_definitions),
    ("GET", _DEFINITION, operations.get_definition),
    ("GET", _DEFINITION + "/form", operations.get_start_form),
    ("GET", _DEFINITION + "/xml", operations.get_definition_xml),
    ("POST", "/users/search", operations.search_users),
    ("GET", "/users/{username}", operations.get_user),
    ("POST", "/groups/search", operations.search_groups),
    ("GET", "/groups/{groupId}", operations.get_group),
    ("POST", "/groups/{groupId}/users/search", operations.search_members),
    ("GET", "/topology", operations.topology),
    ("GET", "/authentication/me", operations.current_user),
)
_EFFECTIVE_VARIABLES: tuple[Endpoint, ...] = (
    ("POST", _TASK + "/effective-variables/search", operations.search_effective_variables),
)
_AUDIT_LOGS: tuple[Endpoint, ...] = (("POST", _TASK + "/audit-logs/search", operations.search_audit_logs),)
_SUSPENSION: tuple[Endpoint, ...] = (
    ("POST", _INSTANCE + "/suspension", operations.suspend_instance),
    ("POST", _INSTANCE + "/resumption", operations.resume_instance),
)


def endpoints(release: Release) -> list[Endpoint]:
    """Return the endpoints of a release."""
    return [
        *_IN_EVERY_RELEASE,
        *(_EFFECTIVE_VARIABLES if release.has_effective_variables else ()),
        *(_AUDIT_LOGS if release.has_audit_logs else ()),
        *(_SUSPENSION if release.has_suspension else ()),
    ]

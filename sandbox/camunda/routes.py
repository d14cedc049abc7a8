"""The operation of each method and path below `/v2`."""

from collections.abc import Callable

from starlette.responses import Response

from sandbox.camunda.operations import cluster, definitions, directory, instances, tasks
from sandbox.camunda.requests import Call
from sandbox.camunda.variants import Release

Operation = Callable[[Call], Response]
Endpoint = tuple[str, str, Operation]
"""Method, path below `/v2` and operation."""

_TASK = "/user-tasks/{userTaskKey}"
_INSTANCE = "/process-instances/{processInstanceKey}"
_DEFINITION = "/process-definitions/{processDefinitionKey}"

_IN_EVERY_RELEASE: tuple[Endpoint, ...] = (
    ("POST", "/user-tasks/search", tasks.search_tasks),
    ("GET", _TASK, tasks.get_task),
    ("PATCH", _TASK, tasks.update),
    ("POST", _TASK + "/assignment", tasks.assign),
    ("DELETE", _TASK + "/assignee", tasks.unassign),
    ("POST", _TASK + "/completion", tasks.complete),
    ("GET", _TASK + "/form", tasks.get_form),
    ("POST", _TASK + "/variables/search", tasks.search_variables),
    ("POST", "/process-instances", instances.create),
    ("POST", "/process-instances/search", instances.search_instances),
    ("GET", _INSTANCE, instances.get),
    ("POST", _INSTANCE + "/cancellation", instances.cancel),
    ("POST", _INSTANCE + "/modification", instances.modify),
    ("POST", "/process-definitions/search", definitions.search_definitions),
    ("GET", _DEFINITION, definitions.get_definition),
    ("GET", _DEFINITION + "/xml", definitions.get_xml),
    ("POST", "/users/search", directory.search_users),
    ("GET", "/users/{username}", directory.get_user),
    ("POST", "/groups/search", directory.search_groups),
    ("GET", "/groups/{groupId}", directory.get_group),
    ("POST", "/groups/{groupId}/users/search", directory.search_members),
    ("GET", "/topology", cluster.topology),
    ("GET", "/authentication/me", cluster.current_user),
)
_EFFECTIVE_VARIABLES: tuple[Endpoint, ...] = (
    ("POST", _TASK + "/effective-variables/search", tasks.search_effective_variables),
)
_AUDIT_LOGS: tuple[Endpoint, ...] = (("POST", _TASK + "/audit-logs/search", tasks.search_audit_logs),)
_SUSPENSION: tuple[Endpoint, ...] = (
    ("POST", _INSTANCE + "/suspension", instances.suspend),
    ("POST", _INSTANCE + "/resumption", instances.resume),
)


def endpoints(release: Release) -> list[Endpoint]:
    """Return the endpoints of a release."""
    return [
        *_IN_EVERY_RELEASE,
        *(_EFFECTIVE_VARIABLES if release.has_effective_variables else ()),
        *(_AUDIT_LOGS if release.has_audit_logs else ()),
        *(_SUSPENSION if release.has_suspension else ()),
    ]

"""The operation of each method and path below the REST address."""

import re

from sandbox.camunda7.operations import Handler, instances, people, task_changes, tasks

PREFIX = "/engine-rest"

_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/engine", instances.engines),
    ("GET", "/version", instances.version),
    ("GET", "/task", tasks.list_tasks),
    ("POST", "/task", tasks.list_tasks),
    ("GET", "/task/count", tasks.count_tasks),
    ("POST", "/task/count", tasks.count_tasks),
    ("POST", "/task/create", task_changes.create),
    ("GET", "/task/report/candidate-group-count", tasks.count_by_group),
    ("GET", "/task/{}", tasks.get_task),
    ("PUT", "/task/{}", task_changes.replace),
    ("DELETE", "/task/{}", task_changes.delete),
    ("GET", "/task/{}/identity-links", tasks.identity_links),
    ("POST", "/task/{}/identity-links", task_changes.add_link),
    ("POST", "/task/{}/identity-links/delete", task_changes.delete_link),
    ("GET", "/task/{}/form", tasks.form),
    ("GET", "/task/{}/form-variables", tasks.form_variables),
    ("GET", "/task/{}/deployed-form", tasks.deployed_form),
    ("GET", "/task/{}/variables", tasks.variables),
    ("POST", "/task/{}/localVariables", task_changes.set_local_variables),
    ("GET", "/task/{}/comment", tasks.comments),
    ("POST", "/task/{}/comment/create", task_changes.add_comment),
    ("POST", "/task/{}/claim", task_changes.claim),
    ("POST", "/task/{}/unclaim", task_changes.unclaim),
    ("POST", "/task/{}/assignee", task_changes.assign),
    ("POST", "/task/{}/delegate", task_changes.delegate),
    ("POST", "/task/{}/resolve", task_changes.resolve),
    ("POST", "/task/{}/complete", task_changes.complete),
    ("POST", "/task/{}/submit-form", task_changes.submit_form),
    ("GET", "/history/task", tasks.list_historic_tasks),
    ("POST", "/history/task", tasks.list_historic_tasks),
    ("POST", "/history/task/count", tasks.count_historic_tasks),
    ("GET", "/history/user-operation", tasks.operations),
    ("GET", "/history/variable-instance", instances.historic_variables),
    ("POST", "/history/process-instance", instances.list_historic),
    ("POST", "/history/process-instance/count", instances.count_historic),
    ("GET", "/history/process-instance/{}", instances.get_historic),
    ("POST", "/process-instance", instances.list_running),
    ("POST", "/process-instance/count", instances.count_running),
    ("POST", "/process-instance/delete", instances.delete_later),
    ("DELETE", "/process-instance/{}", instances.delete),
    ("PUT", "/process-instance/{}/suspended", instances.suspend),
    ("POST", "/process-instance/{}/modification", instances.modify),
    ("GET", "/process-instance/{}/activity-instances", instances.activity_tree),
    ("GET", "/process-definition", instances.list_definitions),
    ("GET", "/process-definition/count", instances.count_definitions),
    ("POST", "/process-definition/key/{}/start", instances.start),
    ("POST", "/process-definition/{}/start", instances.start_version),
    ("GET", "/process-definition/{}/xml", instances.definition_xml),
    ("GET", "/user", people.list_users),
    ("GET", "/user/count", people.count_users),
    ("GET", "/group", people.list_groups),
    ("GET", "/group/count", people.count_groups),
)
ROUTES = tuple(
    (method, re.compile(re.escape(path).replace(r"\{\}", "([^/]+)")), handler) for method, path, handler in _TABLE
)


def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """Return the operation and the ids in the path."""
    below = path.removeprefix(PREFIX)
    for each, pattern, handler in ROUTES if path.startswith(PREFIX) else ():
        found = pattern.fullmatch(below)
        if found is not None and each == method:
            return handler, found.groups()
    return None


def is_write(method: str, path: str) -> bool:
    """A POST may be a query."""
    below = path.removeprefix(PREFIX)
    return method in {"PUT", "DELETE"} or (
        method == "POST"
        and below not in {"/task", "/process-instance", "/history/task", "/history/process-instance"}
        and not below.endswith("/count")
    )

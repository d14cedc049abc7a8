"""The operation of each method and path."""

import re
from collections.abc import Sequence

from sandbox.uipath.operations import directory, instances, notes, task_writes, tasks
from sandbox.uipath.requests import Handler
from sandbox.uipath.store import DOCUMENT_TYPES


class Routes:
    """Paths with `{}` as placeholders, matched without case as the vendor does."""

    def __init__(self, routes: Sequence[tuple[str, str, Handler]]) -> None:
        self._routes = [
            (method, re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"), re.IGNORECASE), handler)
            for method, path, handler in routes
        ]

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]] | int:
        """Return the handler and the values of the placeholders, or 404 or 405."""
        known = False
        for each, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is not None:
                known = True
                if each == method:
                    return handler, match.groups()
        return 405 if known else 404


_EXTERNAL = frozenset({"ExternalTask"})
_FORM = frozenset({"FormTask"})
_APP = frozenset({"AppTask"})

_ODATA = "UiPath.Server.Configuration.OData."
ORCHESTRATOR: tuple[tuple[str, str, Handler], ...] = (
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFolders", tasks.list_tasks),
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFoldersForAdmin", tasks.list_tasks_for_admin),
    ("GET", "/odata/Tasks({})", tasks.get_task),
    ("GET", f"/odata/Tasks/{_ODATA}GetByKey(identifier={{}})", tasks.get_task_by_key),
    ("GET", f"/odata/Tasks/{_ODATA}GetTaskUsers(organizationUnitId={{}})", directory.list_users),
    ("POST", f"/odata/Tasks/{_ODATA}AssignTasks", task_writes.assign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}ReassignTasks", task_writes.reassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}UnassignTasks", task_writes.unassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}DeleteTasks", task_writes.delete_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}EditTaskMetadata", task_writes.edit_metadata),
    ("POST", "/tasks/GenericTasks/CreateTask", task_writes.create_task),
    ("POST", "/tasks/GenericTasks/CompleteTask", task_writes.completing(_EXTERNAL)),
    ("POST", "/forms/TaskForms/CompleteTask", task_writes.completing(_FORM)),
    ("POST", "/tasks/AppTasks/CompleteAppTask", task_writes.completing(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskData", task_writes.saving(_EXTERNAL | DOCUMENT_TYPES)),
    ("PUT", "/forms/TaskForms/SaveTaskData", task_writes.saving(_FORM)),
    ("PUT", "/tasks/AppTasks/SaveAppTasksData", task_writes.saving(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskTags", task_writes.save_tags),
    ("GET", "/tasks/GenericTasks/GetTaskDataById", tasks.get_generic_task),
    ("GET", "/tasks/GenericTasks/GetTaskDataByKey", tasks.get_generic_task_by_key),
    ("GET", "/forms/TaskForms/GetTaskFormById", tasks.get_form_task),
    ("GET", "/tasks/AppTasks/GetAppTaskById", tasks.get_app_task),
    ("GET", f"/odata/TaskNotes/{_ODATA}GetByTaskId(taskId={{}})", notes.list_notes),
    ("POST", f"/odata/TaskNotes/{_ODATA}CreateTaskNote", notes.create_note),
    ("GET", f"/odata/TaskActivities/{_ODATA}GetByTaskId(taskId={{}})", notes.list_activities),
    ("GET", f"/odata/Users/{_ODATA}GetCurrentUser", directory.get_current_user),
    ("GET", "/odata/Folders", directory.list_folders),
)
MAESTRO: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v1/instances", instances.list_instances),
    ("GET", "/api/v1/instances/{}", instances.get_instance),
    ("POST", "/api/v1/instances/{}/cancel", instances.cancel),
    ("POST", "/api/v1/instances/{}/pause", instances.pause),
    ("POST", "/api/v1/instances/{}/resume", instances.resume),
)

"""The operation of each method and path."""

import re
from collections.abc import Sequence

from sandbox.uipath import operations
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
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFolders", operations.list_tasks),
    ("GET", f"/odata/Tasks/{_ODATA}GetTasksAcrossFoldersForAdmin", operations.list_tasks_for_admin),
    ("GET", "/odata/Tasks({})", operations.get_task),
    ("GET", f"/odata/Tasks/{_ODATA}GetByKey(identifier={{}})", operations.get_task_by_key),
    ("GET", f"/odata/Tasks/{_ODATA}GetTaskUsers(organizationUnitId={{}})", operations.list_users),
    ("POST", f"/odata/Tasks/{_ODATA}AssignTasks", operations.assign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}ReassignTasks", operations.reassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}UnassignTasks", operations.unassign_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}DeleteTasks", operations.delete_tasks),
    ("POST", f"/odata/Tasks/{_ODATA}EditTaskMetadata", operations.edit_metadata),
    ("POST", "/tasks/GenericTasks/CreateTask", operations.create_task),
    ("POST", "/tasks/GenericTasks/CompleteTask", operations.completing_tasks(_EXTERNAL)),
    ("POST", "/forms/TaskForms/CompleteTask", operations.completing_tasks(_FORM)),
    ("POST", "/tasks/AppTasks/CompleteAppTask", operations.completing_tasks(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskData", operations.saving_tasks(_EXTERNAL | DOCUMENT_TYPES)),
    ("PUT", "/forms/TaskForms/SaveTaskData", operations.saving_tasks(_FORM)),
    ("PUT", "/tasks/AppTasks/SaveAppTasksData", operations.saving_tasks(_APP)),
    ("PUT", "/tasks/GenericTasks/SaveTaskTags", operations.save_tags),
    ("GET", "/tasks/GenericTasks/GetTaskDataById", operations.get_generic_task),
    ("GET", "/tasks/GenericTasks/GetTaskDataByKey", operations.get_generic_task_by_key),
    ("GET", "/forms/TaskForms/GetTaskFormById", operations.get_form_task),
    ("GET", "/tasks/AppTasks/GetAppTaskById", operations.get_app_task),
    ("GET", f"/odata/TaskNotes/{_ODATA}GetByTaskId(taskId={{}})", operations.list_notes),
    ("POST", f"/odata/TaskNotes/{_ODATA}CreateTaskNote", operations.create_note),
    ("GET", f"/odata/TaskActivities/{_ODATA}GetByTaskId(taskId={{}})", operations.list_activities),
    ("GET", f"/odata/Users/{_ODATA}GetCurrentUser", operations.get_current_user),
    ("GET", "/odata/Folders", operations.list_folders),
)
MAESTRO: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v1/instances", operations.list_instances),
    ("GET", "/api/v1/instances/{}", operations.get_instance),
    ("POST", "/api/v1/instances/{}/cancel", operations.cancel_instance),
    ("POST", "/api/v1/instances/{}/pause", operations.pause_instance),
    ("POST", "/api/v1/instances/{}/resume", operations.resume_instance),
)

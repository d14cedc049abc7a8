"""The vendor's operations.

- `tasks`: reads of tasks
- `task_writes`: changes of tasks
- `assignment`: assigning, unassigning and deleting many tasks at once
- `notes`: notes and activities of a task
- `directory`: users and folders
- `instances`: Maestro's process instances
- `lists`: pages of OData lists
"""

from sandbox.uipath.operations.directory import get_current_user, list_folders, list_users
from sandbox.uipath.operations.instances import (
    cancel_instance,
    get_instance,
    list_instances,
    pause_instance,
    resume_instance,
)
from sandbox.uipath.operations.notes import create_note, list_activities, list_notes
from sandbox.uipath.operations.task_writes import (
    assign_tasks,
    completing_tasks,
    create_task,
    delete_tasks,
    edit_metadata,
    reassign_tasks,
    save_tags,
    saving_tasks,
    unassign_tasks,
)
from sandbox.uipath.operations.tasks import (
    get_app_task,
    get_form_task,
    get_generic_task,
    get_generic_task_by_key,
    get_task,
    get_task_by_key,
    list_tasks,
    list_tasks_for_admin,
)

__all__ = [
    "assign_tasks",
    "cancel_instance",
    "completing_tasks",
    "create_note",
    "create_task",
    "delete_tasks",
    "edit_metadata",
    "get_app_task",
    "get_current_user",
    "get_form_task",
    "get_generic_task",
    "get_generic_task_by_key",
    "get_instance",
    "get_task",
    "get_task_by_key",
    "list_activities",
    "list_folders",
    "list_instances",
    "list_notes",
    "list_tasks",
    "list_tasks_for_admin",
    "list_users",
    "pause_instance",
    "reassign_tasks",
    "resume_instance",
    "save_tags",
    "saving_tasks",
    "unassign_tasks",
]

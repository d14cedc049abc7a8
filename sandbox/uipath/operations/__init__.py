"""The vendor's operations.

- `tasks`: reads of tasks
- `task_writes`: changes of tasks
- `assignment`: assigning, unassigning and deleting many tasks at once
- `notes`: notes and activities of a task
- `directory`: users and folders
- `instances`: Maestro's process instances
- `lists`: pages of OData lists
"""

from sandbox.uipath.operations import directory, instances, notes, task_writes, tasks

__all__ = ["directory", "instances", "notes", "task_writes", "tasks"]

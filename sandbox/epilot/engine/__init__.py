"""How flows change.

- `progress`: what follows from finished tasks, automations and schedules
- `changes`: what people change in flows, tasks and phases
- `graph`: which tasks have been reached
- `due_dates`: due dates by rule
"""

from sandbox.epilot.engine.changes import add_task, patch_flow, patch_phase, patch_task
from sandbox.epilot.engine.due_dates import due_date_of, floating
from sandbox.epilot.engine.progress import AUTOMATION_TAKES, FAILING_AUTOMATION, HELD_AGENT, Engine, scheduled

__all__ = [
    "AUTOMATION_TAKES",
    "FAILING_AUTOMATION",
    "HELD_AGENT",
    "Engine",
    "add_task",
    "due_date_of",
    "floating",
    "patch_flow",
    "patch_phase",
    "patch_task",
    "scheduled",
]

"""What the cluster has deployed.

- `processes`: processes with their user tasks and forms
- `listeners`: task listeners
"""

from sandbox.camunda.definitions.listeners import DELAY_MS, Event, Listener, TaskListeners, deployed_listeners
from sandbox.camunda.definitions.processes import (
    BY_ID,
    DEFINITIONS,
    DEPLOYED,
    FIRST_FREE_KEY,
    FORMS,
    PROCESSES,
    START_FORMS,
    STEPS,
    CallActivity,
    Process,
    Step,
)

__all__ = [
    "BY_ID",
    "DEFINITIONS",
    "DELAY_MS",
    "DEPLOYED",
    "FIRST_FREE_KEY",
    "FORMS",
    "PROCESSES",
    "START_FORMS",
    "STEPS",
    "CallActivity",
    "Event",
    "Listener",
    "Process",
    "Step",
    "TaskListeners",
    "deployed_listeners",
]

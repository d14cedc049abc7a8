"""The vendor's operations, one class for each API.

- `flows`: flows and their tasks (workflow execution API, version 2)
- `workflows`: workflows and their steps (workflow execution API, version 1)
- `workflow_search`: the searches of version 1
- `people`: users and groups
- `kanban`: the query over the tasks of all flows
- `analytics`: statistics and the overview of tasks
"""

from sandbox.epilot.operations.analytics import AnalyticsOperations
from sandbox.epilot.operations.flows import FlowOperations
from sandbox.epilot.operations.kanban import KanbanOperations
from sandbox.epilot.operations.people import PeopleOperations
from sandbox.epilot.operations.workflows import WorkflowOperations

__all__ = ["AnalyticsOperations", "FlowOperations", "KanbanOperations", "PeopleOperations", "WorkflowOperations"]

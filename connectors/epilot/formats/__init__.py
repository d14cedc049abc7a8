"""Readers of the vendor's formats. Records of workflows (v1) and rows of lists are converted to those of flows (v2).

executions      executions of both generations, and v1 steps
rows            rows of the overview and of the kanban data set
large_answers   answers that the vendor keeps at another address
"""

from connectors.epilot.formats.executions import flow_execution, step_task, workflow_execution
from connectors.epilot.formats.large_answers import LARGE, whole_answer
from connectors.epilot.formats.rows import kanban_row, overview_row

__all__ = [
    "LARGE",
    "flow_execution",
    "kanban_row",
    "overview_row",
    "step_task",
    "whole_answer",
    "workflow_execution",
]

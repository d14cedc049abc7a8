"""Flows: the process instance, workflow run or case that a task belongs to.

types.py        Flow, FlowPhase, FlowDefinition
connection.py   pages of flows
dataloaders.py  flows by ref
relations.py    tasks and state of a flow
filters.py      FlowFilter
queries.py      `flow`, `flows`
mutations.py    `startFlow`, `suspendFlow`, `resumeFlow`, `cancelFlow`, with their inputs and payload
"""

from schema.flow.connection import FlowConnection
from schema.flow.dataloaders import FlowByRefLoader
from schema.flow.filters import FlowFilter
from schema.flow.mutations import FlowMutations, FlowPayload
from schema.flow.queries import FlowQueries, flow_by_id, flow_definition_by_id
from schema.flow.types import Flow, FlowDefinition, FlowPhase

__all__ = [
    "Flow",
    "FlowByRefLoader",
    "FlowConnection",
    "FlowDefinition",
    "FlowFilter",
    "FlowMutations",
    "FlowPayload",
    "FlowPhase",
    "FlowQueries",
    "flow_by_id",
    "flow_definition_by_id",
]

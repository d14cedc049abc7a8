"""What flows and workflows are created from.

- `flow_templates`: the flow templates of the sample organisation
- `instantiation`: new flows from templates
- `workflow_definitions`: workflow definitions of version 1
"""

from sandbox.epilot.definitions.flow_templates import METER, SERVICE, SOLAR, SWITCH, TEMPLATES, FlowTemplate, branch_id
from sandbox.epilot.definitions.instantiation import instantiate
from sandbox.epilot.definitions.workflow_definitions import DEFINITIONS, begin_workflow

__all__ = [
    "DEFINITIONS",
    "METER",
    "SERVICE",
    "SOLAR",
    "SWITCH",
    "TEMPLATES",
    "FlowTemplate",
    "begin_workflow",
    "branch_id",
    "instantiate",
]

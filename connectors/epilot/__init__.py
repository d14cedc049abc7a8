"""epilot flows (v2), the older workflows (v1), and their tasks. README.md says how they appear in the gateway.

settings       configuration of a source
wire           the vendor's JSON, and an execution with its tasks
formats        readers of executions, rows of lists, and large answers
client         one method per operation, on the vendor's four hosts
errors         the vendor's refusals as errors of the sdk
ids            ids of tasks and flows
mapping        task records as tasks, and the table of states
details        a task's form, outcomes, previous steps and activities
search         the four lists of tasks and their filters
paging         pages by offset
flows          flows: records, lists by business object, and what a flow says of its tasks
people         users and groups
options        options of commands, and the bodies that commands become
after_write    tasks and flows after a write
traces         what the vendor's records tell afterwards of a write whose answer was lost
extras         operations that the gateway does not use
notices        its webhooks
connector      the reads and verbs of the source
"""

from connectors.epilot.connector import EpilotConnector
from connectors.epilot.settings import EpilotSettings

CONNECTOR = EpilotConnector

__all__ = ["CONNECTOR", "EpilotConnector", "EpilotSettings"]

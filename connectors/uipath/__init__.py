"""UiPath Action Center tasks and Maestro process instances. README.md says how they appear in the gateway.

settings       configuration of a source
wire           the vendor's JSON
client         one method per operation
errors         the vendor's refusals as errors of the sdk
assignment     claim, assign, unassign, delete: several tasks in one request
ids            ids of tasks and flows
mapping        task and user records of the vendor as records of the model
search         filters and order of the list of tasks
paging         pages of tasks, and tasks by id
details        a task's data, comments and activities
forms          a task's form and outcomes, and its completion
steps          a completion in two steps: the account takes the task over, then completes it
people         users and groups of folders
flows          Maestro process instances, and the folder keys that they need
after_write    a task or flow after a write
traces         what the vendor's records tell afterwards of a write whose answer was lost
options        options of commands, and limits of texts
extras         operations that the gateway does not use
formats        OData, and JSON in two letter cases
connector      the reads and verbs of the source
"""

from connectors.uipath.connector import UiPathConnector
from connectors.uipath.settings import UiPathSettings

CONNECTOR = UiPathConnector

__all__ = ["CONNECTOR", "UiPathConnector", "UiPathSettings"]

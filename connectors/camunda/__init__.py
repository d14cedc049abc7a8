"""Camunda 8: the Orchestration Cluster REST API v2, server 8.8 to 8.10. README.md says how it appears in the gateway.

settings       configuration of a source
wire           the vendor's JSON
client         one method per call
errors         the vendor's refusals as errors of the sdk
ids            keys, and the ids of task definitions
formats        readers and writers: BPMN documents, filters of searches
paging         pages of the vendor's searches
mapping        user tasks as tasks, and changes of a task as the vendor's JSON
options        options of commands
search         lists of tasks: filter and order
details        a task's form, outcomes, data and activities
forms          form-js documents as fields, and form data as variables
flows          process instances as flows, and the task definitions of processes
people         users and groups of the cluster's directory
after_write    tasks and flows after a command
<<<<<<< HEAD
steps          an assignment to a group in two steps
=======
traces         what the vendor's records tell afterwards of a write whose answer was lost
>>>>>>> w19d
extras         operations that the gateway does not use
connector      the reads and verbs of the source
"""

from connectors.camunda.connector import CamundaConnector
from connectors.camunda.settings import CamundaSettings

CONNECTOR = CamundaConnector

__all__ = ["CONNECTOR", "CamundaConnector", "CamundaSettings"]

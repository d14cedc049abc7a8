"""Camunda 7 and Operaton: the engine's REST API. README.md says how it appears in the gateway.

settings       configuration of a source
wire           the engine's JSON
client         one method per call
errors         the engine's refusals as errors of the sdk
ids            ids of tasks, and the ids of task definitions
formats        BPMN documents, groups of alternatives, dates, variables, bodies of changes
mapping        tasks and historic tasks as tasks
search         lists of tasks: filter and order
paging         tasks as lists and single reads give them, with what a row of the engine lacks
details        a task's data, comments, history and outcomes
forms          a task's form, and the data that complete it
start_forms    the process that a start names, and the form of its start event
flows          process instances as flows, starts of processes, task definitions
people         users, groups and members
options        options of commands, and what is checked of commands without a call
assignment     changes of candidates, one call a link
steps          changes that take two writes
writing        commands that read before or after their write
after_write    tasks and flows after a command
traces         what the engine's records tell afterwards of a write whose answer was lost
connector      the reads and verbs of the source
"""

from connectors.camunda7.connector import Camunda7Connector
from connectors.camunda7.settings import Camunda7Settings

CONNECTOR = Camunda7Connector

__all__ = ["CONNECTOR", "Camunda7Connector", "Camunda7Settings"]

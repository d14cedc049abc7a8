"""Camunda 7 and Operaton: the engine's REST API. README.md says how it appears in the gateway.

settings       configuration of a source
wire           the engine's JSON
client         one method per call
errors         the engine's refusals as errors of the sdk
ids            ids of tasks, and the ids of task definitions
formats        BPMN documents with form data, Camunda forms, dates
mapping        tasks and historic tasks as tasks
search         lists of tasks: filter and order
reading        tasks as lists and single reads give them
rows           what a row of a list lacks: candidates, business key, name of the process
details        a task's data, comments, history and outcomes
forms          a task's form, and the data that complete it
variables      typed variables
flows          process instances as flows, and starts of processes
definitions    the user tasks of processes
people         users, groups and members
options        options of commands
replacement    the full replacement that an update is
candidates     changes of candidates, one call a link
steps          changes that take two writes
traces         what the engine's records tell afterwards of a write whose answer was lost
writing        commands that take more than one call, or a check before it
skipping       a modification that leaves one task behind
after_write    tasks and flows after a command
connector      the reads and verbs of the source
"""

from connectors.camunda7.connector import Camunda7Connector
from connectors.camunda7.settings import Camunda7Settings

CONNECTOR = Camunda7Connector

__all__ = ["CONNECTOR", "Camunda7Connector", "Camunda7Settings"]

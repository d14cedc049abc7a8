"""What each operation reads or changes.

call            what an operation gets, and what it answers with
instances       process instances, and the list of definitions
people          users and groups
starts          one definition: its document, the form of its start event, its starts
table           method, path and function of each operation
task_changes    writes on tasks
tasks           reads of tasks
"""

from sandbox.camunda7.operations.call import Call, Handler, Json, Plain, Result
from sandbox.camunda7.operations.table import OPERATIONS

__all__ = ["OPERATIONS", "Call", "Handler", "Json", "Plain", "Result"]

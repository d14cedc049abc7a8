"""What each operation reads or changes.

call            what an operation gets, and what it answers with
instances       process instances and definitions
people          users and groups
task_changes    writes on tasks
tasks           reads of tasks
"""

from sandbox.camunda7.operations import instances, people, task_changes, tasks
from sandbox.camunda7.operations.call import Call, Handler, Json, Plain, Result

__all__ = ["Call", "Handler", "Json", "Plain", "Result", "instances", "people", "task_changes", "tasks"]

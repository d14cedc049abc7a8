"""Single objects by id, read through the cache.

tasks       tasks and their details, as far as the caller may see them
flows       flows, and those that are known without a call
definitions   task and flow definitions by id
directory   users and groups of the vendors' directories
batch       single reads side by side
"""

from gateway.federation.objects.definitions import Definitions
from gateway.federation.objects.directory import DirectoryReader
from gateway.federation.objects.flows import FlowReader
from gateway.federation.objects.tasks import GET_TASK, TaskReader

__all__ = ["GET_TASK", "Definitions", "DirectoryReader", "FlowReader", "TaskReader"]

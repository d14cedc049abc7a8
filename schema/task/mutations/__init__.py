"""Writes to tasks: at most once each, expected failures as data of the payload. Inputs stand beside their mutation.

write.py      what every write to a task takes, does and answers: TaskWriteInput, write_task, TaskPayload
ownership.py  `claimTask`, `releaseTask`, `assignTask`, `unassignTask`
work.py       `startTask`, `suspendTask`, `resumeTask`, `saveTaskDraft`, `completeTask`
change.py     `updateTask`, `addTaskComment`
end.py        `cancelTask`, `retryTask`
create.py     `createTask`
bulk.py       `bulkTaskAction`
take_next.py  `takeNextTask`
"""

from schema.task.mutations.bulk import BulkMutations
from schema.task.mutations.change import ChangeMutations
from schema.task.mutations.create import CreateMutations
from schema.task.mutations.end import EndMutations
from schema.task.mutations.ownership import OwnershipMutations
from schema.task.mutations.take_next import NextTaskMutations
from schema.task.mutations.work import WorkMutations
from schema.task.mutations.write import TaskPayload

__all__ = [
    "BulkMutations",
    "ChangeMutations",
    "CreateMutations",
    "EndMutations",
    "NextTaskMutations",
    "OwnershipMutations",
    "TaskPayload",
    "WorkMutations",
]

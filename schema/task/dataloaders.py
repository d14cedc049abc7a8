"""Details of tasks by ref and aspect, and the invalidation by a write."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Task, TaskDetail, TaskRef
from schema.core.context import Context
from schema.core.loader import Loader
from schema.core.tasks import FreshTaskByRefLoader, TaskByRefLoader


class TaskDetailByAspectLoader(Loader[tuple[TaskRef, DetailAspect], TaskDetail]):
    """Details by task and aspect. All aspects of all tasks are loaded together; a value has all aspects of its task."""

    async def find(
        self, keys: Sequence[tuple[TaskRef, DetailAspect]]
    ) -> Mapping[tuple[TaskRef, DetailAspect], TaskDetail | ConnectorError]:
        wanted: dict[TaskRef, frozenset[DetailAspect]] = {}
        for ref, aspect in keys:
            wanted[ref] = wanted.get(ref, frozenset()) | {aspect}
        found = await self._federation.get_details(self._caller, wanted)
        return {(ref, aspect): _of_aspect(found[ref], aspect) for ref, aspect in keys if ref in found}


def _of_aspect(detail: TaskDetail | ConnectorError, aspect: DetailAspect) -> TaskDetail | ConnectorError:
    return detail.failures.get(aspect, detail) if isinstance(detail, TaskDetail) else detail


def note_task_written(ref: TaskRef, task: Task | None, context: Context) -> None:
    """Forget what was loaded of a task, after a write. `task` is the record that the write left."""
    for loader in (context.loader(TaskByRefLoader), context.loader(FreshTaskByRefLoader)):
        loader.forget(ref)
        if task is not None:
            loader.put(ref, task)
    details = context.loader(TaskDetailByAspectLoader)
    for aspect in DetailAspect:
        details.forget((ref, aspect))

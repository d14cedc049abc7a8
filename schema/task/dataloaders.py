"""Details of tasks, and what a write to a task makes of what was loaded."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Task, TaskDetail, TaskRef
from schema.core.context import Context
from schema.core.loader import Loader
from schema.core.tasks import FreshTaskByRefLoader, TaskByRefLoader


class TaskDetailByAspectLoader(Loader[tuple[TaskRef, DetailAspect], TaskDetail]):
    """All aspects asked of all tasks go in one call; each key answers with the whole record of its task."""

    async def find(
        self, keys: Sequence[tuple[TaskRef, DetailAspect]]
    ) -> Mapping[tuple[TaskRef, DetailAspect], TaskDetail | ConnectorError]:
        wanted: dict[TaskRef, frozenset[DetailAspect]] = {}
        for ref, aspect in keys:
            wanted[ref] = wanted.get(ref, frozenset()) | {aspect}
        found = await self._federation.get_details(self._caller, wanted)
        return {(ref, aspect): found[ref] for ref, aspect in keys if ref in found}


def note_task_written(ref: TaskRef, task: Task | None, context: Context) -> None:
    """A write went through for `ref`: what was loaded before is old."""
    for loader in (context.loader(TaskByRefLoader), context.loader(FreshTaskByRefLoader)):
        loader.forget(ref)
        if task is not None:
            loader.put(ref, task)
    details = context.loader(TaskDetailByAspectLoader)
    for aspect in DetailAspect:
        details.forget((ref, aspect))

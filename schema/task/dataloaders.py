"""Details of tasks by ref and aspect, and the invalidation by a write."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Task, TaskDetail, TaskRef
from schema.core.context import Context
from schema.core.loader import Loader
from schema.core.tasks import FreshTaskByRefLoader, TaskByRefLoader


class TaskDetailByAspectLoader(Loader[tuple[TaskRef, DetailAspect], TaskDetail]):
    """Details by task and aspect. All aspects of all tasks are loaded together; a value has all aspects of its task."""

    fresh = False

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._shown: dict[TaskRef, Task] = {}

    def note_shown(self, tasks: Iterable[Task]) -> None:
        """The caller was shown these records just now: they are not read again."""
        self._shown.update((task.ref, task) for task in tasks)

    async def find(
        self, keys: Sequence[tuple[TaskRef, DetailAspect]]
    ) -> Mapping[tuple[TaskRef, DetailAspect], TaskDetail | ConnectorError]:
        wanted: dict[TaskRef, frozenset[DetailAspect]] = {}
        for ref, aspect in keys:
            wanted[ref] = wanted.get(ref, frozenset()) | {aspect}
        known = {ref: self._shown[ref] for ref in wanted if ref in self._shown}
        found = await self._federation.get_details(self._caller, wanted, known=known, fresh=self.fresh)
        return {(ref, aspect): found[ref] for ref, aspect in keys if ref in found}


class FreshTaskDetailByAspectLoader(TaskDetailByAspectLoader):
    """As TaskDetailByAspectLoader, read from the source and not from the gateway's caches."""

    fresh = True


async def loaded_details(
    tasks: Sequence[Task], aspect: DetailAspect, context: Context
) -> list[TaskDetail | ConnectorError | None]:
    """The details of tasks that the caller was shown, in their order; each as fresh as its task."""
    pending = []
    for task in tasks:
        kind = FreshTaskDetailByAspectLoader if context.is_fresh(task.ref) else TaskDetailByAspectLoader
        loader = context.loader(kind)
        loader.note_shown([task])
        pending.append(loader.load_many([(task.ref, aspect)]))
    return [found for (found,) in await asyncio.gather(*pending)]


def note_task_written(ref: TaskRef, task: Task | None, context: Context) -> None:
    """Forget what was loaded of a task, after a write. `task` is the record that the write left."""
    for loader in (context.loader(TaskByRefLoader), context.loader(FreshTaskByRefLoader)):
        loader.forget(ref)
        if task is not None:
            loader.put(ref, task)
    for details in (context.loader(TaskDetailByAspectLoader), context.loader(FreshTaskDetailByAspectLoader)):
        for aspect in DetailAspect:
            details.forget((ref, aspect))

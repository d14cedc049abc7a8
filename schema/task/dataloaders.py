"""Tasks by ref, and the parts of a task that cost the vendor's full record."""

from collections.abc import Mapping, Sequence

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Task, TaskDetail, TaskRef
from schema.core.loader import Loader
from schema.ports import Federation


class TaskByRefLoader(Loader[TaskRef, Task]):
    """Tasks that the caller may see; others are None. `fresh` goes round the caches."""

    def __init__(self, federation: Federation, caller: Caller, *, fresh: bool = False) -> None:
        super().__init__()
        self._federation, self._caller, self._fresh = federation, caller, fresh

    async def find(self, keys: Sequence[TaskRef]) -> Mapping[TaskRef, Task | ConnectorError]:
        return await self._federation.get_tasks(self._caller, keys, fresh=self._fresh)


class TaskDetailByAspectLoader(Loader[tuple[TaskRef, DetailAspect], TaskDetail]):
    """All aspects asked of all tasks go in one call; each key answers with the whole record of its task."""

    def __init__(self, federation: Federation, caller: Caller) -> None:
        super().__init__()
        self._federation, self._caller = federation, caller

    async def find(
        self, keys: Sequence[tuple[TaskRef, DetailAspect]]
    ) -> Mapping[tuple[TaskRef, DetailAspect], TaskDetail | ConnectorError]:
        wanted: dict[TaskRef, frozenset[DetailAspect]] = {}
        for ref, aspect in keys:
            wanted[ref] = wanted.get(ref, frozenset()) | {aspect}
        found = await self._federation.get_details(self._caller, wanted)
        return {(ref, aspect): found[ref] for ref, aspect in keys if ref in found}

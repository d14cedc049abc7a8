"""Which tasks were shown to whom a moment ago: such a person may be told why a write to a task is refused.

For other people a task that they may not see does not exist (NOT_FOUND). So it does for a request of the same person by a
token that links them to another account, to none, or to other groups, or that makes them no task admin. Another system that
the source stands for since a reload has other tasks by the same ids.
"""

import time
from collections.abc import Callable, Hashable, Iterable

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.model import Task, TaskRef

SECONDS = 60.0
MOST_KEPT = 20_000
# Seconds for which the record from before a write that hid the task from its candidates is kept.
HIDDEN_SECONDS = 600.0


class _Showing(Struct):
    until: float
    is_told: bool = False


class RecentlyShown:
    """One per process. It forgets after `SECONDS`, and the oldest showings beyond `most`."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        most: int = MOST_KEPT,
        system: Callable[[str], Hashable] = lambda _: None,
    ) -> None:
        """`system` tells apart the systems that a source stood for one after the other, by its key."""
        self._monotonic, self._system = monotonic, system
        self._most = most
        # Insertion order is age.
        self._showings: dict[tuple[Hashable, TaskRef], _Showing] = {}
        self._hidden: dict[tuple[Hashable, TaskRef], tuple[Task, float]] = {}

    def note(self, caller: Caller, refs: Iterable[TaskRef]) -> None:
        """These tasks are being shown to the caller."""
        until = self._monotonic() + SECONDS
        viewers: dict[str, Hashable] = {}
        for ref in refs:
            viewer = viewers.get(ref.source)
            if viewer is None:
                viewer = viewers[ref.source] = self._viewer(caller, ref)
            self._showings.pop((viewer, ref), None)
            self._showings[viewer, ref] = _Showing(until)
        while len(self._showings) > self._most:
            del self._showings[next(iter(self._showings))]

    def knows(self, caller: Caller, ref: TaskRef) -> bool:
        """Whether the task was shown to the caller within the last `SECONDS`."""
        showing = self._showings.get((self._viewer(caller, ref), ref))
        return showing is not None and self._monotonic() < showing.until

    def may_tell(self, caller: Caller, ref: TaskRef) -> bool:
        """Whether the caller may be told of the task's new state: once for each showing. True uses it up."""
        showing = self._showings.get((self._viewer(caller, ref), ref))
        if showing is None or showing.is_told or self._monotonic() >= showing.until:
            return False
        showing.is_told = True
        return True

    def note_written(self, before: Task, after: Task) -> None:
        """A write through this gateway: people may not see the task any more who could until now.

        It took candidates from the task, or it gave an owner to one that every user could claim.
        """
        self._hidden.pop(self._place(before.ref), None)
        if _candidates(before) - _candidates(after) or (after.assignees and not before.assignees):
            self.note_hidden(before)

    def note_hidden(self, before: Task) -> None:
        """The task as it was before a write took its candidates, here or at another gateway."""
        place = self._place(before.ref)
        self._hidden.pop(place, None)
        self._hidden[place] = structs.replace(before, payload=None), self._monotonic() + HIDDEN_SECONDS
        if len(self._hidden) > self._most:
            del self._hidden[next(iter(self._hidden))]

    def before(self, ref: TaskRef) -> Task | None:
        """The task as it was before the last write took its candidates; None if that was long ago, or did not happen."""
        task, until = self._hidden.get(self._place(ref), (None, 0.0))
        return task if self._monotonic() < until else None

    def _place(self, ref: TaskRef) -> tuple[Hashable, TaskRef]:
        return self._system(ref.source), ref

    def _viewer(self, caller: Caller, ref: TaskRef) -> Hashable:
        # One number for the identity: it is compared for each task of a list.
        return caller.key, caller.is_task_admin, hash(caller.identity(ref.source)), self._system(ref.source)


def _candidates(task: Task) -> set[tuple[str, str]]:
    users, groups = task.candidate_users or (), task.candidate_groups or ()
    return {("user", user.native_id) for user in users} | {("group", group.native_id) for group in groups}

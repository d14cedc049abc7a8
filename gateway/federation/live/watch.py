"""A subscription to tasks: what it counts as shown, and what it is told of changes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.model import Task, TaskRef
from gateway.federation.cache import Scope
from gateway.federation.lists import Admit, InboxTests, depends_on_now, is_of_open_tasks
from gateway.federation.live.change import Change, is_same
from gateway.federation.live.event_queue import EventQueue
from gateway.people import People
from schema.ports import ChangeKind, InboxWatchRequest

MOST_HELD = 2_000
"""Tasks of a list that are held for one subscriber. Of a longer list only RESYNC is told."""

Visible = Callable[[Caller, str, str, Task | None], Task | None]
"""What a person sees of a task: (person, source, native id, the vendor's record)."""


class Rights:
    """What decides what a person sees, as far as it may change while a subscription runs.

    A later token of the person may take roles away. It gives none: the subscriber may be a machine with a key, or have a
    token for less.
    """

    def __init__(self, caller: Caller, people: People) -> None:
        self._people = people
        self._signed_in = self._caller = caller
        self._told = self._known()
        self._identities: dict[str, Identity | None] = {}

    @property
    def caller(self) -> Caller:
        """The person as they are now. Identities are the present ones in any case."""
        known = self._known()
        if known != self._told and known is not None:
            self._told = known
            roles, groups = known
            own = self._signed_in
            self._caller = structs.replace(
                own, roles=own.roles & roles, groups=tuple(each for each in own.groups if each in groups)
            )
            # In every source, what was decided before holds no more.
            self._identities.clear()
        return self._caller

    def have_changed(self, source: str) -> bool:
        """Whether they are others than those that were asked for last."""
        now = self.caller.identity(source)
        has_changed = source not in self._identities or self._identities[source] != now
        self._identities[source] = now
        return has_changed

    def _known(self) -> tuple[frozenset[str], tuple[str, ...]] | None:
        found = self._people.by_key(self._caller.key)
        return None if found is None else (found.roles, found.groups)


class Watch(ABC):
    """One subscription. Observers call it in one event loop; its reader takes events from `queue`."""

    def __init__(self, caller: Caller, *, people: People, now: Callable[[], datetime]) -> None:
        self.rights = Rights(caller, people)
        self.queue = EventQueue(now=now)
        # With whose credentials it reads, by source.
        self.scopes: dict[str, Scope] = {}
        self.now = now
        # Sources whose first list is on its way.
        self._awaited: set[str] = set()

    def await_first(self, source: str) -> None:
        """What the source shows is not known yet. Once all sources are known, one RESYNC tells that all is told from there on."""
        self._awaited.add(source)

    def first(self, source: str, rows: Mapping[str, Task]) -> None:
        """The list that was awaited, or that could not be read before."""
        self.begin(source, rows)
        if source in self._awaited:
            self.without_first(source)
        else:
            self.queue.resync()

    def without_first(self, source: str) -> None:
        """The source cannot be read now: the others are not waited for any longer."""
        if source in self._awaited:
            self._awaited.discard(source)
            if not self._awaited:
                self.queue.resync()

    @abstractmethod
    def begin(self, source: str, rows: Mapping[str, Task]) -> None:
        """The source shows these tasks from now on. Tells nothing."""

    @abstractmethod
    def changed(self, source: str, changes: Collection[Change], rows: Mapping[str, Task]) -> None:
        """`rows` are the open tasks after the changes."""

    @abstractmethod
    def wants(self, native_ids: Iterable[str], source: str) -> list[str]:
        """Those of the tasks that are not open whose records it needs."""

    @property
    def watched(self) -> Collection[TaskRef]:
        """Tasks that are read also while they are not open."""
        return ()

    @property
    def depends_on_now(self) -> bool:
        """Whether `tick` may tell something."""
        return False

    def tick(self, source: str, rows: Mapping[str, Task]) -> None:
        """Time has passed: rights may have changed."""
        self._are_others(source, rows)

    def owes_resync(self) -> bool:
        """Whether a RESYNC is due that was held back; afterwards it is not."""
        return False

    def resync(self, source: str, rows: Mapping[str, Task]) -> None:
        """Something may have been missed."""
        self.begin(source, rows)
        self.queue.resync()

    def _are_others(self, source: str, rows: Mapping[str, Task]) -> bool:
        """Whether the rights have changed; then everything is decided anew, and RESYNC is told."""
        if not self.rights.have_changed(source):
            return False
        self.resync(source, rows)
        return True


class InboxWatch(Watch):
    """The tasks of one list. `held` are those that it counts as in the list, by source."""

    def __init__(
        self,
        caller: Caller,
        request: InboxWatchRequest,
        *,
        tests: InboxTests,
        people: People,
        now: Callable[[], datetime],
        most_held: int = MOST_HELD,
    ) -> None:
        super().__init__(caller, people=people, now=now)
        self._request = request
        self._tests = tests
        self._most_held = most_held
        self._is_of_open = is_of_open_tasks(request.filter)
        self._depends_on_now = depends_on_now(request.filter)
        self._held: dict[str, set[str]] = {}
        self._admit: dict[str, Admit] = {}
        self._owes = False

    def begin(self, source: str, rows: Mapping[str, Task]) -> None:
        self.rights.have_changed(source)
        admit = self._compiled(source)
        self._held[source] = {native_id for native_id, task in rows.items() if admit(task) is not None}

    def changed(self, source: str, changes: Collection[Change], rows: Mapping[str, Task]) -> None:
        if source not in self._held:
            # What came before the first list of the source is told by its RESYNC.
            return
        if self._are_others(source, rows):
            return
        admit = self._admit[source]
        for change in changes:
            self._tell(source, change.native_id, None if change.after is None else admit(change.after))

    def tick(self, source: str, rows: Mapping[str, Task]) -> None:
        if source not in self._held or self._are_others(source, rows) or not self._depends_on_now:
            return
        admit, held = self._compiled(source), self._held[source]
        for native_id, task in rows.items():
            shown = admit(task)
            if (shown is not None) != (native_id in held):
                self._tell(source, native_id, shown)

    def wants(self, native_ids: Iterable[str], source: str) -> list[str]:
        return [] if self._is_of_open else list(native_ids)

    @property
    def depends_on_now(self) -> bool:
        return self._depends_on_now

    def owes_resync(self) -> bool:
        owes, self._owes = self._owes, False
        return owes

    def _tell(self, source: str, native_id: str, shown: Task | None) -> None:
        held = self._held[source]
        was_in = native_id in held
        if shown is None and not was_in:
            return
        if shown is None:
            held.discard(native_id)
        else:
            held.add(native_id)
        if sum(map(len, self._held.values())) > self._most_held:
            self._owes = True
            return
        if shown is None:
            self.queue.put(ChangeKind.REMOVED, TaskRef(source, native_id), None)
        else:
            self.queue.put(ChangeKind.CHANGED if was_in else ChangeKind.ADDED, TaskRef(source, native_id), shown)

    def _compiled(self, source: str) -> Admit:
        """Anew: who the person is in the source, and what is overdue, may have changed."""
        self._admit[source] = self._tests.admit(self.rights.caller, self._request, source, self.now())
        return self._admit[source]


class TaskWatch(Watch):
    """Single tasks. Those that the person cannot see are silent, as if they did not exist."""

    def __init__(
        self,
        caller: Caller,
        refs: Collection[TaskRef],
        *,
        visible: Visible,
        people: People,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(caller, people=people, now=now)
        self._visible = visible
        self._ids: dict[str, set[str]] = {}
        for ref in refs:
            self._ids.setdefault(ref.source, set()).add(ref.native_id)
        self._refs = [TaskRef(source, native_id) for source, ids in self._ids.items() for native_id in sorted(ids)]
        # What was shown last; None where the task is not visible. A task that is not here was not read yet.
        self._shown: dict[TaskRef, Task | None] = {}

    @property
    def watched(self) -> Collection[TaskRef]:
        return self._refs

    def begin(self, source: str, rows: Mapping[str, Task]) -> None:
        self.rights.have_changed(source)
        for native_id in self._ids.get(source, ()):
            ref = TaskRef(source, native_id)
            if native_id in rows:
                self._shown[ref] = self._see(ref, rows[native_id])
            else:
                # It is read by its id next.
                self._shown.pop(ref, None)

    def changed(self, source: str, changes: Collection[Change], rows: Mapping[str, Task]) -> None:
        if self._are_others(source, rows):
            return
        ids = self._ids.get(source, set())
        for change in changes:
            if change.native_id in ids:
                self._tell(TaskRef(source, change.native_id), change.after)

    def wants(self, native_ids: Iterable[str], source: str) -> list[str]:
        return [native_id for native_id in native_ids if native_id in self._ids.get(source, ())]

    def _tell(self, ref: TaskRef, record: Task | None) -> None:
        is_first = ref not in self._shown
        before, shown = self._shown.get(ref), self._see(ref, record)
        self._shown[ref] = shown
        if shown is None:
            if before is not None:
                self.queue.put(ChangeKind.REMOVED, ref, None)
        elif before is None and not is_first:
            self.queue.put(ChangeKind.ADDED, ref, shown)
        elif before is None or not is_same(before, shown):
            # The client may have read it before it was closed.
            self.queue.put(ChangeKind.CHANGED, ref, shown)

    def _see(self, ref: TaskRef, record: Task | None) -> Task | None:
        return self._visible(self.rights.caller, ref.source, ref.native_id, record)

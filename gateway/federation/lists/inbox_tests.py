"""Whether tasks are in a person's list, as the list itself decides: for subscribers, without a list."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, Task
from gateway.federation.authorization import OwnWork
from gateway.federation.lists.named_people import keys_of
from gateway.federation.lists.planner import Planner, native_id_of
from gateway.federation.sources import Links, Source
from gateway.people import People
from schema.ports import InboxScope, InboxWatchRequest, TaskFilter

Admit = Callable[[Task], Task | None]
"""The task as it is in the list, None if it is not."""


class InboxTests:
    """One for all subscribers."""

    def __init__(self, sources: Mapping[str, Source], *, people: People, own: OwnWork) -> None:
        self._sources = sources
        self._people = people
        self._links = Links(people)
        self._own = own

    def sources(self, caller: Caller, request: InboxWatchRequest, now: datetime) -> Collection[str]:
        """The sources whose tasks may be in the list."""
        planner = self._planner(caller, request, now)
        return [key for key, source in self._sources.items() if planner.may_ask(source)]

    async def know(self, caller: Caller, request: InboxWatchRequest, source: str) -> None:
        """Look up who the people of the list are in the source, where that is not known yet."""
        named = filter(None, map(self._people.by_key, keys_of(request.filter)))
        try:
            await self._links.know(self._sources[source], [caller, *named])
        except ConnectorError:
            # They get nothing of the source until its directory can be read.
            return

    def admit(self, caller: Caller, request: InboxWatchRequest, source: str, now: datetime) -> Admit:
        """For rows of one source. A task is overdue at `now`."""
        tests = self._planner(caller, request, now).tests(self._sources[source])
        if tests is None:
            return lambda _task: None
        is_visible, matches = tests
        if request.scope is not InboxScope.ALL_VISIBLE:
            return lambda task: task if is_visible(task) and matches(task) else None
        identity = caller.identity(source)
        native_id = None if identity is None else identity.native_id

        def admit(task: Task) -> Task | None:
            if is_visible(task):
                return task if matches(task) else None
            left = None if task.is_open else self._own.left(caller.key, native_id, task.ref)
            return left if left is not None and matches(left) else None

        return admit

    def _planner(self, caller: Caller, request: InboxWatchRequest, now: datetime) -> Planner:
        return Planner(
            caller,
            request.scope,
            request.filter,
            order=None,
            native_id=partial(native_id_of, self._people),
            now=now,
        )


def depends_on_now(wanted: TaskFilter) -> bool:
    """Whether a row may come into the list, or leave it, without a change."""
    nested = (*wanted.all_of, *(wanted.any_of or ()), *(() if wanted.none_of is None else (wanted.none_of,)))
    return wanted.is_overdue is not None or any(map(depends_on_now, nested))


def is_of_open_tasks(wanted: TaskFilter) -> bool:
    """Whether the filter says that tasks are open. False also where it only follows."""
    return (wanted.states is not None and wanted.states <= OPEN_STATES) or any(map(is_of_open_tasks, wanted.all_of))

"""Reads of one source for its subscribers. They go past the cache, and after everything that people ask for."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import TypeVar

import anyio.lowlevel
from msgspec import Struct, structs

from connectors.sdk.changes import Changes
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, Task
from connectors.sdk.query import Page, TaskQuery
from gateway.federation.lists import full_scan, presentable, scan_page
from gateway.federation.overlay import Overlay, Reading
from gateway.federation.sources import Source
from gateway.federation.traffic import current_context, in_context

T = TypeVar("T")

LOOK = "look for changes"
# Seconds that one request may wait for the limits of the source: no person waits for its answer.
PATIENCE = 60.0


class OpenTasks(Struct, frozen=True):
    """`is_whole` False: the source has more open tasks than are read (`scan_limit`)."""

    tasks: dict[str, Task]
    is_whole: bool


class SourceLook:
    """Everything is read in the current call context, and as our own writes left it. Raises ConnectorError."""

    def __init__(self, source: Source, *, overlay: Overlay, within_flow: Callable[[Task], Task]) -> None:
        self.source = source
        self._overlay = overlay
        self._within_flow = within_flow

    async def open_tasks(self) -> OpenTasks:
        """All open tasks, by native id."""
        connector = self.source.connector
        query = self.source.ask(LOOK, lambda: connector.pushdown(TaskQuery(states=OPEN_STATES)))

        async def page(limit: int, after: str | None) -> Page[Task]:
            return await self._asked(lambda: connector.list_tasks(query, limit=limit, after=after))

        scan = await full_scan(page, page_limit=scan_page(connector.info), scan_limit=connector.settings.scan_limit)
        if scan.error is not None:
            raise scan.error
        found: dict[str, Task] = {}
        for row in presentable(Page(items=scan.rows), query, connector).items:
            task = self._shown(self._overlay.seen(row, Reading.ROW))
            if task.is_open:
                found[task.native_id] = task
        for written in self._overlay.expected(self.source.key, Reading.ROW):
            # What the vendor does not show yet.
            if written.native_id not in found and written.is_open:
                found[written.native_id] = self._shown(written)
        return OpenTasks(found, is_whole=not scan.truncated)

    async def changes(self, since: datetime) -> Changes | None:
        """What the vendor says has changed; None if it does not tell."""
        told = await self._asked(lambda: self.source.connector.changes(since))
        if told is None:
            return None
        return structs.replace(told, tasks=[self._shown(self._overlay.seen(row, Reading.ROW)) for row in told.tasks])

    async def by_id(self, ids: Collection[str]) -> Mapping[str, Task | None]:
        """The records with these ids; None for one that is not there, or is not shown."""
        connector = self.source.connector
        known = [native_id for native_id in ids if connector.is_native_id(native_id)]
        read = await self._asked(lambda: connector.get_tasks(known)) if known else {}
        found: dict[str, Task | None] = dict.fromkeys(ids)
        for native_id, record in read.items():
            if isinstance(record, ConnectorError):
                if not self.source.hides(record):
                    raise record.at(self.source.key, LOOK)
            else:
                found[native_id] = self._shown(self._overlay.seen(record, Reading.RECORD))
        return found

    def _shown(self, task: Task) -> Task:
        try:
            return self._within_flow(task)
        except ConnectorError:
            # The state that the vendor gives is still true.
            return task

    async def _asked(self, call: Callable[[], Awaitable[T]]) -> T:
        # A connector may answer from memory: other requests are served in between.
        await anyio.lowlevel.checkpoint()
        with in_context(current_context().with_deadline(PATIENCE)):
            return await self.source.read(LOOK, call)

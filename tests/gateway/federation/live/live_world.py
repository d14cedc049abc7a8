"""A gateway over sources in memory whose observers look when a test says so, and clients that follow its events."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from connectors.sdk.caller import Caller
from connectors.sdk.model import OPEN_STATES, Task, TaskRef
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, in_context
from schema.ports import ChangeKind, InboxScope, InboxWatchRequest, TaskEvent, TaskFilter, TaskListRequest

TURNS = 60


async def settle() -> None:
    """Until all that is ready has run."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def until_woken(event: asyncio.Event, _seconds: float) -> None:
    await event.wait()


def still(gateway: FederatedSources) -> FederatedSources:
    """Its observers look when they start, and when `look` is called."""
    gateway.live._pause = until_woken
    return gateway


async def look(gateway: FederatedSources, source: str | None = None) -> None:
    for (key, _), observer in list(gateway.live._observers.items()):
        if source in {None, key}:
            observer.wake()
    await settle()


class Client:
    """Follows one list: applies events, and reads again on RESYNC."""

    def __init__(
        self,
        gateway: FederatedSources,
        caller: Caller,
        *,
        scope: InboxScope = InboxScope.MINE_OR_CLAIMABLE,
        wanted: TaskFilter | None = None,
        token: str | None = None,
    ) -> None:
        self.gateway, self.caller, self.scope = gateway, caller, scope
        self.filter = wanted or TaskFilter(states=OPEN_STATES)
        self.context = CallContext(caller=caller, token=token)
        self.events: list[TaskEvent] = []
        self.held: dict[TaskRef, Task] = {}
        self._running: asyncio.Task[None] | None = None

    @property
    def kinds(self) -> list[tuple[ChangeKind, str | None]]:
        return [(event.kind, None if event.ref is None else event.ref.native_id) for event in self.events]

    def _events(self) -> AsyncGenerator[TaskEvent, None]:
        return self.gateway.watch_inbox(self.caller, InboxWatchRequest(scope=self.scope, filter=self.filter))

    async def start(self) -> "Client":
        with in_context(self.context):
            self._running = asyncio.create_task(self._follow())
        await settle()
        self.held = await self.listed()
        return self

    async def _follow(self) -> None:
        async for event in self._events():
            self.events.append(event)
            if event.kind is ChangeKind.RESYNC:
                self.held = await self.listed()
            elif event.kind is ChangeKind.REMOVED:
                assert event.ref is not None
                self.held.pop(event.ref, None)
            else:
                assert event.ref is not None
                assert event.task is not None
                self.held[event.ref] = event.task

    async def listed(self, *, fresh: bool = True) -> dict[TaskRef, Task]:
        """What the list shows now."""
        request = TaskListRequest(
            scope=self.scope, filter=self.filter, first=100, fresh=fresh, count=False, now=self.gateway.live._now()
        )
        with in_context(self.context):
            found = await self.gateway.list_tasks(self.caller, request)
        return {edge.task.ref: edge.task for edge in found.edges}

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


class TaskClient(Client):
    """Follows single tasks."""

    def __init__(self, gateway: FederatedSources, caller: Caller, *refs: TaskRef, **rest: Any) -> None:
        super().__init__(gateway, caller, **rest)
        self.refs = refs

    def _events(self) -> AsyncGenerator[TaskEvent, None]:
        return self.gateway.watch_tasks(self.caller, self.refs)

    async def listed(self, *, fresh: bool = True) -> dict[TaskRef, Task]:
        with in_context(self.context):
            found = await self.gateway.get_tasks(self.caller, self.refs, fresh=fresh)
        return {ref: task for ref, task in found.items() if isinstance(task, Task)}

"""The subscriptions of this process, and the observers that serve them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime

import anyio
import structlog

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.errors import GatewayError
from connectors.sdk.model import Task, TaskRef
from gateway.federation.authorization import OwnWork, visible_record
from gateway.federation.cache import Kind, Scope, Tag
from gateway.federation.lists import InboxTests
from gateway.federation.live.look import LOOK, SourceLook
from gateway.federation.live.observer import Observer, Pause, pause_until
from gateway.federation.live.watch import InboxWatch, TaskWatch, Watch
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, current_context
from gateway.people import People
from gateway.settings import LiveSettings
from schema.ports import InboxWatchRequest, SourceStatus, TaskEvent

log = structlog.get_logger("taskgate.live")

STATUS_SECONDS = 0.5
"""How soon a changed status of a source is told. It is looked at in memory."""

# Source, and among whom what is read with one person's credentials is shared; None: the gateway's own.
_Key = tuple[str, Scope | None]


class TooManySubscribersError(GatewayError):
    """All places for subscriptions are taken."""

    code = "TOO_MANY_SUBSCRIPTIONS"


class Live:
    """`stale` makes cached answers outdated. One event loop; what runs ends with `aclose`."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        settings: LiveSettings,
        overlay: Overlay,
        within_flow: Callable[[Task], Task],
        people: People,
        own: OwnWork,
        stale: Callable[[Collection[Tag]], None],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        pause: Pause = pause_until,
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._overlay, self._within_flow = overlay, within_flow
        self._people, self._own = people, own
        self._tests = InboxTests(sources, people=people, own=own)
        self._stale = stale
        self._monotonic, self._now, self._pause = monotonic, now, pause
        self._observers: dict[_Key, Observer] = {}
        self._running: dict[_Key, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        # Of each person who is observed for: the tokens of their subscriptions, the newest last.
        self._contexts: dict[_Key, dict[Watch, CallContext]] = {}
        self._watches: dict[Watch, None] = {}
        self._unobserved: set[Watch] = set()
        self._reminder: asyncio.Task[None] | None = None
        self._statuses = 0
        self._is_closed = False

    @property
    def subscribers(self) -> int:
        return len(self._watches) + self._statuses

    @property
    def observers(self) -> int:
        """Observers that run now."""
        return len(self._running)

    async def inbox(self, caller: Caller, request: InboxWatchRequest) -> AsyncGenerator[TaskEvent, None]:
        """Changes of a list. Raises TooManySubscribersError."""
        watch = InboxWatch(caller, request, tests=self._tests, people=self._people, now=self._now)
        sources = self._tests.sources(caller, request, self._now())
        async with anyio.create_task_group() as group:
            for source in sources:
                group.start_soon(self._tests.know, caller, request, source)
        async with aclosing(self._told(watch, sources)) as told:
            async for event in told:
                yield event

    async def tasks(self, caller: Caller, refs: Collection[TaskRef]) -> AsyncGenerator[TaskEvent, None]:
        """Changes of single tasks. Raises TooManySubscribersError."""
        refs = [ref for ref in refs if ref.source in self._sources]
        watch = TaskWatch(caller, refs, visible=self._visible, people=self._people, now=self._now)
        sources = {ref.source for ref in refs}
        async with anyio.create_task_group() as group:
            for source in sources:
                group.start_soon(self._tests.know, caller, InboxWatchRequest(), source)
        async with aclosing(self._told(watch, sources)) as told:
            async for event in told:
                yield event

    async def statuses(self, keys: Collection[str]) -> AsyncGenerator[str, None]:
        """The keys of sources whose status has changed. Raises TooManySubscribersError."""
        self._admit()
        self._statuses += 1
        try:
            told = self._status_of(keys)
            while not self._is_closed:
                await asyncio.sleep(STATUS_SECONDS)
                now = self._status_of(keys)
                changed = [key for key in now if now[key] != told[key]]
                told = now
                for key in changed:
                    yield key
        finally:
            self._statuses -= 1

    def wrote(self, _before: Task, task: Task) -> None:
        """A write of the current context left the task so: its readers are told at once."""
        if not self._watches or task.source not in self._sources:
            return
        source = self._sources[task.source]
        self._stale([Tag(task.source, Kind.TASK, task.native_id), Tag(task.source, Kind.TASK_LIST)])
        if source.acts_as == "service":
            observer = self._observers.get((task.source, None))
            if observer is not None:
                observer.wrote(task)
            return
        # What a write left is the vendor's answer to its author. The others are told what the vendor shows.
        context = current_context()
        if context.caller is not None:
            own = self._observers.get((task.source, source.scope))
            if own is not None:
                own.wrote(task)
            shared = self._observers.get((task.source, None))
            if shared is not None:
                shared.wrote_by(task, source.scope)

    def changed_elsewhere(self, source: str) -> None:
        """Another gateway wrote to a task of the source."""
        for key, observer in self._observers.items():
            if key[0] == source:
                observer.wake()

    def noticed(self, source: str) -> None:
        """The source says that something has changed: kept lists are outdated, and its observers look soon."""
        self._stale([Tag(source, Kind.TASK_LIST)])
        for key, observer in self._observers.items():
            if key[0] == source:
                observer.noticed()

    def change(self, settings: LiveSettings) -> None:
        """Sources, people or settings are others now: subscriptions end, and clients subscribe anew."""
        self._settings = settings
        for watch in self._watches:
            watch.queue.close()
        for task in self._running.values():
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        self._running.clear()
        self._observers.clear()
        self._contexts.clear()

    def close_subscriptions(self) -> None:
        """No further event is told, and no subscription is taken: the gateway ends."""
        self._is_closed = True
        for watch in self._watches:
            watch.queue.close()

    async def aclose(self) -> None:
        self.close_subscriptions()
        tasks = [*self._running.values(), *self._ending, *([] if self._reminder is None else [self._reminder])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Subscriptions

    def _admit(self) -> None:
        if self._is_closed or self.subscribers >= self._settings.most_subscribers:
            raise TooManySubscribersError("The gateway takes no further subscriptions; try again later.")

    async def _told(self, watch: Watch, sources: Collection[str]) -> AsyncGenerator[TaskEvent, None]:
        self._admit()
        self._watches[watch] = None
        joined: list[_Key] = []
        try:
            for source in sources:
                key = self._key_of(source, watch)
                watch.scopes[source] = self._sources[source].scope
                if key is None:
                    self._remind(watch)
                else:
                    self._observer(key).add(watch)
                    joined.append(key)
            while (event := await watch.queue.get()) is not None:
                yield event
        finally:
            self._watches.pop(watch, None)
            self._unobserved.discard(watch)
            for key in joined:
                # Its token may have ended; those of the person's other subscriptions go on.
                self._contexts.get(key, {}).pop(watch, None)
                observer = self._observers.get(key)
                if observer is not None:
                    observer.remove(watch)

    def _key_of(self, source: str, watch: Watch) -> _Key | None:
        """Whose observer serves the current context; None where there may be none."""
        found, context = self._sources[source], current_context()
        if found.reads_by_itself:
            return source, None
        if context.caller is None or not found.has_credentials:
            return None
        # What is read with one token is for subscribers with tokens for the same use alone.
        key = (source, found.scope)
        people = sum(1 for other, person in self._observers if other == source and person is not None)
        if key not in self._observers and people >= self._settings.most_people:
            return None
        own = CallContext(caller=context.caller, token=context.token, priority=Priority.BACKGROUND)
        self._contexts.setdefault(key, {})[watch] = own
        return key

    def _observer(self, key: _Key) -> Observer:
        observer = self._observers.get(key)
        if observer is not None:
            return observer
        observer = Observer(
            SourceLook(self._sources[key[0]], overlay=self._overlay, within_flow=self._within_flow),
            context=lambda: self._context_of(key),
            settings=self._settings,
            stale=self._changed,
            monotonic=self._monotonic,
            now=self._now,
            pause=self._pause,
        )
        self._observers[key] = observer
        task = asyncio.get_running_loop().create_task(observer.run())
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return observer

    def _context_of(self, key: _Key) -> CallContext:
        """Whose credentials a look has: the newest of the person's, else the gateway's own."""
        found = self._contexts.get(key)
        if key[1] is not None and not found:
            # Its last subscriber has left.
            return CallContext(priority=Priority.BACKGROUND)
        return (
            next(reversed(found.values()))
            if found
            else CallContext(by_reader=True, priority=Priority.BACKGROUND, operation=LOOK)
        )

    def _ended(self, key: _Key, task: "asyncio.Task[None]") -> None:
        if self._running.get(key) is task:
            del self._running[key]
            self._observers.pop(key, None)
            self._contexts.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("observer ended", source=key[0], exc_info=error)

    def _changed(self, source: str, native_ids: Collection[str]) -> None:
        self._stale([Tag(source, Kind.TASK_LIST), *(Tag(source, Kind.TASK, native_id) for native_id in native_ids)])

    def _visible(self, caller: Caller, source: str, native_id: str, record: Task | None) -> Task | None:
        return visible_record(caller, self._sources[source].connector, self._own, TaskRef(source, native_id), record)

    # Those for whom nothing is observed

    def _remind(self, watch: Watch) -> None:
        self._unobserved.add(watch)
        if self._reminder is None or self._reminder.done():
            self._reminder = asyncio.get_running_loop().create_task(self._reminding())

    async def _reminding(self) -> None:
        while self._unobserved:
            await asyncio.sleep(self._settings.max_seconds)
            for watch in self._unobserved:
                watch.queue.resync()

    # Status

    def _status_of(self, keys: Collection[str]) -> Mapping[str, tuple[SourceStatus, str | None]]:
        return dict(self._statuses_now(keys))

    def _statuses_now(self, keys: Collection[str]) -> Iterator[tuple[str, tuple[SourceStatus, str | None]]]:
        for key in keys:
            source = self._sources.get(key)
            if source is not None:
                yield key, (source.status, source.status_reason)

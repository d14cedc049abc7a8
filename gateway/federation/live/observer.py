"""Looks at one source for all its subscribers, or for one person's, and tells them what has changed."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from connectors.sdk.clock import utc_now
from connectors.sdk.errors import ConnectorError, RateLimitedError, UpstreamTimeoutError
from connectors.sdk.model import Task
from gateway.federation.cache import Scope
from gateway.federation.live.change import Change, changes_between, is_same
from gateway.federation.live.look import LOOK, SourceLook
from gateway.federation.live.pace import Pace
from gateway.federation.live.watch import Watch
from gateway.federation.traffic import CallContext, RequestCost, in_context
from gateway.settings import LiveSettings

log = structlog.get_logger("taskgate.live")

# Seconds for which changes are told to a subscriber who comes later: the list may have been read just before.
REPLAYED = 5.0
# Closed tasks that one look reads by id; the others come with the next one.
MOST_BY_ID = 50
# Seconds that one look may take.
MOST_SECONDS = 600.0
FEED_CALLS = 3.0
"""What a look at a vendor's own feed is expected to cost before it was tried."""

Pause = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits until the event is set, or for so many seconds."""


async def pause_until(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()


class Observer:
    """`context` is made for each look: whose credentials it has. `stale` is told which tasks changed, before anyone else.

    It ends when it had no subscriber for `min_seconds`.
    """

    def __init__(
        self,
        look: SourceLook,
        *,
        context: Callable[[], CallContext],
        settings: LiveSettings,
        stale: Callable[[str, Collection[str]], None],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        pause: Pause = pause_until,
    ) -> None:
        self.source = look.source.key
        self._look = look
        self._context = context
        self._settings = settings
        self._stale = stale
        self._monotonic, self._now, self._pause = monotonic, now, pause
        self._pace = Pace(least=settings.min_seconds, most=settings.max_seconds, share=settings.share)
        self._watches: dict[Watch, None] = {}
        # Those who came before the first list was there.
        self._early: set[Watch] = set()
        # Open tasks by native id; None before the first look. Closed ones that a subscriber follows by id.
        self._rows: dict[str, Task] | None = None
        self._closed: dict[str, Task | None] = {}
        # What our own writes left since the present look began.
        self._written: dict[str, Task] = {}
        self._recent: deque[tuple[float, list[Change]]] = deque()
        self._missed = False
        self._is_whole = True
        self._mark: datetime | None = None
        self._full_at = self._resync_at = -float("inf")
        self._full_calls, self._feed_calls = 1.0, FEED_CALLS
        self._has_feed, self._lacks_updates = True, False
        self._next = self._soonest = -float("inf")
        self._is_noticed = False
        self._idle_since = monotonic()
        self._wake = asyncio.Event()

    @property
    def watches(self) -> Collection[Watch]:
        return self._watches.keys()

    def add(self, watch: Watch) -> None:
        self._watches[watch] = None
        if self._rows is None:
            self._early.add(watch)
            watch.await_first(self.source)
        else:
            watch.begin(self.source, self._rows)
            since = self._monotonic() - REPLAYED
            for at, changes in self._recent:
                if at >= since:
                    watch.changed(self.source, changes, self._rows)
            self._tell_closed(watch)
            if any(ref.source == self.source and ref.native_id not in self._rows for ref in watch.watched):
                self._next = min(self._next, self._monotonic())
        self._wake.set()

    def remove(self, watch: Watch) -> None:
        self._watches.pop(watch, None)
        self._early.discard(watch)
        if not self._watches:
            self._idle_since = self._monotonic()
            self._wake.set()

    async def run(self) -> None:
        """Looks until there has been no subscriber for a while."""
        while True:
            now = self._monotonic()
            if not self._watches and now >= self._idle_since + self._settings.min_seconds:
                return
            if self._watches and now >= self._next:
                await self.look()
            self._tick()
            now = self._monotonic()
            end = self._next if self._watches else self._idle_since + self._settings.min_seconds
            self._wake.clear()
            await self._pause(self._wake, min(end - now, self._until_due()))

    async def look(self) -> None:
        """One look. A failure tells nothing."""
        cost, began = RequestCost(), self._monotonic()
        context = self._context()
        self._written.clear()
        self._is_noticed = False
        failed = True
        try:
            with in_context(context.counted_by(cost)):
                async with asyncio.timeout(MOST_SECONDS):
                    await self._compared(cost)
            failed = False
        except (ConnectorError, TimeoutError) as error:
            self._note_failure(error)
        except Exception:
            log.exception("look failed", source=self.source)
            self._missed = True
        ended = self._monotonic()
        self._pace.note(ended, cost.sent, failed=failed)
        with in_context(context):
            limit = self._look.source.read_window
        calls = min(self._full_calls, self._feed_calls) if self._has_feed else self._full_calls
        pause = self._pace.pause(ended, calls=calls, seconds=ended - began, limit=limit)
        self._soonest = ended + self._pace.soonest(ended, calls=calls, limit=limit, pause=pause)
        # After a webhook that came during this look: what was read may be older.
        self._next = self._soonest if self._is_noticed else ended + pause

    def wrote(self, task: Task) -> None:
        """One of our own writes left it so, and every reader of this observer's credentials is shown it."""
        self._written[task.native_id] = task
        if self._rows is None:
            return
        before = self._rows.get(task.native_id) or self._closed.get(task.native_id)
        if task.is_open:
            self._rows[task.native_id] = task
        else:
            self._rows.pop(task.native_id, None)
            self._closed[task.native_id] = task
        if before is None or not is_same(before, task):
            self._tell([Change(task.native_id, before, task)])

    def wrote_by(self, task: Task, author: Scope) -> None:
        """As `wrote`, where only requests with the author's credentials are shown it before the source shows it."""
        change = Change(task.native_id, None, task)
        for watch in self._watches:
            if watch.scopes.get(self.source) == author and watch not in self._early:
                watch.changed(self.source, [change], self._rows or {})

    def wake(self) -> None:
        """Look now: something has changed elsewhere."""
        self._next = min(self._next, self._monotonic())
        self._wake.set()

    def noticed(self) -> None:
        """A webhook came: look as soon as the rate limit allows. Many of them make one look."""
        self._is_noticed = True
        self._next = min(self._next, self._soonest)
        self._wake.set()

    # One look

    async def _compared(self, cost: RequestCost) -> None:
        rows, closed = await self._read(cost)
        gone = [native_id for native_id in self._rows or () if native_id not in rows and native_id not in closed]
        watched = {ref.native_id for watch in self._watches for ref in watch.watched if ref.source == self.source}
        unread = self._unread(gone, [native_id for native_id in watched if native_id not in rows])
        for native_id, task in (await self._look.by_id(unread) if unread else {}).items():
            if task is not None and task.is_open:
                # The list lacked it: it is longer than what is read of it, or lags.
                rows[native_id] = task
            else:
                closed[native_id] = task
        if not self._is_whole and self._rows is not None:
            for native_id in gone:
                if native_id not in unread:
                    rows[native_id] = self._rows[native_id]
        for native_id, task in self._written.items():
            rows.pop(native_id, None)
            closed.pop(native_id, None)
            if task.is_open:
                rows[native_id] = task
            else:
                closed[native_id] = task
        self._take(rows, closed, watched)

    async def _read(self, cost: RequestCost) -> tuple[dict[str, Task], dict[str, Task | None]]:
        """Open tasks; and closed ones, as far as a vendor's feed tells them."""
        began, sent = self._now(), cost.sent
        closed: dict[str, Task | None] = {}
        if self._rows is not None and not self._is_full_due():
            mark = (self._mark or began) - timedelta(seconds=self._settings.overlap_seconds)
            told = await self._look.changes(mark)
            self._has_feed = told is not None
            if told is not None:
                self._feed_calls = float(cost.sent - sent)
                self._lacks_updates = told.lacks_updates
            if told is not None and told.is_whole:
                rows = dict(self._rows)
                for task in told.tasks:
                    rows.pop(task.native_id, None)
                    if task.is_open:
                        rows[task.native_id] = task
                    else:
                        closed[task.native_id] = task
                for native_id in told.gone:
                    rows.pop(native_id, None)
                    closed[native_id] = None
                self._mark = began
                return rows, closed
            sent = cost.sent
        found = await self._look.open_tasks()
        self._full_calls, self._full_at = float(cost.sent - sent), self._monotonic()
        self._mark, self._is_whole = began, found.is_whole
        return found.tasks, closed

    def _is_full_due(self) -> bool:
        """Whether the whole list is read: after a failure, from time to time, and where it costs no more than the feed."""
        if self._missed or not self._has_feed or self._full_calls <= self._feed_calls:
            return True
        now, seconds = self._monotonic(), self._settings.full_seconds
        if self._lacks_updates:
            # As often as the budget of looks allows with half of it, but not for every look.
            limit = self._look.source.read_window
            often = 2 * self._pace.pause(now, calls=self._full_calls, seconds=0.0, limit=limit)
            seconds = min(seconds, max(self._settings.max_seconds / 4, often))
        return now >= self._full_at + seconds

    def _unread(self, gone: Iterable[str], watched: Iterable[str]) -> list[str]:
        wanted = dict.fromkeys(watched)
        gone = list(gone)
        for watch in self._watches:
            wanted |= dict.fromkeys(watch.wants(gone, self.source))
        if not self._is_whole:
            wanted |= dict.fromkeys(gone)
        return list(wanted)[:MOST_BY_ID]

    def _take(self, rows: dict[str, Task], closed: Mapping[str, Task | None], watched: Collection[str]) -> None:
        before = self._rows
        found = [] if before is None else self._changes(before, rows, closed)
        self._rows = rows
        self._closed = {native_id: task for native_id, task in closed.items() if native_id in watched}
        has_missed, self._missed = self._missed, False
        if before is not None:
            self._tell(found)
        now = self._monotonic()
        is_for_all = has_missed or (not self._is_whole and now >= self._resync_at + self._settings.max_seconds)
        for watch in self._watches:
            is_early = watch in self._early
            if not (is_early or is_for_all):
                continue
            self._resync_at = now
            if is_early:
                watch.first(self.source, rows)
            else:
                watch.resync(self.source, rows)
            self._tell_closed(watch)
        self._early.clear()

    def _changes(
        self, before: Mapping[str, Task], rows: Mapping[str, Task], closed: Mapping[str, Task | None]
    ) -> list[Change]:
        found = []
        for change in changes_between(before, rows):
            if change.after is None:
                found.append(Change(change.native_id, change.before, closed.get(change.native_id)))
            else:
                found.append(change)
        for native_id, task in closed.items():
            if native_id in before:
                continue
            known = self._closed.get(native_id)
            is_known = native_id in self._closed and (
                known is task if known is None or task is None else is_same(known, task)
            )
            if not is_known:
                found.append(Change(native_id, known, task))
        return found

    def _tell(self, changes: list[Change]) -> None:
        if not changes:
            return
        stale = [change.native_id for change in changes if change.before is not None or change.after is not None]
        if stale:
            self._stale(self.source, stale)
        now = self._monotonic()
        self._recent.append((now, changes))
        while self._recent[0][0] < now - REPLAYED:
            self._recent.popleft()
        for watch in self._watches:
            if watch not in self._early:
                watch.changed(self.source, changes, self._rows or {})

    def _tell_closed(self, watch: Watch) -> None:
        """What is known of the tasks that it follows by id, and that are not open."""
        wanted = watch.wants(self._closed, self.source)
        changes = [Change(native_id, None, self._closed[native_id]) for native_id in wanted]
        watch.changed(self.source, changes, self._rows or {})

    def _note_failure(self, error: ConnectorError | TimeoutError) -> None:
        if isinstance(error, TimeoutError):
            error = UpstreamTimeoutError("its list does not come to an end").at(self.source, LOOK)
        # A limit of our own making: the list is only read later.
        self._missed = self._missed or not isinstance(error, RateLimitedError)
        for watch in self._early:
            watch.without_first(self.source)
        log.info("look failed", source=self.source, code=error.code)

    # Time

    def _tick(self) -> None:
        if self._rows is None:
            return
        now = self._monotonic()
        may_resync = now >= self._resync_at + self._settings.max_seconds
        for watch in self._watches:
            if watch not in self._early:
                watch.tick(self.source, self._rows)
                if may_resync and watch.owes_resync():
                    self._resync_at = now
                    watch.queue.resync()

    def _until_due(self) -> float:
        """Seconds until a task becomes overdue, where that matters to a subscriber."""
        if not self._rows or not any(watch.depends_on_now for watch in self._watches):
            return float("inf")
        now = self._now()
        due = [task.due_at for task in self._rows.values() if task.due_at is not None and task.due_at > now]
        return (min(due) - now).total_seconds() + 0.01 if due else float("inf")

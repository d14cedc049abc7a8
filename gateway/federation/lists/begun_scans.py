"""Full scans that ran out of time. The next question goes on where they stopped, and so does the gateway by itself."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic

import anyio
from msgspec import Struct, structs

from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError, UpstreamTimeoutError
from gateway.federation.lists.full_scan import N, PageOf, Scan, Snapshot
from gateway.federation.traffic import Priority, current_context, in_context

# Seconds after which the first rows of a scan are too old to go on with it.
LONGEST = 120.0
# Seconds for which the gateway goes on by itself.
IN_BACKGROUND = 60.0
# Scans that are remembered; the oldest go first.
MOST = 100


class BegunScan(Struct, Generic[N]):
    """`began` and `read_from` are when its first page was requested. `number` is that of the last write before it."""

    scan: Scan[N]
    began: float
    read_from: datetime
    number: int


class BegunScans:
    """By source, credential scope, operation and arguments. `changes` counts writes."""

    def __init__(self, *, now: Callable[[], datetime], changes: Callable[[], int]) -> None:
        self._now = now
        self._changes = changes
        self._scans: OrderedDict[Hashable, BegunScan[Any]] = OrderedDict()
        self._running: dict[Hashable, BegunScan[Any]] = {}
        self._going_on: dict[Hashable, asyncio.Task[None]] = {}

    async def run(
        self, key: Hashable, page_of: PageOf[N], make: Callable[[], Scan[N]], *, anew: bool
    ) -> tuple[Snapshot[N], int]:
        """All rows, or those that there was time for; and the number of the last write that all of them show.

        `anew`: from the first page. Raises ConnectorError as `Scan.run` does.
        """
        begun: BegunScan[N] | None = self._scans.pop(key, None)
        if begun is not None and not anew and anyio.current_time() - begun.began < LONGEST:
            try:
                snapshot = await self._resumed(key, begun, page_of)
            except ConnectorError as error:
                if _is_pause(error):
                    raise
                # The vendor may not know the place any more.
            else:
                if snapshot.error is None or _is_pause(snapshot.error):
                    return snapshot, begun.number
        fresh = BegunScan(make(), anyio.current_time(), self._now(), self._changes())
        return await self._noted(key, fresh, page_of), fresh.number

    def so_far(self, key: Hashable, error: ConnectorError) -> Snapshot[Any] | None:
        """What a scan that still runs has read, for a reader who waited until `error`; None without a row."""
        begun = self._running.get(key)
        snapshot = None if begun is None else begun.scan.so_far(error)
        if begun is None or snapshot is None or not snapshot.rows:
            return None
        return structs.replace(snapshot, read_from=begun.read_from)

    def go_on(self, key: Hashable, read: Callable[[], Awaitable[Snapshot[Any]]]) -> None:
        """Read on in the background until the scan is complete. `read` is the question that ran out of time."""
        task = self._going_on.get(key)
        if task is not None and not task.done():
            return
        context = structs.replace(
            current_context(),
            priority=Priority.BACKGROUND,
            counters=(),
            records=None,
            operation_records=None,
            asked_at=None,
            deadline=None,
        )

        async def until_complete() -> None:
            end = anyio.current_time() + IN_BACKGROUND
            with in_context(context):
                while anyio.current_time() < end:
                    pages = self._pages(key)
                    try:
                        error = (await read()).error
                    except ConnectorError as raised:
                        error = raised
                    if not ran_out_of_time(error) or self._pages(key) <= pages:
                        return

        task = asyncio.get_running_loop().create_task(until_complete())
        self._going_on[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _pages(self, key: Hashable) -> int:
        begun = self._running.get(key) or self._scans.get(key)
        return 0 if begun is None else begun.scan.pages

    def _ended(self, key: Hashable, task: "asyncio.Task[None]") -> None:
        if self._going_on.get(key) is task:
            del self._going_on[key]

    async def _resumed(self, key: Hashable, begun: BegunScan[N], page_of: PageOf[N]) -> Snapshot[N]:
        snapshot = await self._noted(key, begun, page_of)
        return structs.replace(snapshot, read_from=begun.read_from)

    async def _noted(self, key: Hashable, begun: BegunScan[N], page_of: PageOf[N]) -> Snapshot[N]:
        """Remembers the scan if it ran out of time after some pages."""
        self._running[key] = begun
        try:
            snapshot = await begun.scan.run(page_of)
        except ConnectorError as error:
            self._remember(key, begun, error)
            raise
        finally:
            if self._running.get(key) is begun:
                del self._running[key]
        self._remember(key, begun, snapshot.error)
        return snapshot

    def _remember(self, key: Hashable, begun: BegunScan[Any], error: ConnectorError | None) -> None:
        if error is not None and begun.scan.pages and _is_pause(error):
            self._scans[key] = begun
            while len(self._scans) > MOST:
                self._scans.popitem(last=False)


def ran_out_of_time(error: ConnectorError | None) -> bool:
    """Whether our own deadline ended it, and not the vendor."""
    return isinstance(error, UpstreamTimeoutError) and error.native_status is None


def _is_pause(error: ConnectorError) -> bool:
    """Waiting helps: the vendor's place in the list stays valid meanwhile."""
    return isinstance(error, UpstreamTimeoutError | RateLimitedError) or (
        isinstance(error, UnavailableError) and error.native_status is None
    )

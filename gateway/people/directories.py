"""The directories of the sources: read in the background, and again before they are too old.

Those that links need are read at start, and at once where a request needs one. The others are for searches: they are read
one after the other, and slowly.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context

import anyio
import structlog

from connectors.sdk.errors import ConnectorError, UnavailableError
from gateway.people.directory import Directory
from gateway.people.port import ReadDirectory

log = structlog.get_logger("taskgate.people")

# The least seconds for which a directory is good, however short the configured time is.
LEAST_SECONDS = 30.0
# Seconds after a failure in which a directory is not read again.
RETRY_SECONDS = 5.0
# Seconds after the start in which directories that no link needs are not read, and between two requests of their reads.
SPARE_AFTER = 60.0
SPARE_PACE = 2.0
# For so many times its seconds the last directory is used by what does not ask whether it is good: rows that are being read.
MOST_LIVES = 2.0

Pause = Callable[[float], Awaitable[None]]


class Directories:
    """`seconds`: how long each directory is good; the sources that stand there are read, and no others. One read at a time
    for each source, which all who need it wait for. It goes on if they give up.

    A directory of `spare` is good until so many seconds after its read, which takes long for a large one; one that is not
    whole is good for nothing: the source is searched then.
    """

    def __init__(
        self,
        read: ReadDirectory,
        seconds: Mapping[str, float],
        *,
        with_groups: frozenset[str] = frozenset(),
        spare: frozenset[str] = frozenset(),
        now: Callable[[], float] = time.monotonic,
        pause: Pause = anyio.sleep,
    ) -> None:
        """`with_groups`: the sources whose memberships are read too. `spare`: those whose directory no link needs."""
        self._read = read
        self._seconds = {source: max(each, LEAST_SECONDS) for source, each in seconds.items()}
        self._with_groups = with_groups
        self._spare = spare
        self._now, self._pause = now, pause
        # Called with a source that was read anew.
        self.on_change: Callable[[str], None] = lambda _source: None
        self._kept: dict[str, Directory] = {}
        self._failed: dict[str, tuple[float, ConnectorError]] = {}
        self._loading: dict[str, asyncio.Task[Directory]] = {}
        self._waiting: dict[str, int] = {}
        self._background: list[asyncio.Task[None]] = []

    def __contains__(self, source: str) -> bool:
        return source in self._seconds

    def adopt(self, before: "Directories", sources: Collection[str]) -> None:
        """Begin with what is known of these directories."""
        self._kept.update(
            {source: kept for source in sources if (kept := before.kept(source)) is not None and source in self}
        )

    def kept(self, source: str) -> Directory | None:
        """The last directory, also while it is a little older than it is good for."""
        found = self._kept.get(source)
        return None if found is None or found.age > MOST_LIVES * self._good_for(source, found) else found

    def is_good(self, source: str) -> bool:
        found = self._kept.get(source)
        if found is None or (source in self._spare and not found.is_whole):
            return False
        return found.age <= self._good_for(source, found)

    async def require(self, source: str, *, within: float) -> None:
        """Wait until the directory is good, for at most so many seconds; UnavailableError if that fails."""
        if self.is_good(source):
            return
        self._waiting[source] = self._waiting.get(source, 0) + 1
        try:
            with anyio.fail_after(within):
                await asyncio.shield(self._load(source))
        except ConnectorError as error:
            raise _unavailable(f"could not be read ({error.code})", source) from None
        except TimeoutError:
            raise _unavailable("was not read in time", source) from None
        finally:
            self._waiting[source] -= 1

    def start(self) -> None:
        """Read all of them in the background, and again when half of their time is over."""
        loop = asyncio.get_running_loop()
        reads = [self._refresh(source) for source in self._seconds if source not in self._spare]
        if self._spare:
            reads.append(self._refresh_spare())
        self._background = [loop.create_task(each, context=Context()) for each in reads]

    async def aclose(self) -> None:
        running = [*self._background, *self._loading.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _load(self, source: str) -> "asyncio.Future[Directory]":
        running = self._loading.get(source)
        if running is not None:
            return running
        failed = self._failed.get(source)
        if failed is not None and self._now() - failed[0] < RETRY_SECONDS:
            raise failed[1]
        # Without the context of the request: the answer is for all, and is no cost of the person who came first.
        task = asyncio.get_running_loop().create_task(self._loaded(source), context=Context())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._loading[source] = task
        return task

    async def _loaded(self, source: str) -> Directory:
        started = self._now()
        try:
            record = await self._read(
                source,
                with_groups=source in self._with_groups,
                is_awaited=lambda: self._waiting.get(source, 0) > 0,
                pace=SPARE_PACE if source in self._spare else 0.0,
            )
            found = await Directory.indexed(record, read_at=started, now=self._now)
        except ConnectorError as error:
            if source not in self._failed:
                log.warning("directory not read", source=source, code=error.code)
            self._failed[source] = (self._now(), error)
            raise
        finally:
            self._loading.pop(source, None)
        if not found.is_whole and source not in self._spare:
            log.warning(
                "directory is larger than is read, or not shown whole; mail addresses link no one", source=source
            )
        self._failed.pop(source, None)
        self._kept[source] = found
        self.on_change(source)
        return found

    async def _refresh(self, source: str) -> None:
        half = self._seconds[source] / 2
        while True:
            try:
                await asyncio.shield(self._load(source))
            except ConnectorError:
                await self._pause(min(half, LEAST_SECONDS))
            else:
                await self._pause(half)

    async def _refresh_spare(self) -> None:
        """One after the other, each when half of its time is over."""
        await self._pause(SPARE_AFTER)
        while True:
            due = {source: self._due_in(source) for source in self._spare}
            for source in sorted(source for source, seconds in due.items() if seconds <= 0):
                with contextlib.suppress(ConnectorError):
                    await asyncio.shield(self._load(source))
            await self._pause(max(LEAST_SECONDS / 2, min(self._due_in(source) for source in self._spare)))

    def _due_in(self, source: str) -> float:
        """Seconds until a directory of `_spare` is to be read; one that could not be read waits for as long."""
        half = self._seconds[source] / 2
        found, failed = self._kept.get(source), self._failed.get(source)
        if failed is not None:
            return failed[0] + half - self._now()
        return 0.0 if found is None else found.read_at + found.took + half - self._now()

    def _good_for(self, source: str, found: Directory) -> float:
        return self._seconds[source] + (found.took if source in self._spare else 0.0)


def _unavailable(what: str, source: str) -> UnavailableError:
    error = UnavailableError(
        f"the directory of this source {what}, so it is not known which account there is whose; try again later"
    )
    return error.at(source, "read directory")

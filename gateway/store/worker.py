"""What works on the database of the journal, in the order in which it is asked.

A short piece of work is done at once, in the event loop: it takes a tenth of a millisecond, and a thread that did it would
wait for the interpreter at each statement. One thread does what may take long: it waits for the disk, for another program
that has the file, and for reads of many rows. What is asked for meanwhile waits, and shares one transaction and one sync
of the disk afterwards. A database in memory has no thread.
"""

import asyncio
import contextlib
import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

import anyio
from msgspec import Struct

from connectors.sdk.errors import GatewayError, GatewayUnavailableError
from gateway.store.checkpoints import Checkpoints

T = TypeVar("T")

# Pieces of work that share a transaction at most: the event loop waits for them.
MOST_TOGETHER = 16
# Milliseconds that the thread waits for another program that has the file.
PATIENCE = 5000

_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class Access(Enum):
    """READ: of a few rows. SCAN: of many. SYNCED: a write that waits until its commit, and all before it, are on the disk."""

    READ = auto()
    SCAN = auto()
    WRITE = auto()
    SYNCED = auto()


class _Work(Generic[T]):
    """One piece of work and what came of it. It leaves transactions to the worker."""

    def __init__(self, run: Callable[[], T], access: Access) -> None:
        self.run = run
        self.access = access
        self.value: T | None = None
        self.error: Exception | None = None

    @property
    def waits_for_disk(self) -> bool:
        return self.access is Access.SYNCED and self.error is None

    def do(self) -> None:
        """Raises what the database or `run` raises."""
        self.value = self.run()

    def result(self) -> T:
        """Raises the error of `do` as the journal's."""
        if isinstance(self.error, sqlite3.Error):
            raise GatewayUnavailableError(f"the journal of writes cannot be used: {self.error}") from self.error
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class _Asked(Generic[T]):
    """Work that a coroutine of `loop` waits for."""

    def __init__(self, work: _Work[T]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        # Where nothing waits any more, its failure was noted by the database alone.
        self.future.add_done_callback(lambda future: future.cancelled() or future.exception())

    def tell(self) -> None:
        """In the loop."""
        if self.future.done():
            return
        try:
            self.future.set_result(self.work.result())
        except Exception as error:  # noqa: BLE001 it is raised where the result is awaited
            self.future.set_exception(error)


class Worker:
    """`path` and `checkpoints` None: the database is in memory. The caller closes the worker before the database."""

    def __init__(self, db: sqlite3.Connection, path: Path | None, checkpoints: Checkpoints | None) -> None:
        self._database = _Database(db, path, checkpoints)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # Work that was not begun: it is not urgent and the event loop has not turned yet, or the thread has the database.
        self._waiting: deque[_Asked[Any]] = deque()
        self._job: _Job | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False
        if path is not None:
            self._thread = threading.Thread(
                target=_serve, args=(self._jobs, self._database), name="journal", daemon=True
            )
            self._thread.start()
            weakref.finalize(self, self._jobs.put, None)

    def begin(self, run: Callable[[], T], access: Access) -> "asyncio.Future[T]":
        """As `do`, for work that nothing waits for now: it is done with what is asked for next in this turn of the event loop.

        What is begun later is done later. The future raises GatewayError.
        """
        asked = _Asked(_Work(run, access))
        if self._thread is None and not self._is_closed:
            self._database.do([asked.work])
            asked.tell()
            return asked.future
        is_first = not self._waiting
        self._append(asked)
        if is_first and self._waiting:
            asked.loop.call_soon(self._go_on)
        return asked.future

    async def do(self, run: Callable[[], T], access: Access) -> T:
        """The result. What has begun is waited for also by a cancelled task. Raises GatewayError."""
        work = _Work(run, access)
        if self._thread is None and not self._is_closed:
            self._database.do([work])
            return work.result()
        await anyio.lowlevel.checkpoint_if_cancelled()
        if self._can_do_at_once(access) and self._database.do([work], is_patient=False):
            return work.result()
        asked = _Asked(work)
        self._append(asked)
        self._go_on()
        future = asked.future
        if not future.done():
            with anyio.CancelScope(shield=True):
                await asyncio.wait([future])
        return future.result()

    def _append(self, asked: "_Asked[Any]") -> None:
        if self._is_closed:
            asked.future.set_exception(GatewayUnavailableError("the journal of writes is closed"))
        else:
            self._waiting.append(asked)

    def _can_do_at_once(self, access: Access) -> bool:
        """Nothing is before it, and it waits for nothing."""
        is_short = access is Access.READ or access is Access.WRITE
        return is_short and not (self._waiting or self._job or self._is_closed or self._database.is_slow)

    def close(self) -> None:
        """When the work is done that was begun before."""
        self._is_closed = True
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
        while self._waiting:
            together = self._taken()
            self._database.do_long([asked.work for asked in together])
            _tell(together, None)
        self._database.close()

    def _go_on(self) -> None:
        """Does what waits, unless the thread has the database."""
        if self._job is not None and self._job.is_left:
            self._job = None
        while self._waiting and self._job is None and not self._is_closed:
            together = self._taken()
            if together[0].work.access is Access.SCAN or self._database.is_slow:
                self._hand_over(together, is_done=False)
                return
            done = self._database.do([asked.work for asked in together], is_patient=False)
            if done < len(together):
                # Another program has the file.
                self._waiting.extendleft(reversed(together[done:]))
                self._database.is_slow = True
            synced = [asked for asked in together[:done] if asked.work.waits_for_disk]
            _tell([asked for asked in together[:done] if not asked.work.waits_for_disk], None)
            if synced:
                self._hand_over(synced, is_done=True)

    def _taken(self) -> list["_Asked[Any]"]:
        """The next pieces of work that are done together. A scan is done alone."""
        together = [self._waiting.popleft()]
        while self._waiting and len(together) < MOST_TOGETHER:
            if Access.SCAN in {together[0].work.access, self._waiting[0].work.access}:
                break
            together.append(self._waiting.popleft())
        return together

    def _hand_over(self, together: list["_Asked[Any]"], *, is_done: bool) -> None:
        """`is_done`: it only waits for the disk."""
        self._job = _Job(together, is_done, together[-1].loop, self._came_back, self._was_left)
        self._jobs.put(self._job)

    def _was_left(self) -> None:
        """In the thread."""
        for asked in tuple(self._waiting)[:1]:
            with contextlib.suppress(RuntimeError):
                asked.loop.call_soon_threadsafe(self._go_on)

    def _came_back(self, job: "_Job") -> None:
        if self._job is job:
            self._job = None
        _tell(job.together, job.loop)
        self._go_on()


class _Job(Struct, eq=False):
    """What the thread does."""

    together: list[_Asked[Any]]
    is_done: bool
    loop: asyncio.AbstractEventLoop
    came_back: Callable[["_Job"], None]
    was_left: Callable[[], None]
    has_ended: bool = False

    @property
    def is_left(self) -> bool:
        """The thread has ended it, and its event loop is closed."""
        return self.has_ended and self.loop.is_closed()


class _Database:
    """`is_slow`: the next work may take long."""

    def __init__(self, db: sqlite3.Connection, path: Path | None, checkpoints: Checkpoints | None) -> None:
        self._db = db
        self._checkpoints = checkpoints
        self.patience = PATIENCE
        self._must_wait = False
        self._log: int | None = None
        if path is not None:
            db.execute("PRAGMA busy_timeout=0")
            self._log = os.open(path.with_name(f"{path.name}-wal"), os.O_RDONLY)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                # The name of the log, too, must outlast a power failure.
                os.fsync(folder)
            finally:
                os.close(folder)

    @property
    def is_slow(self) -> bool:
        return self._must_wait or (self._checkpoints is not None and self._checkpoints.has_ended)

    @is_slow.setter
    def is_slow(self, value: bool) -> None:
        self._must_wait = value

    def close(self) -> None:
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def do(self, works: Sequence[_Work[Any]], *, is_patient: bool = True) -> int:
        """In their order; writes that follow each other in one transaction. The number of those that were done.

        All, if `is_patient`; else those before the first that would have to wait for another program.
        """
        done = 0
        while done < len(works):
            end = done + 1
            if works[done].access in {Access.WRITE, Access.SYNCED}:
                while end < len(works) and works[end].access in {Access.WRITE, Access.SYNCED}:
                    end += 1
                is_tried = self._write(works[done:end], is_patient=is_patient)
            else:
                is_tried = _read(works[done], is_patient=is_patient)
            if not is_tried:
                break
            done = end
        return done

    def do_long(self, works: Sequence[_Work[Any]]) -> None:
        """With all the time that it takes, and until it is on the disk."""
        self._must_wait = False
        if self._checkpoints is not None:
            self._checkpoints.finish(self._db)
        self._db.execute(f"PRAGMA busy_timeout={self.patience}")
        try:
            self.do(works)
        finally:
            self._db.execute("PRAGMA busy_timeout=0")
        self.sync([work for work in works if work.waits_for_disk])

    def sync(self, works: Sequence[_Work[Any]]) -> None:
        """Until the commits of these, and all before them, are on the disk."""
        if not works or self._log is None:
            return
        try:
            _sync(self._log)
        except OSError as error:
            for work in works:
                work.error = GatewayUnavailableError(f"the journal of writes is not on the disk: {error}")
                work.error.__cause__ = error
        if self._checkpoints is not None:
            self._checkpoints.note_commit()

    def _write(self, works: Sequence[_Work[Any]], *, is_patient: bool) -> bool:
        """All in one transaction. What fails by itself is taken back by itself; a failed commit is the failure of all.

        False, and nothing is done, if another program has the file.
        """
        try:
            try:
                self._in_transaction(_do_all, works)
            except (sqlite3.Error, GatewayError) as error:
                if len(works) == 1 or _is_busy(error):
                    raise
                # One of them has failed, which is rare: once more, so that it takes nothing of the others back.
                self._in_transaction(self._do_each, works)
        except (sqlite3.Error, GatewayError) as error:
            if not is_patient and _is_busy(error):
                return False
            for work in works:
                work.error = error
        return True

    def _in_transaction(self, do: "Callable[[Sequence[_Work[Any]]], None]", works: Sequence[_Work[Any]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            do(works)
            self._db.commit()
        except BaseException:
            self._db.rollback()
            raise

    def _do_each(self, works: Sequence[_Work[Any]]) -> None:
        """Each within its own part of the transaction."""
        for work in works:
            self._db.execute("SAVEPOINT one")
            try:
                work.do()
            except (sqlite3.Error, GatewayError) as error:
                if not self._db.in_transaction:
                    # The database has given up the whole transaction: a full disk, for example.
                    raise
                self._db.execute("ROLLBACK TO one")
                work.error = error
            self._db.execute("RELEASE one")


def _do_all(works: Sequence[_Work[Any]]) -> None:
    for work in works:
        work.do()


def _read(work: _Work[Any], *, is_patient: bool) -> bool:
    try:
        work.do()
    except (sqlite3.Error, GatewayError) as error:
        if not is_patient and _is_busy(error):
            return False
        work.error = error
    return True


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _serve(jobs: "SimpleQueue[_Job | None]", database: _Database) -> None:
    """Until None comes."""
    while (job := jobs.get()) is not None:
        works = [asked.work for asked in job.together]
        try:
            if job.is_done:
                database.sync(works)
            else:
                database.do_long(works)
        except BaseException as error:  # noqa: BLE001 the thread goes on; the works tell of it
            for work in works:
                work.error = work.error or GatewayUnavailableError(f"the journal failed: {error!r}")
        job.has_ended = True
        try:
            job.loop.call_soon_threadsafe(job.came_back, job)
        except RuntimeError:
            # The loop is closed: nothing waits there any more, but perhaps in another one.
            job.was_left()


def _tell(together: Sequence[_Asked[Any]], loop: asyncio.AbstractEventLoop | None) -> None:
    """Each in its event loop; `loop` is the one that runs here."""
    running = loop
    if running is None:
        with contextlib.suppress(RuntimeError):
            running = asyncio.get_running_loop()
    for asked in together:
        if asked.loop is running:
            asked.tell()
        else:
            with contextlib.suppress(RuntimeError):
                asked.loop.call_soon_threadsafe(asked.tell)

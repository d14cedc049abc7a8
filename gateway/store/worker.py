"""What works on the database of the journal: one thread, in the order in which it is asked.

Writes that wait at the same time share one transaction, so that they wait for the disk once. A database in memory has no
thread: its work is done at once.
"""

import asyncio
import sqlite3
import threading
import weakref
from collections.abc import Callable, Sequence
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

import anyio

from connectors.sdk.errors import GatewayError, GatewayUnavailableError
from gateway.store.checkpoints import Checkpoints

T = TypeVar("T")

# Pieces of work that share a transaction at most: the first of them waits for the last.
MOST_TOGETHER = 64


class Access(Enum):
    """SYNCED: a write that waits until its commit, and all before it, are on the disk."""

    READ = auto()
    WRITE = auto()
    SYNCED = auto()


class _Work(Generic[T]):
    """One piece of work and what came of it. It leaves transactions to the worker."""

    def __init__(self, run: Callable[[], T], access: Access) -> None:
        self.run = run
        self.access = access
        self.value: T | None = None
        self.error: Exception | None = None

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
    """`checkpoints` None: the database is in memory. The caller closes the worker before the database."""

    def __init__(self, db: sqlite3.Connection, checkpoints: Checkpoints | None) -> None:
        self._database = _Database(db, checkpoints)
        self._queue: SimpleQueue[list[_Asked[Any]] | None] = SimpleQueue()
        # Work that is not urgent, until the event loop turns or other work comes.
        self._held: list[_Asked[Any]] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False
        if checkpoints is not None:
            self._thread = threading.Thread(
                target=_serve, args=(self._queue, self._database), name="journal", daemon=True
            )
            self._thread.start()
            weakref.finalize(self, self._queue.put, None)

    def begin(self, run: Callable[[], T], access: Access) -> "asyncio.Future[T]":
        """As `do`, for work that nothing waits for now: it is done with what is asked for next in this turn of the event loop.

        What is begun later is done later. The future raises GatewayError.
        """
        asked = _Asked(_Work(run, access))
        if self._is_closed:
            asked.future.set_exception(GatewayUnavailableError("the journal of writes is closed"))
        elif self._thread is None:
            self._database.do([asked.work])
            asked.tell()
        else:
            if not self._held:
                asked.loop.call_soon(self._pass_on)
            self._held.append(asked)
        return asked.future

    async def do(self, run: Callable[[], T], access: Access) -> T:
        """The result. What has begun is waited for also by a cancelled task. Raises GatewayError."""
        if self._thread is None and not self._is_closed:
            work = _Work(run, access)
            self._database.do([work])
            return work.result()
        await anyio.lowlevel.checkpoint_if_cancelled()
        future = self.begin(run, access)
        self._pass_on()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([future])
        return future.result()

    def close(self) -> None:
        """When the work is done that was begun before."""
        self._is_closed = True
        self._pass_on()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _pass_on(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._queue.put(held)


class _Database:
    def __init__(self, db: sqlite3.Connection, checkpoints: Checkpoints | None) -> None:
        self._db = db
        self._checkpoints = checkpoints

    def do(self, works: Sequence[_Work[Any]]) -> None:
        """In their order; writes that follow each other in one transaction."""
        writes: list[_Work[Any]] = []
        for work in works:
            if work.access is Access.READ:
                self._write(writes)
                writes = []
                _tried(work)
            else:
                writes.append(work)
        self._write(writes)

    def _write(self, works: Sequence[_Work[Any]]) -> None:
        """All in one transaction. What fails by itself is taken back by itself; a failed commit is the failure of all."""
        if not works:
            return
        is_synced = self._checkpoints is not None and any(work.access is Access.SYNCED for work in works)
        try:
            if is_synced:
                self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._do_each(works)
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise
        except (sqlite3.Error, GatewayError) as error:
            for work in works:
                work.error = error
        finally:
            if is_synced and self._checkpoints is not None:
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._checkpoints.note_commit()

    def _do_each(self, works: Sequence[_Work[Any]]) -> None:
        if len(works) == 1:
            works[0].do()
            return
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


def _tried(work: _Work[Any]) -> None:
    try:
        work.do()
    except (sqlite3.Error, GatewayError) as error:
        work.error = error


def _serve(queue: "SimpleQueue[list[_Asked[Any]] | None]", database: _Database) -> None:
    """Until None comes."""
    while (first := queue.get()) is not None:
        together, is_last = first, False
        while len(together) < MOST_TOGETHER and not is_last:
            try:
                more = queue.get_nowait()
            except Empty:
                break
            if more is None:
                is_last = True
            else:
                together.extend(more)
        try:
            database.do([asked.work for asked in together])
        except BaseException as error:  # noqa: BLE001 the thread goes on; the works tell of it
            for asked in together:
                asked.work.error = asked.work.error or GatewayUnavailableError(f"the journal failed: {error!r}")
        _tell(together)
        if is_last:
            return


def _tell(together: Sequence[_Asked[Any]]) -> None:
    """Wakes each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Asked[Any]]] = {}
    for asked in together:
        by_loop.setdefault(asked.loop, []).append(asked)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, told)
        except RuntimeError:
            # The loop is closed: nothing waits any more.
            continue


def _tell_all(told: Sequence[_Asked[Any]]) -> None:
    for asked in told:
        asked.tell()

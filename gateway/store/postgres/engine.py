"""Threads that work on the database, each with a connection of its own.

One piece of work is one transaction. It is tried a second time, on a new connection, where the first one broke before the
commit was asked for: the engine has forgotten that transaction. While the engine is away, work is refused at once: one
attempt to connect in AWAY_SECONDS finds out whether it is back.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import anyio
import psycopg

from connectors.sdk.errors import GatewayError, GatewayUnavailableError

T = TypeVar("T")
Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

THREADS = 4
# Seconds for a connection, at least two in libpq. Milliseconds for a statement, for a lock, and for the network to take bytes.
CONNECT_SECONDS = 2
STATEMENT_MS = 5_000
AWAY_SECONDS = 1.0
# Characters of what the engine says that are passed on.
_LONGEST = 200


class CommitLostError(GatewayUnavailableError):
    """The connection broke while the engine committed: the work may be done."""


def connect(url: str) -> Connection:
    """Raises psycopg.Error. Statements use the schema `taskgate`; none may take longer than STATEMENT_MS."""
    try:
        return psycopg.connect(
            url,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=STATEMENT_MS,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            application_name="taskgate",
            options=f"-c search_path=taskgate -c statement_timeout={STATEMENT_MS} -c lock_timeout={STATEMENT_MS}"
            f" -c idle_in_transaction_session_timeout={2 * STATEMENT_MS} -c default_transaction_isolation=read\\ committed"
            " -c synchronous_commit=on",
        )
    except psycopg.ProgrammingError as error:
        # It quotes the address, and so the password.
        raise psycopg.OperationalError("the address in [store] url is not one of a PostgreSQL database") from error


def reason(error: psycopg.Error) -> str:
    """What the engine or its library says, in one line, without the values of rows."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split())[:_LONGEST]


class Engine:
    """`trouble`: why the last piece of work could not be done; None if it could."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.trouble: str | None = None
        self._url = url
        self._monotonic = monotonic
        self._away_until = float("-inf")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: set[Connection] = set()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="journal")
        self._is_closed = False

    async def do(self, work: Callable[[Connection], T]) -> T:
        """In a thread, as `call`. What has begun is waited for also by a cancelled task. Raises GatewayError."""
        await anyio.lowlevel.checkpoint_if_cancelled()
        future = asyncio.wrap_future(self.begin(work))
        # Where nothing waits any more its failure is not told.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        with anyio.CancelScope(shield=True):
            await asyncio.wait([future])
        return future.result()

    def begin(self, work: Callable[[Connection], T]) -> "Future[T]":
        """As `call`, in a thread. The future raises GatewayError."""
        try:
            return self._threads.submit(self.call, work)
        except RuntimeError:
            refused: Future[T] = Future()
            refused.set_exception(GatewayUnavailableError("the journal of writes is closed"))
            return refused

    def call(self, work: Callable[[Connection], T], *, tries_anyway: bool = False) -> T:
        """The result of a transaction, in this thread. Raises GatewayError; CommitLostError where it may be done all the same.

        `tries_anyway`: also if the engine was away a moment ago.
        """
        if self._is_closed:
            raise GatewayUnavailableError("the journal of writes is closed")
        if not tries_anyway and self._monotonic() < self._away_until:
            raise GatewayUnavailableError(f"the journal of writes is away: {self.trouble}")
        try:
            done = self._tried(work)
        except (psycopg.Error, UnicodeError) as error:
            self.trouble = reason(error) if isinstance(error, psycopg.Error) else "a text cannot be stored"
            raise GatewayUnavailableError(f"the journal of writes cannot be used: {self.trouble}") from error
        except CommitLostError as error:
            self.trouble = error.message
            raise
        self.trouble = None
        return done

    def close(self) -> None:
        """When the work is done that was begun before."""
        self._threads.shutdown(wait=True)
        self._is_closed = True
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()

    def _tried(self, work: Callable[[Connection], T]) -> T:
        kept: Connection | None = getattr(self._own, "connection", None)
        if kept is not None:
            try:
                return self._done(kept, work)
            except psycopg.Error:
                # Still there: the work itself was refused.
                if not kept.closed and not kept.broken:
                    raise
        return self._done(self._connected(), work)

    def _connected(self) -> Connection:
        try:
            connection = connect(self._url)
        except psycopg.Error:
            self._away_until = self._monotonic() + AWAY_SECONDS
            raise
        with self._lock:
            self._all.add(connection)
        self._own.connection = connection
        self._away_until = float("-inf")
        return connection

    def _done(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        try:
            try:
                value = work(connection)
            except (psycopg.Error, UnicodeError, GatewayError):
                if not connection.closed:
                    connection.rollback()
                raise
            try:
                connection.commit()
            except psycopg.Error as error:
                if connection.closed or connection.broken:
                    raise CommitLostError(f"the journal of writes went away: {reason(error)}") from error
                raise
            return value
        finally:
            if connection.closed or connection.broken:
                self._left(connection)

    def _left(self, connection: Connection) -> None:
        connection.close()
        with self._lock:
            self._all.discard(connection)
        self._own.connection = None

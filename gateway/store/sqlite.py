"""The journal of writes in a SQLite file: WAL mode, full synchronisation, one connection, worker threads."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
import msgspec
from msgspec import Struct

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store.migrations import migrate
from gateway.store.port import KEPT_SECONDS, EndedTask, Record, Stage
from schema.ports import Operation, Target, WriteResult

T = TypeVar("T")


class SqliteJournal:
    """Implements `gateway.store.Journal`."""

    def __init__(
        self, path: Path | None, *, keep_ended: float = KEPT_SECONDS, now: Callable[[], float] = time.time
    ) -> None:
        """`path` None keeps the journal in memory, for tests. `now` is in seconds since the epoch.

        `keep_ended`: seconds for which ended tasks are kept.
        Raises GatewayUnavailableError if the file cannot be opened. The caller closes the journal with `close`.
        """
        self._now = now
        self._keep_ended = keep_ended
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            migrate(self._db)
            self._forget_old()
            self._db.commit()
        except sqlite3.Error as error:
            raise GatewayUnavailableError(f"the journal of writes cannot be opened: {error}") from error

    async def admit(
        self,
        *,
        operation_id: str,
        person: str,
        client_key: str | None,
        fingerprint: str,
        source: str,
        target: Target,
        action: TaskAction,
    ) -> Record | None:
        native_id = target.native_id if isinstance(target, TaskRef | FlowRef) else ""
        kind = type(target).__name__

        def insert() -> Record | None:
            row = (
                operation_id,
                person,
                client_key,
                fingerprint,
                source,
                native_id,
                kind,
                action.value,
                Stage.ADMITTED,
                self._now(),
            )
            with self._lock, self._db:
                self._forget_old()
                added = self._db.execute(
                    "INSERT INTO operation (id, person, client_key, fingerprint, source, target, kind, action, stage,"
                    " requested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, client_key) DO NOTHING",
                    row,
                )
                if added.rowcount == 1:
                    return None
                found = self._db.execute(
                    "SELECT id, fingerprint, stage, result FROM operation WHERE person = ? AND client_key = ?",
                    (person, client_key),
                ).fetchone()
            return Record(
                operation_id=found[0],
                fingerprint=found[1],
                stage=Stage(found[2]),
                result=_decoded(found[3], WriteResult),
            )

        return await self._run(insert)

    async def mark_sent(self, operation_id: str) -> None:
        await self._update("UPDATE operation SET stage = ? WHERE id = ?", (Stage.SENT, operation_id))

    async def settle(self, operation_id: str, result: WriteResult, *, ended: EndedTask | None = None) -> None:
        packed = msgspec.msgpack.encode(_without_payload(result))
        settled = None if result.status in {MutationStatus.UNKNOWN, MutationStatus.PENDING} else self._now()
        values = (Stage.SETTLED, settled, packed, operation_id)

        def update() -> None:
            with self._lock, self._db:
                changed = self._db.execute(
                    "UPDATE operation SET stage = ?, settled_at = ?, result = ? WHERE id = ?", values
                )
                if ended is not None and changed.rowcount == 1:
                    record = (operation_id, ended.at.timestamp(), msgspec.msgpack.encode(ended))
                    self._db.execute(
                        "INSERT OR REPLACE INTO ended_task (operation_id, at, record) VALUES (?, ?, ?)", record
                    )

        await self._run(update)

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        def select() -> list[EndedTask]:
            since = self._now() - self._keep_ended
            with self._lock, self._db:
                rows = self._db.execute(
                    "SELECT record FROM ended_task WHERE at >= ? ORDER BY at DESC, rowid DESC LIMIT ?", (since, most)
                ).fetchall()
            return [ended for (packed,) in reversed(rows) if (ended := _decoded(packed, EndedTask)) is not None]

        return await self._run(select)

    async def withdraw(self, operation_id: str) -> None:
        await self._update("DELETE FROM operation WHERE id = ?", (operation_id,))

    async def find(self, operation_id: str) -> Operation | None:
        return await self._run(lambda: self._one(f"{_SELECT} WHERE id = ?", (operation_id,)))

    async def last(self, target: TaskRef) -> Operation | None:
        where = "WHERE source = ? AND target = ? AND kind = ? ORDER BY requested_at DESC, rowid DESC LIMIT 1"
        values = (target.source, target.native_id, type(target).__name__)
        return await self._run(lambda: self._one(f"{_SELECT} {where}", values))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _forget_old(self) -> None:
        now = self._now()
        self._db.execute("DELETE FROM operation WHERE requested_at < ?", (now - KEPT_SECONDS,))
        self._db.execute("DELETE FROM ended_task WHERE at < ?", (now - self._keep_ended,))

    def _one(self, statement: str, values: tuple[str, ...]) -> Operation | None:
        with self._lock, self._db:
            row = self._db.execute(statement, values).fetchone()
        return None if row is None else _operation(row)

    async def _update(self, statement: str, values: tuple[str | bytes | float | None, ...]) -> None:
        def update() -> None:
            with self._lock, self._db:
                self._db.execute(statement, values)

        await self._run(update)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work)
        except sqlite3.Error as error:
            raise GatewayUnavailableError(f"the journal of writes cannot be used: {error}") from error


_SELECT = "SELECT id, action, person, stage, requested_at, settled_at, source, target, kind, result FROM operation"


class _Outcome(Struct, frozen=True):
    """What every version records of a result."""

    status: MutationStatus = MutationStatus.UNKNOWN


def _operation(row: tuple[Any, ...]) -> Operation:
    operation_id, action, person, stage, requested_at, settled_at, source, target, kind, packed = row
    result = _decoded(packed, WriteResult)
    made_task = None if result is None or result.task is None else result.task.ref
    made_flow = None if result is None or result.flow is None else result.flow.ref
    return Operation(
        operation_id=operation_id,
        action=TaskAction(action),
        person=person,
        status=MutationStatus.PENDING if packed is None else (_decoded(packed, _Outcome) or _Outcome()).status,
        attempts=0 if stage == Stage.ADMITTED else 1,
        requested_at=datetime.fromtimestamp(requested_at, UTC),
        settled_at=None if settled_at is None else datetime.fromtimestamp(settled_at, UTC),
        task=TaskRef(source, target) if kind == TaskRef.__name__ else made_task,
        flow=FlowRef(source, target) if kind == FlowRef.__name__ else made_flow,
        problems=() if result is None else result.problems,
    )


def _decoded(packed: bytes | None, kind: type[T]) -> T | None:
    """None for a record that another version of taskgate wrote in a form that cannot be read here."""
    if packed is None:
        return None
    try:
        return msgspec.msgpack.decode(packed, type=kind)
    except msgspec.MsgspecError:
        return None


def _without_payload(result: WriteResult) -> WriteResult:
    task = None if result.task is None else msgspec.structs.replace(result.task, payload=None)
    flow = None if result.flow is None else msgspec.structs.replace(result.flow, payload=None)
    return msgspec.structs.replace(result, task=task, flow=flow)

"""The journal of writes in a SQLite file: WAL mode, full synchronisation, one connection, worker threads."""

import contextlib
import os
import sqlite3
import stat
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
from gateway.store.port import KEPT_SECONDS, EndedTask, OpenWrite, Record, Stage
from schema.ports import Operation, Problem, SourceRef, Target, WriteResult

T = TypeVar("T")


class SqliteJournal:
    """Implements `gateway.store.Journal`."""

    def __init__(
        self,
        path: Path | None,
        *,
        keep_ended: float = KEPT_SECONDS,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`path` None keeps the journal in memory, for tests. `now` is in seconds since the epoch.

        `keep_ended`: seconds for which ended tasks are kept.
        Raises GatewayUnavailableError if the file cannot be opened. The caller closes the journal with `close`.
        """
        self._now = now
        self._monotonic = monotonic
        self._keep_ended = keep_ended
        self._lock = threading.Lock()
        try:
            if path is not None:
                _make_private(path)
            self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            migrate(self._db)
            (ran,) = self._db.execute("SELECT max(ran) FROM operation").fetchone()
            self._started_at = monotonic() - (ran or 0.0)
            self._forget_old()
            self._db.commit()
        except (sqlite3.Error, OSError) as error:
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
                self._ran(),
            )
            with self._lock, self._db:
                self._forget_old()
                added = self._db.execute(
                    "INSERT INTO operation (id, person, client_key, fingerprint, source, target, kind, action, stage,"
                    " requested_at, ran) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, client_key) DO NOTHING",
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
        def update() -> None:
            with self._lock, self._db:
                self._db.execute(
                    "UPDATE operation SET stage = ?, sent_at = ? WHERE id = ? AND stage <> ?",
                    (Stage.SENT, self._now(), operation_id, Stage.SETTLED),
                )
                row = self._db.execute("SELECT stage FROM operation WHERE id = ?", (operation_id,)).fetchone()
            if row is not None and row[0] == Stage.SETTLED:
                raise GatewayUnavailableError("the write was given up before it was sent; send it again")

        await self._run(update)

    async def settle(
        self,
        operation_id: str,
        result: WriteResult,
        *,
        ended: EndedTask | None = None,
        frees_key: bool = False,
        only_open: bool = False,
    ) -> None:
        packed = _packed(result)
        settled = None if result.status in {MutationStatus.UNKNOWN, MutationStatus.PENDING} else self._now()
        values = (Stage.SETTLED, settled, packed, frees_key, frees_key, operation_id, only_open, Stage.SETTLED)

        def update() -> None:
            with self._lock, self._db:
                changed = self._db.execute(
                    "UPDATE operation SET stage = ?, settled_at = ?, result = ?, freed = ?,"
                    " client_key = CASE WHEN ? THEN NULL ELSE client_key END"
                    " WHERE id = ? AND NOT (? AND stage = ?)",
                    values,
                )
                if ended is not None and changed.rowcount == 1:
                    record = (operation_id, ended.at.timestamp(), msgspec.msgpack.encode(ended))
                    self._db.execute(
                        "INSERT OR REPLACE INTO ended_task (operation_id, at, record) VALUES (?, ?, ?)", record
                    )

        await self._run(update)

    async def open_writes(self) -> Sequence[OpenWrite]:
        def select() -> list[OpenWrite]:
            with self._lock, self._db:
                rows = self._db.execute(
                    "SELECT id, person, stage, action, source, target, kind FROM operation WHERE stage <> ?"
                    " ORDER BY requested_at, rowid",
                    (Stage.SETTLED,),
                ).fetchall()
            return [_open_write(row) for row in rows]

        return await self._run(select)

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        def select() -> list[EndedTask]:
            since = self._now() - self._keep_ended
            with self._lock, self._db:
                rows = self._db.execute(
                    "SELECT record FROM ended_task WHERE at >= ? ORDER BY at DESC, rowid DESC LIMIT ?", (since, most)
                ).fetchall()
            return [ended for (packed,) in reversed(rows) if (ended := _decoded(packed, EndedTask)) is not None]

        return await self._run(select)

    async def find(self, operation_id: str) -> Operation | None:
        return await self._run(lambda: self._one(f"{_SELECT} WHERE id = ?", (operation_id,)))

    async def last(self, target: TaskRef) -> Operation | None:
        where = (
            "WHERE source = ? AND target = ? AND kind = ? AND NOT freed ORDER BY requested_at DESC, rowid DESC LIMIT 1"
        )
        values = (target.source, target.native_id, type(target).__name__)
        return await self._run(lambda: self._one(f"{_SELECT} {where}", values))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _ran(self) -> float:
        """Seconds that gateways have run over this file. Unlike the clock of the machine, it cannot jump ahead."""
        return self._monotonic() - self._started_at

    def _forget_old(self) -> None:
        now = self._now()
        self._db.execute(
            "DELETE FROM operation WHERE settled_at IS NOT NULL AND requested_at < ? AND ran < ?",
            (now - KEPT_SECONDS, self._ran() - KEPT_SECONDS),
        )
        self._db.execute("DELETE FROM ended_task WHERE at < ?", (now - self._keep_ended,))

    def _one(self, statement: str, values: tuple[str, ...]) -> Operation | None:
        with self._lock, self._db:
            row = self._db.execute(statement, values).fetchone()
        return None if row is None else _operation(row)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work)
        except sqlite3.Error as error:
            raise GatewayUnavailableError(f"the journal of writes cannot be used: {error}") from error


_SELECT = "SELECT id, action, person, sent_at, requested_at, settled_at, source, target, kind, result FROM operation"

_UNREADABLE = Problem(
    code="UPSTREAM_ERROR",
    message="another version of taskgate recorded this write; its result cannot be read here. Look at the source.",
)


class _Outcome(Struct, frozen=True):
    """What every version records of a result."""

    status: MutationStatus = MutationStatus.UNKNOWN


def _make_private(path: Path) -> None:
    """The file names people and holds results: only its owner may read and write it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with contextlib.suppress(PermissionError):  # the file of another user, who lets us write it
            path.chmod(0o600)


def _operation(row: tuple[Any, ...]) -> Operation:
    operation_id, action, person, sent_at, requested_at, settled_at, source, target, kind, packed = row
    result = _decoded(packed, WriteResult)
    made_task = None if result is None or result.task is None else result.task.ref
    made_flow = None if result is None or result.flow is None else result.flow.ref
    problems = () if result is None else result.problems
    return Operation(
        operation_id=operation_id,
        action=_known_action(action),
        person=person,
        status=MutationStatus.PENDING if packed is None else (_decoded(packed, _Outcome) or _Outcome()).status,
        attempts=0 if sent_at is None else 1,
        requested_at=datetime.fromtimestamp(requested_at, UTC),
        settled_at=None if settled_at is None else datetime.fromtimestamp(settled_at, UTC),
        task=TaskRef(source, target) if kind == TaskRef.__name__ else made_task,
        flow=FlowRef(source, target) if kind == FlowRef.__name__ else made_flow,
        problems=problems if result is not None or packed is None else (_UNREADABLE,),
    )


def _known_action(action: str) -> TaskAction:
    try:
        return TaskAction(action)
    except ValueError as error:
        raise GatewayUnavailableError(
            f"another version of taskgate recorded this write; its action {action} is not known here"
        ) from error


def _open_write(row: tuple[Any, ...]) -> OpenWrite:
    operation_id, person, stage, action, source, target, kind = row
    kinds: dict[str, type[TaskRef | FlowRef]] = {TaskRef.__name__: TaskRef, FlowRef.__name__: FlowRef}
    ref = kinds.get(kind)
    return OpenWrite(
        operation_id=operation_id,
        person=person,
        stage=Stage(stage),
        action=TaskAction(action) if action in set(TaskAction) else None,
        target=SourceRef(source) if ref is None else ref(source, target),
    )


def _packed(result: WriteResult) -> bytes:
    """Without payloads; without the task and the flow if they hold a value that cannot be stored."""
    task = None if result.task is None else msgspec.structs.replace(result.task, payload=None)
    flow = None if result.flow is None else msgspec.structs.replace(result.flow, payload=None)
    try:
        return msgspec.msgpack.encode(msgspec.structs.replace(result, task=task, flow=flow))
    except (TypeError, ValueError, OverflowError):
        return msgspec.msgpack.encode(msgspec.structs.replace(result, task=None, flow=None))


def _decoded(packed: bytes | None, kind: type[T]) -> T | None:
    """None for a record that another version of taskgate wrote in a form that cannot be read here."""
    if packed is None:
        return None
    try:
        return msgspec.msgpack.decode(packed, type=kind)
    except msgspec.MsgspecError:
        return None

"""The journal of writes in a SQLite file: WAL mode, full synchronisation, one connection, worker threads."""

import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio
import msgspec

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import TaskRef
from gateway.store.evidence import Evidence
from gateway.store.migrations import migrate
from gateway.store.port import KEPT_SECONDS, EndedTask, OpenWrite, Record, Stage, Step
from gateway.store.rows import (
    OPEN_WRITE,
    OPERATION,
    STEP,
    decoded,
    open_write_of,
    operation_of,
    packed,
    step_of,
    target_columns,
)
from schema.ports import Operation, Target, WriteResult

T = TypeVar("T")

# Statuses that may become known later.
_OPEN = frozenset({MutationStatus.UNKNOWN, MutationStatus.PENDING})


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
            self._db.execute("PRAGMA foreign_keys=ON")
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
        _, native_id, kind = target_columns(target)

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
                    "SELECT id, fingerprint, stage, result, settled_at FROM operation WHERE person = ? AND client_key = ?",
                    (person, client_key),
                ).fetchone()
            return Record(
                operation_id=found[0],
                fingerprint=found[1],
                stage=Stage(found[2]),
                result=decoded(found[3], WriteResult),
                is_final=found[4] is not None,
            )

        return await self._run(insert)

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        kept = None if evidence is None else msgspec.msgpack.encode(evidence)
        command = "" if evidence is None else evidence.command

        def update() -> int:
            with self._lock, self._db:
                now = self._now()
                self._db.execute(
                    "UPDATE operation SET stage = ?, sent_at = coalesce(sent_at, ?), seen = 1 WHERE id = ? AND stage <> ?",
                    (Stage.SENT, now, operation_id, Stage.SETTLED),
                )
                number = self._db.execute(
                    "INSERT INTO step (operation_id, number, command, evidence, sent_at) SELECT id,"
                    " 1 + (SELECT coalesce(max(number), 0) FROM step WHERE operation_id = id), ?, ?, ?"
                    " FROM operation WHERE id = ? AND stage = ? RETURNING number",
                    (command, kept, now, operation_id, Stage.SENT),
                ).fetchone()
                row = self._db.execute("SELECT stage FROM operation WHERE id = ?", (operation_id,)).fetchone()
            if row is not None and row[0] == Stage.SETTLED:
                raise GatewayUnavailableError("the write was given up before it was sent; send it again")
            return 1 if number is None else int(number[0])

        return await self._run(update)

    async def settle_step(self, operation_id: str, number: int, status: MutationStatus) -> None:
        def update() -> None:
            with self._lock, self._db:
                self._db.execute(
                    "UPDATE step SET status = ?, settled_at = ? WHERE operation_id = ? AND number = ?",
                    (status, None if status in _OPEN else self._now(), operation_id, number),
                )

        await self._run(update)

    async def settle(
        self,
        operation_id: str,
        result: WriteResult,
        *,
        ended: EndedTask | None = None,
        frees_key: bool = False,
        only_open: bool = False,
        only_unsettled: bool = False,
        is_final: bool = False,
        was_seen: bool = True,
    ) -> None:
        kept = packed(result)
        settled = None if result.status in _OPEN and not is_final else self._now()
        values = (
            Stage.SETTLED,
            settled,
            kept,
            frees_key,
            frees_key,
            was_seen,
            operation_id,
            only_open,
            Stage.SETTLED,
            only_unsettled,
        )

        def update() -> None:
            with self._lock, self._db:
                changed = self._db.execute(
                    "UPDATE operation SET stage = ?, settled_at = ?, result = ?, freed = ?,"
                    " client_key = CASE WHEN ? THEN NULL ELSE client_key END, seen = max(seen, ?)"
                    " WHERE id = ? AND NOT (? AND stage = ?) AND NOT (? AND settled_at IS NOT NULL)",
                    values,
                )
                if changed.rowcount != 1:
                    return
                self._db.execute(
                    "UPDATE step SET status = ?, settled_at = ? WHERE operation_id = ? AND settled_at IS NULL",
                    (result.status, settled, operation_id),
                )
                if ended is not None:
                    record = (operation_id, ended.at.timestamp(), msgspec.msgpack.encode(ended))
                    self._db.execute(
                        "INSERT OR REPLACE INTO ended_task (operation_id, at, record) VALUES (?, ?, ?)", record
                    )

        await self._run(update)

    async def open_writes(self) -> Sequence[OpenWrite]:
        return await self._run(
            lambda: self._all(
                open_write_of, f"{OPEN_WRITE} WHERE stage <> ? ORDER BY requested_at, rowid", Stage.SETTLED
            )
        )

    async def open_write(self, operation_id: str) -> OpenWrite | None:
        where = "WHERE id = ? AND stage = ? AND settled_at IS NULL"
        found = await self._run(lambda: self._all(open_write_of, f"{OPEN_WRITE} {where}", operation_id, Stage.SETTLED))
        return found[0] if found else None

    async def unsettled(self) -> Sequence[OpenWrite]:
        where = "WHERE stage = ? AND settled_at IS NULL ORDER BY requested_at, rowid"
        return await self._run(lambda: self._all(open_write_of, f"{OPEN_WRITE} {where}", Stage.SETTLED))

    async def steps(self, operation_id: str) -> Sequence[Step]:
        where = "WHERE operation_id = ? ORDER BY number"
        return await self._run(lambda: self._all(step_of, f"{STEP} {where}", operation_id))

    async def last_applied(self, source: str, commands: Collection[str]) -> tuple[TaskRef, Step] | None:
        marks = ", ".join("?" * len(commands))
        where = f"source = ? AND kind = ? AND step.status = ? AND step.command IN ({marks}) ORDER BY step.sent_at DESC"
        values = (source, TaskRef.__name__, MutationStatus.APPLIED.value, *commands)

        def select() -> tuple[TaskRef, Step] | None:
            statement = f"{STEP.replace('SELECT', 'SELECT target,', 1)} WHERE {where} LIMIT 1"
            with self._lock, self._db:
                row = self._db.execute(statement, values).fetchone()
            return None if row is None else (TaskRef(source, row[0]), step_of(row[1:]))

        return await self._run(select)

    async def steps_to(self, target: Target) -> Sequence[Step]:
        where = "WHERE source = ? AND target = ? AND kind = ? ORDER BY step.sent_at, operation_id, number"
        return await self._run(lambda: self._all(step_of, f"{STEP} {where}", *target_columns(target)))

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        def select() -> list[EndedTask]:
            since = self._now() - self._keep_ended
            with self._lock, self._db:
                rows = self._db.execute(
                    "SELECT record FROM ended_task WHERE at >= ? ORDER BY at DESC, rowid DESC LIMIT ?", (since, most)
                ).fetchall()
            return [ended for (kept,) in reversed(rows) if (ended := decoded(kept, EndedTask)) is not None]

        return await self._run(select)

    async def find(self, operation_id: str) -> Operation | None:
        return await self._run(lambda: self._one(f"{OPERATION} WHERE id = ?", (operation_id,)))

    async def last(self, target: TaskRef) -> Operation | None:
        where = (
            "WHERE source = ? AND target = ? AND kind = ? AND seen AND NOT freed"
            " ORDER BY requested_at DESC, rowid DESC LIMIT 1"
        )
        return await self._run(lambda: self._one(f"{OPERATION} {where}", target_columns(target)))

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
        return None if row is None else operation_of(row)

    def _all(self, record: Callable[[tuple[Any, ...]], T], statement: str, *values: str) -> list[T]:
        with self._lock, self._db:
            return [record(row) for row in self._db.execute(statement, values).fetchall()]

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work)
        except sqlite3.Error as error:
            raise GatewayUnavailableError(f"the journal of writes cannot be used: {error}") from error


def _make_private(path: Path) -> None:
    """The file names people and holds results: only its owner may read and write it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with contextlib.suppress(PermissionError):  # the file of another user, who lets us write it
            path.chmod(0o600)

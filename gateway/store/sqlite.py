"""The journal of writes in a SQLite file: WAL mode, one connection (`worker`).

A commit survives the end of the process. Only `mark_sent` and `note_undo` wait for the disk: their commits survive a
power failure too, with all commits before them, because one sync of the log covers the whole log. The others cost no
sync. What a power failure takes from them is safe to lose: a write that was not sent has done nothing, and one that
was sent is SENT again and is looked up.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Task, TaskRef
from gateway.store import leases
from gateway.store.checkpoints import Checkpoints
from gateway.store.evidence import Evidence
from gateway.store.migrations import migrate
from gateway.store.people import SqlitePeople
from gateway.store.port import KEPT_SECONDS, EndedTask, Lease, OpenWrite, Record, Stage, Step
from gateway.store.presence import Presence
from gateway.store.private_file import make_private
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
from gateway.store.undo import Undo
from gateway.store.worker import Access, Worker
from schema.ports import Operation, Target, WriteResult

T = TypeVar("T")

# Seconds from one deletion of old records to the next.
FORGETS_EVERY = 60.0
# Statuses that may become known later.
_OPEN = frozenset({MutationStatus.UNKNOWN, MutationStatus.PENDING})

# Written out, so that the index of open writes is used.
_IS_OPEN = f"stage <> '{Stage.SETTLED}'"
_RECORD = "SELECT id, fingerprint, stage, result, settled_at, gateway FROM operation"
_BY_KEY = "WHERE person = ? AND client_key = ?"


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
        # What the disk or SQLite said last, until the next write that it takes.
        self.trouble: str | None = None
        self._now = now
        self._monotonic = monotonic
        self._keep_ended = keep_ended
        # When old records were last deleted, by both clocks.
        self._forgot_at: tuple[float, float] | None = None
        self._checkpoints = None if path is None else Checkpoints(path)
        try:
            if path is not None:
                make_private(path)
            self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False)
            # Of a new file. Each change writes whole pages to the log and the disk, and a record has some hundred bytes.
            self._db.execute("PRAGMA page_size=1024")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            # The worker syncs the log where that is asked for: one sync covers all commits before it, as SQLite's own would.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA foreign_keys=ON")
            migrate(self._db)
            (ran,) = self._db.execute("SELECT max(ran) FROM operation").fetchone()
            self._started_at = monotonic() - (ran or 0.0)
            self._forget_old()
            self._db.commit()
            self._presence = Presence(path)
            self._worker = Worker(self._db, path, self._checkpoints)
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
            write = (operation_id, person, client_key, fingerprint, source, native_id, kind, action.value)
            row = (*write, Stage.ADMITTED, self._now(), self._ran(), self._presence.id)
            self._forget_old()
            added = self._db.execute(
                "INSERT INTO operation (id, person, client_key, fingerprint, source, target, kind, action, stage,"
                " requested_at, ran, gateway) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (person, client_key) DO NOTHING",
                row,
            )
            if added.rowcount == 1:
                return None
            return self._record_of(self._db.execute(f"{_RECORD} {_BY_KEY}", (person, client_key)).fetchone())

        return await self._run(insert, Access.WRITE)

    async def earlier(self, person: str, client_key: str) -> Record | None:
        return await self._run(lambda: self._recorded(_BY_KEY, person, client_key))

    async def record(self, operation_id: str) -> Record | None:
        return await self._run(lambda: self._recorded("WHERE id = ?", operation_id))

    async def take(self, target: Target) -> Lease | None:
        def taken() -> Lease | None:
            return leases.take(self._db, target_columns(target), self._presence.id, self._presence.is_running)

        return await self._run(taken, Access.WRITE)

    def give_back(self, target: Target, *, hidden: Task | None = None) -> "asyncio.Future[None]":
        def end() -> None:
            leases.give_back(self._db, target_columns(target), self._presence.id, ran=self._ran(), hidden=hidden)

        return self._worker.begin(end, Access.WRITE)

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        kept = None if evidence is None else msgspec.msgpack.encode(evidence)
        command = "" if evidence is None else evidence.command

        def update() -> int:
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
            if number is not None:
                return int(number[0])
            if self._db.execute("SELECT 1 FROM operation WHERE id = ?", (operation_id,)).fetchone() is not None:
                raise GatewayUnavailableError("the write was given up before it was sent; send it again")
            return 1

        return await self._run(update, Access.SYNCED)

    async def settle_step(self, operation_id: str, number: int, status: MutationStatus) -> None:
        def update() -> None:
            self._db.execute(
                "UPDATE step SET status = ?, settled_at = ? WHERE operation_id = ? AND number = ?",
                (status, None if status in _OPEN else self._now(), operation_id, number),
            )

        await self._run(update, Access.WRITE)

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
        earlier: Collection[str] = (),
    ) -> None:
        kept = packed(result)
        unclear = list(earlier) if result.status is MutationStatus.REJECTED else []
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
            changed = self._db.execute(
                "UPDATE operation SET stage = ?, settled_at = ?, result = ?, freed = ?,"
                " client_key = CASE WHEN ? THEN NULL ELSE client_key END, seen = max(seen, ?)"
                " WHERE id = ? AND NOT (? AND stage = ?) AND NOT (? AND settled_at IS NOT NULL)",
                values,
            )
            if changed.rowcount != 1:
                return
            marks = ", ".join("?" * len(unclear))
            self._db.execute(
                f"UPDATE step SET status = CASE WHEN command IN ({marks}) THEN ? ELSE ? END, settled_at = ?"  # noqa: S608 marks
                " WHERE operation_id = ? AND settled_at IS NULL",
                (*unclear, MutationStatus.UNKNOWN, result.status, settled, operation_id),
            )
            if ended is not None:
                record = (operation_id, ended.at.timestamp(), msgspec.msgpack.encode(ended))
                self._db.execute(
                    "INSERT OR REPLACE INTO ended_task (operation_id, at, record) VALUES (?, ?, ?)", record
                )

        await self._run(update, Access.WRITE)

    async def open_writes(self) -> Sequence[OpenWrite]:
        return await self._run(lambda: self._open_except({self._presence.id}), Access.SCAN)

    async def abandoned(self) -> Sequence[OpenWrite]:
        return await self._run(lambda: self._open_except(set()), Access.SCAN)

    async def open_write(self, operation_id: str) -> OpenWrite | None:
        where = "WHERE id = ? AND stage = ? AND settled_at IS NULL"
        found = await self._run(lambda: self._all(open_write_of, f"{OPEN_WRITE} {where}", operation_id, Stage.SETTLED))
        return found[0] if found else None

    async def unsettled(self) -> Sequence[OpenWrite]:
        where = "WHERE stage = ? AND settled_at IS NULL ORDER BY requested_at, rowid"
        return await self._run(lambda: self._all(open_write_of, f"{OPEN_WRITE} {where}", Stage.SETTLED), Access.SCAN)

    async def steps(self, operation_id: str) -> Sequence[Step]:
        where = "WHERE operation_id = ? ORDER BY number"
        return await self._run(lambda: self._all(step_of, f"{STEP} {where}", operation_id))

    async def last_applied(self, source: str, commands: Collection[str]) -> tuple[TaskRef, Step] | None:
        marks = ", ".join("?" * len(commands))
        where = f"source = ? AND kind = ? AND step.status = ? AND step.command IN ({marks}) ORDER BY step.sent_at DESC"
        values = (source, TaskRef.__name__, MutationStatus.APPLIED.value, *commands)

        def select() -> tuple[TaskRef, Step] | None:
            statement = f"{STEP.replace('SELECT', 'SELECT target,', 1)} WHERE {where} LIMIT 1"
            row = self._db.execute(statement, values).fetchone()
            return None if row is None else (TaskRef(source, row[0]), step_of(row[1:]))

        return await self._run(select)

    async def steps_to(self, target: Target) -> Sequence[Step]:
        where = "WHERE source = ? AND target = ? AND kind = ? ORDER BY step.sent_at, operation_id, number"
        return await self._run(lambda: self._all(step_of, f"{STEP} {where}", *target_columns(target)))

    async def note_undo(self, undo: Undo) -> None:
        row = (undo.operation_id, undo.noted_at.timestamp(), msgspec.msgpack.encode(undo))

        def insert() -> None:
            self._db.execute("INSERT OR REPLACE INTO undo (operation_id, at, record) VALUES (?, ?, ?)", row)

        await self._run(insert, Access.SYNCED)

    async def drop_undo(self, operation_id: str) -> None:
        def delete() -> None:
            self._db.execute("DELETE FROM undo WHERE operation_id = ?", (operation_id,))

        await self._run(delete, Access.WRITE)

    async def undos(self) -> Sequence[Undo]:
        def select() -> list[Undo]:
            rows = self._db.execute("SELECT record FROM undo ORDER BY at, rowid").fetchall()
            return [undo for (kept,) in rows if (undo := decoded(kept, Undo)) is not None]

        return await self._run(select, Access.SCAN)

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        def select() -> list[EndedTask]:
            since = self._now() - self._keep_ended
            rows = self._db.execute(
                "SELECT record FROM ended_task WHERE at >= ? ORDER BY at DESC, rowid DESC LIMIT ?", (since, most)
            ).fetchall()
            return [ended for (kept,) in reversed(rows) if (ended := decoded(kept, EndedTask)) is not None]

        return await self._run(select, Access.SCAN)

    async def find(self, operation_id: str) -> Operation | None:
        return await self._run(lambda: self._one(f"{OPERATION} WHERE id = ?", (operation_id,)))

    async def last(self, target: TaskRef) -> Operation | None:
        where = (
            "WHERE source = ? AND target = ? AND kind = ? AND seen AND NOT freed"
            " ORDER BY requested_at DESC, rowid DESC LIMIT 1"
        )
        return await self._run(lambda: self._one(f"{OPERATION} {where}", target_columns(target)))

    def people(self, *, keep: float) -> SqlitePeople:
        """Where people who signed in are kept, for so many seconds after the last time. It ends with the journal."""
        return SqlitePeople(self._db, self._worker, keep=keep, now=self._now)

    def close(self) -> None:
        """Waits for what has begun."""
        self._worker.close()
        if self._checkpoints is not None:
            self._checkpoints.close()
        self._db.close()
        self._presence.close()

    def _ran(self) -> float:
        """Seconds that gateways have run over this file. Unlike the clock of the machine, it cannot jump ahead."""
        return self._monotonic() - self._started_at

    def _forget_old(self) -> None:
        now, ran = self._now(), self._ran()
        if self._forgot_at is not None and all(
            0 <= at - before < FORGETS_EVERY for at, before in zip((now, ran), self._forgot_at, strict=True)
        ):
            return
        self._forgot_at = now, ran
        self._db.execute(
            "DELETE FROM operation WHERE settled_at IS NOT NULL AND requested_at < ? AND ran < ?",
            (now - KEPT_SECONDS, ran - KEPT_SECONDS),
        )
        self._db.execute("DELETE FROM ended_task WHERE at < ?", (now - self._keep_ended,))
        leases.forget_old(self._db, ran=ran)

    def _open_except(self, also: set[str]) -> list[OpenWrite]:
        """The open writes whose gateway does not run, or is one of `also`."""
        gateways = self._db.execute(f"SELECT DISTINCT gateway FROM operation WHERE {_IS_OPEN}")  # noqa: S608 no input
        running = [one for (one,) in gateways.fetchall() if one not in also and self._presence.is_running(one)]
        marks = ", ".join("?" * len(running))
        where = f"WHERE {_IS_OPEN} AND (gateway IS NULL OR gateway NOT IN ({marks})) ORDER BY requested_at, rowid"
        return self._all(open_write_of, f"{OPEN_WRITE} {where}", *running)

    def _recorded(self, where: str, *values: str | None) -> Record | None:
        row = self._db.execute(f"{_RECORD} {where}", values).fetchone()
        return None if row is None else self._record_of(row)

    def _record_of(self, row: tuple[Any, ...]) -> Record:
        """A row of `_RECORD`."""
        operation_id, fingerprint, stage, kept, settled_at, gateway = row
        return Record(
            operation_id=operation_id,
            fingerprint=fingerprint,
            stage=Stage(stage),
            result=decoded(kept, WriteResult),
            is_final=settled_at is not None,
            is_elsewhere=stage != Stage.SETTLED and self._is_elsewhere(gateway),
        )

    def _is_elsewhere(self, gateway: str | None) -> bool:
        return gateway != self._presence.id and self._presence.is_running(gateway)

    def _one(self, statement: str, values: tuple[str, ...]) -> Operation | None:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None else operation_of(row)

    def _all(self, record: Callable[[tuple[Any, ...]], T], statement: str, *values: str) -> list[T]:
        return [record(row) for row in self._db.execute(statement, values).fetchall()]

    async def _run(self, work: Callable[[], T], access: Access = Access.READ) -> T:
        try:
            done = await self._worker.do(work, access)
        except GatewayUnavailableError as error:
            if isinstance(error.__cause__, (sqlite3.Error, OSError)):
                self.trouble = error.message
            raise
        if access not in {Access.READ, Access.SCAN}:
            self.trouble = None
        return done

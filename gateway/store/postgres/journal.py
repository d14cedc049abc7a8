"""The journal of writes in PostgreSQL. Every commit waits for the engine's disk.

The engine may lose its last commits only if it is told to (`synchronous_commit`, here always on): a lost lease or
idempotency key would let a second replica send what the first one has sent.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import msgspec
import psycopg

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Task, TaskRef
from gateway.store.evidence import Evidence
from gateway.store.port import KEPT_SECONDS, EndedTask, Lease, OpenWrite, Record, Stage, Step
from gateway.store.postgres import leases
from gateway.store.postgres.engine import CommitLostError, Connection, Engine, connect, reason
from gateway.store.postgres.leftovers import Leftovers
from gateway.store.postgres.migrations import migrate
from gateway.store.postgres.people import PostgresPeople
from gateway.store.postgres.presence import BEAT, IS_RUNNING, Presence
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
from schema.ports import Operation, Target, WriteResult

T = TypeVar("T")

# Seconds from one deletion of old records to the next.
FORGETS_EVERY = 60.0
# Statuses that may become known later.
_OPEN = frozenset({MutationStatus.UNKNOWN, MutationStatus.PENDING})

_RECORD = "SELECT id, fingerprint, stage, result, settled_at, gateway FROM operation"
_IS_OPEN = f"stage <> '{Stage.SETTLED}'"


class PostgresJournal:
    """Implements `gateway.store.Journal`."""

    def __init__(
        self,
        url: str,
        *,
        keep_ended: float = KEPT_SECONDS,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        beat: float = BEAT,
    ) -> None:
        """`now` is in seconds since the epoch. `keep_ended`: seconds for which ended tasks are kept.

        Raises GatewayUnavailableError if the database cannot be used, or a newer version made its tables. The caller closes
        the journal with `close`.
        """
        self._now = now
        self._monotonic = monotonic
        self._keep_ended = keep_ended
        self._forgot_at: tuple[float, float] | None = None
        # Targets that this gateway holds. A lease on any other one is not asked for before a write is sent.
        self._held: set[leases.Columns] = set()
        self._giving: dict[leases.Columns, asyncio.Future[None]] = {}
        self._engine = Engine(url)
        self._leftovers = Leftovers(self._engine)
        try:
            with connect(url) as db:
                migrate(db)
                row = db.execute("SELECT max(ran) FROM operation").fetchone()
            self._started_at = monotonic() - ((row[0] if row else None) or 0.0)
            self._presence = Presence(self._engine, also=self._tidy, beat=beat)
        except (psycopg.Error, GatewayUnavailableError) as error:
            self._engine.close()
            why = reason(error) if isinstance(error, psycopg.Error) else error.message
            raise GatewayUnavailableError(f"the journal of writes cannot be opened: {why}") from error

    @property
    def trouble(self) -> str | None:
        """What the engine said last, until the next time that it can be used."""
        return self._engine.trouble

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
        write = (operation_id, person, client_key, fingerprint, source, native_id, kind, action.value)
        row = (*write, Stage.ADMITTED, self._now(), self._ran(), self._presence.id)

        def insert(db: Connection) -> Record | None:
            self._forget_old(db)
            while True:
                added = db.execute(
                    "INSERT INTO operation (id, person, client_key, fingerprint, source, target, kind, action, stage,"
                    " requested_at, ran, gateway) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                    " ON CONFLICT (person, client_key) DO NOTHING",
                    row,
                )
                if added.rowcount == 1:
                    return None
                earlier = self._recorded(db, "WHERE person = %s AND client_key = %s", person, client_key)
                # None: it was forgotten in between.
                if earlier is not None:
                    return earlier

        try:
            return await self._engine.do(insert)
        except CommitLostError:
            self._leftovers.keep_refused(operation_id)
            raise

    async def earlier(self, person: str, client_key: str) -> Record | None:
        return await self._engine.do(
            lambda db: self._recorded(db, "WHERE person = %s AND client_key = %s", person, client_key)
        )

    async def record(self, operation_id: str) -> Record | None:
        return await self._engine.do(lambda db: self._recorded(db, "WHERE id = %s", operation_id))

    async def take(self, target: Target) -> Lease | None:
        columns = target_columns(target)
        giving = self._giving.get(columns)
        if giving is not None and not giving.done():
            await asyncio.wait([giving])

        def taken(db: Connection) -> Lease | None:
            with self._leftovers.none_of(columns):
                return leases.take(db, columns, self._presence.id, self._presence.is_running)

        try:
            lease = await self._engine.do(taken)
        except CommitLostError:
            self._leftovers.keep_lease(columns)
            raise
        if lease is not None:
            self._held.add(columns)
        return lease

    def give_back(self, target: Target, *, hidden: Task | None = None) -> "asyncio.Future[None]":
        columns = target_columns(target)
        self._held.discard(columns)

        def end(db: Connection) -> None:
            leases.give_back(db, columns, self._presence.id, ran=self._ran(), hidden=hidden)

        def ended(future: "asyncio.Future[None]") -> None:
            if self._giving.get(columns) is future:
                del self._giving[columns]
            if not future.cancelled() and future.exception() is not None and columns not in self._held:
                self._leftovers.keep_lease(columns, hidden)

        giving = self._giving[columns] = asyncio.wrap_future(self._engine.begin(end))
        giving.add_done_callback(ended)
        return giving

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        kept = None if evidence is None else msgspec.msgpack.encode(evidence)
        command = "" if evidence is None else evidence.command

        def update(db: Connection) -> int:
            now = self._now()
            row = db.execute(
                "SELECT stage, source, target, kind FROM operation WHERE id = %s FOR UPDATE", (operation_id,)
            ).fetchone()
            if row is None:
                return 1
            stage, *columns = row
            target: leases.Columns = (columns[0], columns[1], columns[2])
            if stage == Stage.SETTLED:
                raise GatewayUnavailableError("the write was given up before it was sent; send it again")
            if target in self._held and not leases.holds(db, target, self._presence.id):
                raise GatewayUnavailableError(
                    "another gateway took the target over while this one could not reach the journal; send the write again"
                )
            db.execute(
                "UPDATE operation SET stage = %s, sent_at = coalesce(sent_at, %s), seen = true WHERE id = %s",
                (Stage.SENT, now, operation_id),
            )
            number = db.execute(
                "INSERT INTO step (operation_id, number, command, evidence, sent_at) SELECT %s,"
                " 1 + coalesce(max(number), 0), %s, %s, %s FROM step WHERE operation_id = %s RETURNING number",
                (operation_id, command, kept, now, operation_id),
            ).fetchone()
            return 1 if number is None else int(number[0])

        return await self._engine.do(update)

    async def settle_step(self, operation_id: str, number: int, status: MutationStatus) -> None:
        settled = None if status in _OPEN else self._now()
        await self._execute(
            "UPDATE step SET status = %s, settled_at = %s WHERE operation_id = %s AND number = %s",
            (status, settled, operation_id, number),
        )

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

        values = (Stage.SETTLED, settled, kept, frees_key, frees_key, was_seen, operation_id)

        def update(db: Connection) -> None:
            changed = db.execute(
                "UPDATE operation SET stage = %s, settled_at = %s, result = %s, freed = %s,"
                " client_key = CASE WHEN %s THEN NULL ELSE client_key END, seen = seen OR %s"
                " WHERE id = %s AND NOT (%s AND stage = %s) AND NOT (%s AND settled_at IS NOT NULL)",
                (*values, only_open, Stage.SETTLED, only_unsettled),
            )
            if changed.rowcount != 1:
                return
            db.execute(
                "UPDATE step SET status = CASE WHEN command = ANY(%s) THEN %s ELSE %s END, settled_at = %s"
                " WHERE operation_id = %s AND settled_at IS NULL",
                (unclear, MutationStatus.UNKNOWN.value, result.status.value, settled, operation_id),
            )
            if ended is not None:
                db.execute(
                    "INSERT INTO ended_task (operation_id, at, record) VALUES (%s, %s, %s) ON CONFLICT (operation_id)"
                    " DO UPDATE SET at = excluded.at, record = excluded.record",
                    (operation_id, ended.at.timestamp(), msgspec.msgpack.encode(ended)),
                )

        await self._engine.do(update)

    async def open_writes(self) -> Sequence[OpenWrite]:
        return await self._open_except(self._presence.id)

    async def abandoned(self) -> Sequence[OpenWrite]:
        return await self._open_except("")

    async def open_write(self, operation_id: str) -> OpenWrite | None:
        where = "WHERE id = %s AND stage = %s AND settled_at IS NULL"
        found = await self._all(open_write_of, f"{OPEN_WRITE} {where}", operation_id, Stage.SETTLED)
        return found[0] if found else None

    async def unsettled(self) -> Sequence[OpenWrite]:
        where = "WHERE stage = %s AND settled_at IS NULL ORDER BY requested_at, place"
        return await self._all(open_write_of, f"{OPEN_WRITE} {where}", Stage.SETTLED)

    async def steps(self, operation_id: str) -> Sequence[Step]:
        return await self._all(step_of, f"{STEP} WHERE operation_id = %s ORDER BY step.number", operation_id)

    async def last_applied(self, source: str, commands: Collection[str]) -> tuple[TaskRef, Step] | None:
        found = await self._all(
            lambda row: (TaskRef(source, row[0]), step_of(row[1:])),
            f"{STEP.replace('SELECT', 'SELECT target,', 1)} WHERE source = %s AND kind = %s AND step.status = %s"
            " AND step.command = ANY(%s) ORDER BY step.sent_at DESC LIMIT 1",
            source,
            TaskRef.__name__,
            MutationStatus.APPLIED,
            list(commands),
        )
        return found[0] if found else None

    async def steps_to(self, target: Target) -> Sequence[Step]:
        where = "WHERE source = %s AND target = %s AND kind = %s ORDER BY step.sent_at, operation_id, step.number"
        return await self._all(step_of, f"{STEP} {where}", *target_columns(target))

    async def note_undo(self, undo: Undo) -> None:
        await self._execute(
            "INSERT INTO undo (operation_id, at, record) VALUES (%s, %s, %s) ON CONFLICT (operation_id)"
            " DO UPDATE SET at = excluded.at, record = excluded.record",
            (undo.operation_id, undo.noted_at.timestamp(), msgspec.msgpack.encode(undo)),
        )

    async def drop_undo(self, operation_id: str) -> None:
        await self._execute("DELETE FROM undo WHERE operation_id = %s", (operation_id,))

    async def undos(self) -> Sequence[Undo]:
        rows = await self._all(lambda row: decoded(row[0], Undo), "SELECT record FROM undo ORDER BY at, place")
        return [undo for undo in rows if undo is not None]

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        rows = await self._all(
            lambda row: decoded(row[0], EndedTask),
            "SELECT record FROM ended_task WHERE at >= %s ORDER BY at DESC, place DESC LIMIT %s",
            self._now() - self._keep_ended,
            most,
        )
        return [ended for ended in reversed(rows) if ended is not None]

    async def find(self, operation_id: str) -> Operation | None:
        found = await self._all(operation_of, f"{OPERATION} WHERE id = %s", operation_id)
        return found[0] if found else None

    async def last(self, target: TaskRef) -> Operation | None:
        where = (
            "WHERE source = %s AND target = %s AND kind = %s AND seen AND NOT freed"
            " ORDER BY requested_at DESC, place DESC LIMIT 1"
        )
        found = await self._all(operation_of, f"{OPERATION} {where}", *target_columns(target))
        return found[0] if found else None

    def people(self, *, keep: float) -> PostgresPeople:
        """Where people who signed in are kept, for so many seconds after the last time. It ends with the journal."""
        return PostgresPeople(self._engine, keep=keep, now=self._now)

    def close(self) -> None:
        """Waits for what has begun."""
        self._presence.close()
        self._engine.close()

    def _ran(self) -> float:
        """Seconds that gateways have run over this database. Unlike the clock of the machine, it cannot jump ahead."""
        return self._monotonic() - self._started_at

    def _forget_old(self, db: Connection) -> None:
        now, ran = self._now(), self._ran()
        if self._forgot_at is not None and all(
            0 <= at - before < FORGETS_EVERY for at, before in zip((now, ran), self._forgot_at, strict=True)
        ):
            return
        self._forgot_at = now, ran
        db.execute(
            "DELETE FROM operation WHERE settled_at IS NOT NULL AND requested_at < %s AND ran < %s",
            (now - KEPT_SECONDS, ran - KEPT_SECONDS),
        )
        db.execute("DELETE FROM ended_task WHERE at < %s", (now - self._keep_ended,))
        leases.forget_old(db, ran=ran)

    def _tidy(self) -> None:
        self._leftovers.tidy(self._presence.id, ran=self._ran())

    async def _open_except(self, also: str) -> list[OpenWrite]:
        """The open writes whose gateway does not run, or is `also`."""
        running = f"SELECT 1 FROM running_gateway WHERE running_gateway.id = operation.gateway AND {IS_RUNNING}"  # noqa: S608 no input
        where = f"WHERE {_IS_OPEN} AND (gateway = %s OR gateway IS NULL OR NOT EXISTS ({running}))"
        return await self._all(open_write_of, f"{OPEN_WRITE} {where} ORDER BY requested_at, place", also)

    def _recorded(self, db: Connection, where: str, *values: str | None) -> Record | None:
        row = db.execute(f"{_RECORD} {where}".encode(), values).fetchone()
        if row is None:
            return None
        operation_id, fingerprint, stage, kept, settled_at, gateway = row
        is_elsewhere = stage != Stage.SETTLED and gateway != self._presence.id
        return Record(
            operation_id=operation_id,
            fingerprint=fingerprint,
            stage=Stage(stage),
            result=decoded(kept, WriteResult),
            is_final=settled_at is not None,
            is_elsewhere=is_elsewhere and self._presence.is_running(db, gateway),
        )

    async def _execute(self, statement: str, values: tuple[Any, ...]) -> None:
        await self._engine.do(lambda db: db.execute(statement.encode(), values).rowcount)

    async def _all(self, record: Callable[[tuple[Any, ...]], T], statement: str, *values: Any) -> list[T]:
        return await self._engine.do(
            lambda db: [record(row) for row in db.execute(statement.encode(), values).fetchall()]
        )

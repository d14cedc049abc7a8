"""The journal without SQLite, for models that need thousands of them. The journal's contract holds for it too."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct, structs

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store import EndedTask, Evidence, OpenWrite, Record, Stage, Step
from schema.ports import Operation, Target, WriteResult

_OPEN = frozenset({MutationStatus.UNKNOWN, MutationStatus.PENDING})


class Row(Struct, eq=False):
    """A write as it is stored."""

    id: str
    person: str
    client_key: str | None
    fingerprint: str
    target: Target
    action: TaskAction
    requested_at: float
    stage: Stage = Stage.ADMITTED
    sent_at: float | None = None
    settled_at: float | None = None
    result: WriteResult | None = None
    is_freed: bool = False
    was_seen: bool = False
    steps: list[Step] = []


class Storage:
    """What outlives a journal: give it to the next one."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.keys: dict[tuple[str, str], Row] = {}
        self.of_target: dict[Target, list[Row]] = {}
        self.ended: dict[str, EndedTask] = {}
        # Those without a final result, in the order of their admission.
        self.open: dict[str, Row] = {}


class MemoryJournal:
    """Implements `gateway.store.Journal`. It ends with the process, forgets nothing and starts no thread."""

    def __init__(self, storage: Storage, *, now: Callable[[], float] = time.time) -> None:
        self.storage = storage
        self.is_closed = False
        self._now = now

    def close(self) -> None:
        self.is_closed = True

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
        self._check()
        earlier = None if client_key is None else self.storage.keys.get((person, client_key))
        if earlier is not None:
            return Record(
                operation_id=earlier.id,
                fingerprint=earlier.fingerprint,
                stage=earlier.stage,
                result=earlier.result,
                is_final=earlier.settled_at is not None,
            )
        row = Row(operation_id, person, client_key, fingerprint, target, action, self._now())
        self.storage.rows[operation_id] = self.storage.open[operation_id] = row
        self.storage.of_target.setdefault(target, []).append(row)
        if client_key is not None:
            self.storage.keys[person, client_key] = row
        return None

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        self._check()
        row = self.storage.rows.get(operation_id)
        if row is None:
            return 1
        if row.stage is Stage.SETTLED:
            raise GatewayUnavailableError("the write was given up before it was sent; send it again")
        now = self._now()
        row.stage, row.was_seen = Stage.SENT, True
        row.sent_at = now if row.sent_at is None else row.sent_at
        step = Step(
            operation_id=operation_id,
            number=len(row.steps) + 1,
            command="" if evidence is None else evidence.command,
            evidence=evidence,
            sent_at=_time(now),
            settled_at=None,
            status=None,
        )
        row.steps = [*row.steps, step]
        return step.number

    async def settle_step(self, operation_id: str, number: int, status: MutationStatus) -> None:
        self._check()
        row = self.storage.rows.get(operation_id)
        if row is not None:
            at = None if status in _OPEN else _time(self._now())
            row.steps = [
                structs.replace(step, status=status, settled_at=at) if step.number == number else step
                for step in row.steps
            ]

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
        self._check()
        row = self.storage.rows.get(operation_id)
        if row is None or (only_open and row.stage is Stage.SETTLED):
            return
        if only_unsettled and row.settled_at is not None:
            return
        row.stage = Stage.SETTLED
        row.settled_at = None if result.status in _OPEN and not is_final else self._now()
        if row.settled_at is None:
            self.storage.open.setdefault(operation_id, row)
        else:
            self.storage.open.pop(operation_id, None)
        row.result = structs.replace(
            result,
            task=None if result.task is None else structs.replace(result.task, payload=None),
            flow=None if result.flow is None else structs.replace(result.flow, payload=None),
        )
        row.is_freed, row.was_seen = frees_key, row.was_seen or was_seen
        if frees_key and row.client_key is not None:
            self.storage.keys.pop((row.person, row.client_key), None)
            row.client_key = None
        at = None if row.settled_at is None else _time(row.settled_at)
        row.steps = [
            step if step.settled_at is not None else structs.replace(step, status=result.status, settled_at=at)
            for step in row.steps
        ]
        if ended is not None:
            self.storage.ended.pop(operation_id, None)
            self.storage.ended[operation_id] = ended

    async def open_writes(self) -> Sequence[OpenWrite]:
        self._check()
        return [_open_write(row) for row in self.storage.open.values() if row.stage is not Stage.SETTLED]

    async def open_write(self, operation_id: str) -> OpenWrite | None:
        self._check()
        row = self.storage.open.get(operation_id)
        return None if row is None or row.stage is not Stage.SETTLED else _open_write(row)

    async def unsettled(self) -> Sequence[OpenWrite]:
        self._check()
        return [_open_write(row) for row in self.storage.open.values() if row.stage is Stage.SETTLED]

    async def steps(self, operation_id: str) -> Sequence[Step]:
        self._check()
        row = self.storage.rows.get(operation_id)
        return () if row is None else list(row.steps)

    async def last_applied(self, source: str, commands: Collection[str]) -> tuple[TaskRef, Step] | None:
        self._check()
        found = [
            (row.target, step)
            for row in self.storage.rows.values()
            if isinstance(row.target, TaskRef) and row.target.source == source
            for step in row.steps
            if step.status is MutationStatus.APPLIED and step.command in commands
        ]
        return max(found, key=lambda one: one[1].sent_at, default=None)

    async def steps_to(self, target: Target) -> Sequence[Step]:
        self._check()
        found = [step for row in self.storage.of_target.get(target, ()) for step in row.steps]
        return sorted(found, key=lambda step: step.sent_at)

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        self._check()
        return list(self.storage.ended.values())[-most:]

    async def find(self, operation_id: str) -> Operation | None:
        self._check()
        row = self.storage.rows.get(operation_id)
        return None if row is None else _operation(row)

    async def last(self, target: TaskRef) -> Operation | None:
        self._check()
        rows = [row for row in self.storage.of_target.get(target, ()) if row.was_seen and not row.is_freed]
        return _operation(rows[-1]) if rows else None

    def _check(self) -> None:
        if self.is_closed:
            raise GatewayUnavailableError("the journal is closed")


def _open_write(row: Row) -> OpenWrite:
    return OpenWrite(
        operation_id=row.id,
        person=row.person,
        stage=row.stage,
        action=row.action,
        target=row.target,
        requested_at=_time(row.requested_at),
        result=row.result,
    )


def _operation(row: Row) -> Operation:
    result, target = row.result, row.target
    made_task = None if result is None or result.task is None else result.task.ref
    made_flow = None if result is None or result.flow is None else result.flow.ref
    return Operation(
        operation_id=row.id,
        action=row.action,
        person=row.person,
        status=MutationStatus.PENDING if result is None else result.status,
        attempts=len(row.steps),
        requested_at=_time(row.requested_at),
        settled_at=None if row.settled_at is None else _time(row.settled_at),
        task=target if isinstance(target, TaskRef) else made_task,
        flow=target if isinstance(target, FlowRef) else made_flow,
        problems=() if result is None else result.problems,
    )


@lru_cache(maxsize=1000)
def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

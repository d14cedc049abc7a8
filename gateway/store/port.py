"""The journal of writes as the gateway uses it. The implementation is chosen by `gateway.composition`."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from connectors.sdk.commands import TaskAction
from connectors.sdk.model import Task, TaskRef
from schema.ports import Operation, Target, WriteResult

KEPT_SECONDS = 24 * 3600
"""How long a settled write is kept, counted from its admission. A write that is not settled is kept until it is."""


class Stage(StrEnum):
    """How far a write has come. It only moves forward.

    ADMITTED: nothing was sent. SENT: the request may have left. SETTLED: the result is recorded.
    """

    ADMITTED = "ADMITTED"
    SENT = "SENT"
    SETTLED = "SETTLED"


class Record(Struct, frozen=True, kw_only=True):
    """An earlier write with the same idempotency key.

    `result` is None until the write is settled, and if another version wrote it in a form that cannot be read here.
    """

    operation_id: str
    fingerprint: str
    stage: Stage
    result: WriteResult | None


class OpenWrite(Struct, frozen=True, kw_only=True):
    """A write that was not settled when its process ended. `action` is None if this version does not know it."""

    operation_id: str
    person: str
    stage: Stage
    action: TaskAction | None
    target: Target


class EndedTask(Struct, frozen=True, kw_only=True):
    """A task that `person` ended through the gateway (complete, skip, cancel), as that write left it.

    `owners` are the native ids of its owners when the write was decided. `vendor_owners` are those that the vendor shows
    after it (a technical account that took the task over, for example), None if the vendor shows the task no more.
    `task` has no payload.
    """

    operation_id: str
    person: str
    at: datetime
    owners: tuple[str, ...]
    vendor_owners: tuple[str, ...] | None
    task: Task


class Journal(Protocol):
    """The record of all writes, written before anything is sent upstream.

    Guarantees: what a method has recorded when it returns survives a crash of the process. Methods may be called
    concurrently. A settled write is kept for KEPT_SECONDS, also if the clock of the machine jumps ahead, then it may
    disappear at any time; a write that is not settled stays. An ended task is kept for as long as the journal was opened
    with. Form data, texts of comments, tokens and payloads of tasks and flows are not stored.

    Every method raises GatewayUnavailableError if the storage cannot be used, and nothing else. An operation id that
    is not known changes nothing and raises nothing.
    """

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
        """Record a new write as ADMITTED and return None; or return the earlier write of `person` with `client_key`.

        Of several concurrent calls with the same person and key exactly one returns None. Without a key every call
        returns None. `fingerprint` identifies the arguments; the journal stores it and does not compare it.
        """

    async def mark_sent(self, operation_id: str) -> None:
        """Record that the request may have left. To be awaited before the first byte of the write is sent.

        GatewayUnavailableError for a write that is settled already: another process gave it up, so it must not be sent.
        """

    async def settle(
        self,
        operation_id: str,
        result: WriteResult,
        *,
        ended: EndedTask | None = None,
        frees_key: bool = False,
        only_open: bool = False,
    ) -> None:
        """Record the result and the task that the write ended; a later call replaces both.

        UNKNOWN and PENDING leave `Operation.settled_at` empty. `frees_key` is for a write that certainly did not happen,
        for a reason that passes: its idempotency key can be used again, and `last` leaves it out. `only_open`: a write that
        has a result already keeps it.
        """

    async def open_writes(self) -> Sequence[OpenWrite]:
        """The writes that are not settled, oldest first: at a start, those that the end of a process cut off."""

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        """The newest ended tasks that are kept, oldest first. Records that this version cannot read are left out."""

    async def find(self, operation_id: str) -> Operation | None:
        """The write with that id; None if it is unknown or no longer kept. No check of who may see it."""

    async def last(self, target: TaskRef) -> Operation | None:
        """The write to the task that was admitted last; None if none is kept. No check of who may see it."""

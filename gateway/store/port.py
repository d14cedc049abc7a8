"""The journal of writes as the gateway uses it. The implementation is chosen by `gateway.composition`."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.model import Task, TaskRef
from gateway.store.evidence import Evidence
from gateway.store.undo import Undo
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
    `is_final`: the result will not change.
    `is_elsewhere`: it is not settled, and another running gateway over the same journal carries it out.
    """

    operation_id: str
    fingerprint: str
    stage: Stage
    result: WriteResult | None
    is_final: bool = False
    is_elsewhere: bool = False


class Lease(Struct, frozen=True, kw_only=True):
    """`is_from_another`: another gateway over the same file held it last. `was_left`: it ended while it held it.

    `hidden`: what that one gave with `give_back`.
    """

    is_from_another: bool = False
    was_left: bool = False
    hidden: Task | None = None


class OpenWrite(Struct, frozen=True, kw_only=True):
    """A write that is not settled. `action` is None if this version does not know it.

    `result` is UNKNOWN or PENDING; None before stage SETTLED, and if it cannot be read here.
    """

    operation_id: str
    person: str
    stage: Stage
    action: TaskAction | None
    target: Target
    requested_at: datetime
    result: WriteResult | None = None


class Step(Struct, frozen=True, kw_only=True):
    """One vendor write of a write. Most writes have one; `number` begins with 1.

    `evidence` is None if none was given, or if another version wrote it. `status` is None while it is under way.
    """

    operation_id: str
    number: int
    command: str
    evidence: Evidence | None
    sent_at: datetime
    settled_at: datetime | None
    status: MutationStatus | None


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

    Guarantees: what a method has recorded when it returns survives a crash of the process. It survives a power failure
    too once a later `mark_sent` or `note_undo` has returned, and what these record does when they return. So a power
    failure never takes the record of a write that may have been sent: at most its result, and then it is SENT again and
    is looked up; or the end of a lease, or an undo's, which is found out anew. Methods may be called concurrently. A settled write is kept for KEPT_SECONDS, also if the clock of the machine jumps ahead, then it may
    disappear at any time; a write that is not settled stays. An ended task is kept for as long as the journal was opened
    with. Form data, texts of comments, tokens and payloads of tasks and flows are not stored; evidence has salted hashes.

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

    async def earlier(self, person: str, client_key: str) -> Record | None:
        """The write of `person` with `client_key`, as it is now. Only read, so that it may work where `admit` fails."""

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        """Record a step: its request may have left. To be awaited before the first byte of it is sent.

        Returns the number of the step. Without evidence nothing will ever prove it. GatewayUnavailableError for a write that is settled already: another process gave it up, so it must not be sent.
        """

    async def settle_step(self, operation_id: str, number: int, status: MutationStatus) -> None:
        """Record how one of several steps ended. `settle` does it for those that are still open."""

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
        """Record the result and the task that the write ended; a later call replaces both.

        The steps that are not settled get the status of the result. `earlier`: commands that only lead to what the write
        asks for; a step of these that is not settled stays UNKNOWN where the write is REJECTED. UNKNOWN and PENDING leave `settled_at` empty, unless
        `is_final`: nothing will ever be known. `was_seen`: the author could see the target; otherwise `last` leaves the
        write out, unless it was sent. `frees_key` is for a write that certainly did not happen,
        for a reason that passes: its idempotency key can be used again, and `last` leaves it out. `only_open`: a write that
        has a result already keeps it. `only_unsettled`: a write whose result is known, or will never be, keeps it.
        """

    async def record(self, operation_id: str) -> Record | None:
        """The write as it is now; None if it is unknown or no longer kept."""

    async def take(self, target: Target) -> Lease | None:
        """Hold the lease on the target, or None while another running gateway over the same journal holds it.

        It ends with `give_back`, and with this gateway. Within one gateway the callers agree among themselves.
        """

    def give_back(self, target: Target, *, hidden: Task | None = None) -> "asyncio.Future[None]":
        """End the lease on the target, if this gateway holds it. Begins at once: a `take` that is called later comes later.

        `hidden`: the task, without payload, as it was before a write took its candidates. Another gateway gets it with the
        lease: they could see the task until then.
        """

    async def open_writes(self) -> Sequence[OpenWrite]:
        """The writes without a result, oldest first, but for those that another running gateway carries out.

        At a start: those that the end of a process cut off.
        """

    async def abandoned(self) -> Sequence[OpenWrite]:
        """The writes without a result whose gateway has ended, oldest first."""

    async def open_write(self, operation_id: str) -> OpenWrite | None:
        """One of `unsettled`; None if the write is settled, or has no result."""

    async def unsettled(self) -> Sequence[OpenWrite]:
        """The writes whose result is UNKNOWN or PENDING and may become known, oldest first."""

    async def steps(self, operation_id: str) -> Sequence[Step]:
        """The steps of a write in their order; none if it was not sent."""

    async def last_applied(self, source: str, commands: Collection[str]) -> tuple[TaskRef, Step] | None:
        """The newest applied step of one of these commands to a task of a source."""

    async def steps_to(self, target: Target) -> Sequence[Step]:
        """The steps of all writes to a target that are kept, in the order of sending."""

    async def note_undo(self, undo: Undo) -> None:
        """Record what takes the first step of a write back; replaces what is recorded for that write."""

    async def drop_undo(self, operation_id: str) -> None:
        """There is nothing to take back any more."""

    async def undos(self) -> Sequence[Undo]:
        """All that are recorded, oldest first. Records that this version cannot read are left out."""

    async def ended_tasks(self, *, most: int) -> Sequence[EndedTask]:
        """The newest ended tasks that are kept, oldest first. Records that this version cannot read are left out."""

    async def find(self, operation_id: str) -> Operation | None:
        """The write with that id; None if it is unknown or no longer kept. No check of who may see it."""

    async def last(self, target: TaskRef) -> Operation | None:
        """The write to the task that was admitted last, of those whose author could see it; None if none is kept.

        No check of who may see the task now.
        """

"""Writes that are sent at most once and never claim more than is known.

Admit (idempotency key) -> journal -> carry out, one at a time per target -> settle. An admitted write runs to its end
whoever hangs up.
"""

import hashlib
import uuid
from collections.abc import Mapping

import anyio
import msgspec
import structlog
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.commands import MutationStatus, TaskAction, actions_of
from connectors.sdk.errors import ConnectorError, NotFoundError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.federation.sources import Source
from gateway.federation.traffic import Priority, current_context, in_context
from gateway.federation.writes.attempt import Write
from gateway.federation.writes.flow_write import FlowWrites
from gateway.federation.writes.task_write import TaskWrites
from gateway.shared.port import Leases
from gateway.store import Journal, Record, Stage
from schema.ports import IdempotencyKeyReusedError, Intent, Operation, Problem, UpdateIntent, WriteRequest, WriteResult

log = structlog.get_logger("taskgate.write")


class Writes:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        journal: Journal,
        tasks: TaskWrites,
        flows: FlowWrites,
        leases: Leases,
    ) -> None:
        self._sources = sources
        self._journal = journal
        self._tasks = tasks
        self._flows = flows
        # Writes to one target run one after the other: an emulated claim reads before it writes.
        self._leases = leases

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        """What became of it, however it went. All calls that it needs go before those of lists."""
        operation_id = str(uuid.uuid4())
        source = self._sources.get(request.target.source)
        if source is None:
            return _rejected(operation_id, NotFoundError("there is no such thing, or you may not see it"))
        write = Write(caller, request, source, operation_id)
        context = structs.replace(current_context(), priority=Priority.WRITE)
        with in_context(context.counted_by(write.cost)):
            return await self._performed(write)

    async def _performed(self, write: Write) -> WriteResult:
        caller, request, source, operation_id = write.caller, write.request, write.source, write.operation_id
        try:
            earlier = await self._journal.admit(
                operation_id=operation_id,
                person=caller.key,
                client_key=request.idempotency_key,
                fingerprint=_fingerprint(request),
                source=source.key,
                target=request.target,
                action=_action(request.intent),
            )
            if earlier is not None:
                return await self._repeated(write, earlier)
            with anyio.CancelScope(shield=True):
                result = await self._carried_out(write)
                if result.status is MutationStatus.REJECTED and _may_try_again(result):
                    await self._journal.withdraw(operation_id)
                else:
                    await self._journal.settle(operation_id, result)
        except ConnectorError as error:
            # The journal failed: before sending nothing happened; after it, the answer stands but is not replayable.
            return write.rejected(error)
        log.info(
            "write",
            source=source.key,
            action=request.intent.verb,
            status=result.status,
            person=caller.key,
            operation=operation_id,
            codes=[problem.code for problem in result.problems],
        )
        return result

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        """A write by its id: for its author and task admins. Raises GatewayUnavailableError."""
        found = await self._journal.find(operation_id)
        return found if found is not None and (caller.is_task_admin or found.person == caller.key) else None

    async def last_of(self, task: TaskRef) -> Operation | None:
        """The newest write to a task that the asker is known to see. Raises GatewayUnavailableError."""
        return await self._journal.last(task)

    async def _carried_out(self, write: Write) -> WriteResult:
        target = write.request.target
        if not isinstance(target, TaskRef | FlowRef):
            return await self._flows.make(write)
        async with self._leases.hold(target):
            if isinstance(target, TaskRef):
                return await self._tasks.carry_out(write, target)
            return await self._flows.carry_out(write, target)

    async def _repeated(self, write: Write, earlier: Record) -> WriteResult:
        """The answer to a key that was sent before: never a second write."""
        write.operation_id = earlier.operation_id
        if earlier.fingerprint != _fingerprint(write.request):
            return write.rejected(
                IdempotencyKeyReusedError("this idempotencyKey was sent before with other arguments; use a new one")
            )
        if earlier.result is not None and earlier.result.status is not MutationStatus.UNKNOWN:
            return structs.replace(earlier.result, replayed=True, upstream_calls=0)
        if earlier.result is None and earlier.stage is Stage.ADMITTED:
            return write.result(MutationStatus.PENDING, replayed=True)
        found = structs.replace(await self._looked_up(write), replayed=True)
        if found.status is MutationStatus.APPLIED:
            await self._journal.settle(write.operation_id, found)
        return found

    async def _looked_up(self, write: Write) -> WriteResult:
        """An earlier UNKNOWN, or a write under way: what the vendor shows now."""
        match write.request.target:
            case TaskRef() as task:
                return await self._tasks.look_up(write, task)
            case FlowRef() as flow:
                return await self._flows.look_up(write, flow)
            case _:
                return write.unknown()


def _action(intent: Intent) -> TaskAction:
    """Of an update what it changes; several things count as its first."""
    if isinstance(intent, UpdateIntent):
        return min(actions_of(intent.fields), default=intent.action)
    return intent.action


def _rejected(operation_id: str, error: ConnectorError) -> WriteResult:
    return WriteResult(status=MutationStatus.REJECTED, operation_id=operation_id, problems=(Problem.from_error(error),))


def _may_try_again(result: WriteResult) -> bool:
    """A refusal that says nothing about the request itself: the same key may be sent again later."""
    return any(problem.code in {"RATE_LIMITED", "UPSTREAM_UNAVAILABLE"} for problem in result.problems)


def _fingerprint(request: WriteRequest) -> str:
    seen = (type(request.target).__name__, request.target, request.intent, request.expected_version)
    return hashlib.blake2b(msgspec.json.encode(seen, order="deterministic"), digest_size=16).hexdigest()

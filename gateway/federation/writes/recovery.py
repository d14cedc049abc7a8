"""Writes that the end of an earlier process cut off. None of them is ever sent again."""

from collections.abc import Mapping, Sequence

import structlog

from connectors.sdk.commands import Claim, MutationStatus, TaskAction
from connectors.sdk.errors import ConnectorError, GatewayError, GatewayUnavailableError
from connectors.sdk.model import Task, TaskRef
from gateway.federation.objects import TaskReader
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, in_context
from gateway.federation.writes.attempt import UNSETTLED
from gateway.federation.writes.verbs import is_applied
from gateway.people import People
from gateway.store import Journal, OpenWrite, Stage
from schema.ports import Problem, WriteResult

log = structlog.get_logger("taskgate.write")

# Seconds that the look at one write may take.
LOOK_SECONDS = 30.0


class Recovery:
    """Gives every write of an earlier process a result that says no more than is known."""

    def __init__(self, sources: Mapping[str, Source], *, journal: Journal, people: People, reads: TaskReader) -> None:
        self._sources = sources
        self._journal = journal
        self._people = people
        self._reads = reads

    async def reject_unsent(self) -> Sequence[OpenWrite]:
        """What was admitted and not sent is REJECTED, and its key can be used again. Gives the writes that may have left.

        Nothing else could be done with it: no caller waits, and the journal holds neither arguments nor tokens. Raises
        GatewayUnavailableError.
        """
        found = await self._journal.open_writes()
        for write in found:
            if write.stage is Stage.ADMITTED:
                await self._journal.settle(write.operation_id, _not_sent(write), frees_key=True, only_open=True)
        return [write for write in found if write.stage is not Stage.ADMITTED]

    async def look_up(self, writes: Sequence[OpenWrite]) -> None:
        """What may have left is APPLIED if the source proves it, else UNKNOWN. Raises nothing."""
        for write in writes:
            try:
                await self._journal.settle(write.operation_id, await self._looked_up(write), only_open=True)
            except GatewayError:
                log.exception("result not recorded", operation=write.operation_id)

    async def _looked_up(self, write: OpenWrite) -> WriteResult:
        task = await self._claimed(write)
        status = MutationStatus.UNKNOWN if task is None else MutationStatus.APPLIED
        log.info("write recovered", operation=write.operation_id, status=status)
        problem = Problem(code="UPSTREAM_ERROR", message=UNSETTLED, source=write.target.source)
        return WriteResult(
            status=status,
            operation_id=write.operation_id,
            task=task,
            problems=() if task is not None else (problem,),
        )

    async def _claimed(self, write: OpenWrite) -> Task | None:
        """The task of a claim that was applied.

        A claim is sent only if the person does not own the task, and its arguments are known: it is the one verb that a
        record proves without them. The others wait for their key, whose repetition brings the arguments.
        """
        source, caller = self._sources.get(write.target.source), self._people.by_key(write.person)
        if write.action is not TaskAction.CLAIM or not isinstance(write.target, TaskRef):
            return None
        if source is None or caller is None or source.connector.settings.acts_as != "service":
            return None
        context = CallContext(operation="look up a write", priority=Priority.BACKGROUND)
        with in_context(context.with_deadline(LOOK_SECONDS)):
            try:
                now = await self._reads.task(write.target, fresh=True)
            except ConnectorError:
                return None
        if now is None or not is_applied(Claim(task=now, actor=caller.identity(source.key)), now):
            return None
        return now


def _not_sent(write: OpenWrite) -> WriteResult:
    error = GatewayUnavailableError("the gateway ended before this write was sent; send it again")
    return WriteResult(
        status=MutationStatus.REJECTED, operation_id=write.operation_id, problems=(Problem.from_error(error),)
    )

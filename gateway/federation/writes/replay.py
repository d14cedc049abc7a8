"""What a repeated idempotency key shows of the task or flow of the first request."""

from collections import OrderedDict
from collections.abc import Hashable

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, ForbiddenError
from connectors.sdk.model import Task
from gateway.federation.authorization import OwnWork, Policy, visible_record
from gateway.federation.objects import TaskReader
from gateway.federation.sources import Source
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.verbs import action_of
from schema.ports import WriteResult

# So many writes are remembered with the rights that they were made with.
MOST_KEPT = 20_000


class Replays:
    """A key belongs to a person, but not each request of theirs may see the same: a token may have fewer roles, or less scope,
    and a machine's key is no credential of a source.
    """

    def __init__(self, *, reads: TaskReader, own: OwnWork) -> None:
        self._reads = reads
        self._own = own
        self._rights: OrderedDict[str, Hashable] = OrderedDict()

    def note(self, attempt: Attempt) -> None:
        """The write is carried out in the current context."""
        self._rights[attempt.operation_id] = _rights(attempt.caller, attempt.source)
        while len(self._rights) > MOST_KEPT:
            self._rights.popitem(last=False)

    async def shown(self, attempt: Attempt, result: WriteResult) -> WriteResult:
        """The result of an earlier write as the current request may see it."""
        caller, source = attempt.caller, attempt.source
        if result.flow is None or self._has_same_rights(caller, source, result):
            return await self.shown_task(caller, source, result)
        shown = await self.shown_task(caller, source, result)
        return shown if _sees_flow(attempt) else structs.replace(shown, flow=None)

    async def shown_task(self, caller: Caller, source: Source, result: WriteResult) -> WriteResult:
        """As `shown`, for a result without a flow."""
        if not source.has_credentials:
            # The vendor gave the record to the author's token, and not to a machine's key.
            return structs.replace(result, task=None, flow=None)
        if result.task is None or self._has_same_rights(caller, source, result):
            return result
        return structs.replace(result, task=await self._seen(caller, source, result.task))

    async def _seen(self, caller: Caller, source: Source, task: Task) -> Task | None:
        if source.acts_as == "service":
            return visible_record(caller, source.connector, self._own, task.ref, task)
        try:
            # Only the vendor knows what this token may see.
            return await self._reads.visible_task(caller, task.ref)
        except ConnectorError:
            return None

    def _has_same_rights(self, caller: Caller, source: Source, result: WriteResult) -> bool:
        return self._rights.get(result.operation_id) == _rights(caller, source)


def _rights(caller: Caller, source: Source) -> Hashable:
    """What decides, beside the person, what a request may see in the source."""
    return source.scope, caller.roles, caller.identity(source.key)


def _sees_flow(attempt: Attempt) -> bool:
    """Whether the current request could have made the write, so that it may see the flow that it left."""
    if attempt.source.acts_as != "service":
        return False
    try:
        Policy(attempt.caller, attempt.connector).check_admin(action_of(attempt.request.intent))
    except ForbiddenError:
        return False
    return True

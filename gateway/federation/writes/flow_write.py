"""A write to an existing flow: authorize, read, send once, and say what is known."""

from connectors.sdk.commands import FlowCommand, FlowOutcome, MutationStatus
from connectors.sdk.errors import ConflictError, ConnectorError, NotFoundError, RejectedError
from connectors.sdk.model import Flow, FlowRef, FlowState
from gateway.federation.authorization import Policy
from gateway.federation.objects import FlowReader
from gateway.federation.overlay import FlowOverlay
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.lost_answer import LostAnswers
from gateway.federation.writes.proof import Verdict
from gateway.federation.writes.send_once import AtMostOnceSender
from gateway.federation.writes.verbs import Verb
from schema.ports import Problem, WriteResult


class FlowWriter:
    """Carries out verbs of a flow."""

    def __init__(
        self,
        *,
        reads: FlowReader,
        overlay: FlowOverlay,
        sender: AtMostOnceSender,
        lost: LostAnswers,
        commands: CommandBuilder,
    ) -> None:
        self._reads = reads
        self._overlay = overlay
        self._sender = sender
        self._lost = lost
        self._commands = commands

    async def carry_out(self, attempt: Attempt, ref: FlowRef) -> WriteResult:
        """Raises GatewayUnavailableError if the journal cannot be written; every other failure is in the result."""
        try:
            verb = attempt.choose_verb()
            Policy(attempt.caller, attempt.connector).check_admin(verb.command.action)
            flow = await self._read_in_state(attempt, verb, ref)
            attempt.was_seen = True
        except ConnectorError as error:
            return attempt.rejected(error)
        command = self._commands.on_flow(attempt, verb, flow)
        try:
            outcome = await self._sender.send(attempt, command, attempt.connector.perform_on_flow)
        except ConnectorError as error:
            return await self._failed(attempt, command, error)
        if outcome.status is MutationStatus.APPLIED:
            self._overlay.put(outcome.flow)
        return attempt.result(outcome.status, flow=outcome.flow, effect=outcome.effect)

    async def _read_in_state(self, attempt: Attempt, verb: Verb, ref: FlowRef) -> Flow:
        """The flow. Raises ConflictError if the verb is not possible in its state."""
        attempt.flow = await require_flow(self._reads, ref)
        if not _is_possible(verb, attempt.flow):
            # The cached record may be out of date: before refusing, read the flow again without the cache.
            attempt.flow = await require_flow(self._reads, ref, fresh=True)
        if not _is_possible(verb, attempt.flow):
            raise ConflictError(f"the flow is {attempt.flow.state}")
        return attempt.flow

    async def _failed(self, attempt: Attempt, command: FlowCommand, error: ConnectorError) -> WriteResult:
        """Refused, or the answer was lost: then what can be found out while the request is open."""
        if error.maybe_applied:
            return await self._verify(attempt, command, error)
        try:
            attempt.flow = await require_flow(self._reads, command.flow.ref, fresh=True)
        except ConnectorError:
            pass
        now = attempt.flow
        if isinstance(error, RejectedError) and now is not None and _is_over(now):
            error = ConflictError(
                f"the flow is {now.state}", native_status=error.native_status, native_code=error.native_code
            ).in_own_words()
        return attempt.rejected(error)

    async def _verify(self, attempt: Attempt, command: FlowCommand, error: ConnectorError) -> WriteResult:
        found = await self._lost.find(attempt, command, attempt.connector.perform_on_flow)
        if isinstance(found.outcome, FlowOutcome):
            self._overlay.put(found.outcome.flow)
            return attempt.result(found.outcome.status, flow=found.outcome.flow, effect=found.outcome.effect)
        attempt.flow = found.look.seen.flow or attempt.flow
        if found.look.verdict is Verdict.APPLIED:
            return attempt.result(MutationStatus.APPLIED)
        if found.look.verdict is Verdict.NOT_APPLIED and attempt.flow is not None:
            return attempt.rejected(ConflictError(f"the flow is {attempt.flow.state}").in_own_words())
        return attempt.unknown(Problem.from_error(error))


async def require_flow(reads: FlowReader, ref: FlowRef, *, fresh: bool = False) -> Flow:
    """The flow. Raises NotFoundError if there is none, ConnectorError if it cannot be read."""
    found = (await reads.flows([ref], fresh=fresh)).get(ref)
    if isinstance(found, ConnectorError):
        raise found
    if found is None:
        raise NotFoundError("there is no such flow, or you may not see it")
    return found


def _is_possible(verb: Verb, flow: Flow) -> bool:
    """A flow in an unknown state may be tried: the vendor decides."""
    return flow.state is FlowState.UNKNOWN or flow.state in verb.flow_states


def _is_over(flow: Flow) -> bool:
    return flow.state in {FlowState.COMPLETED, FlowState.CANCELED, FlowState.FAILED}

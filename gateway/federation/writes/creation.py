"""A write that creates a task or starts a flow in a source."""

from connectors.sdk.commands import CreateTask
from connectors.sdk.errors import ConnectorError, InputError
from connectors.sdk.model import Flow
from gateway.federation.authorization import Policy
from gateway.federation.objects import FlowReader
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.command_builder import CommandBuilder
from gateway.federation.writes.flow_write import require_flow
from gateway.federation.writes.form_validation import FormValidation
from gateway.federation.writes.send_once import AtMostOnceSender
from schema.ports import CreateTaskIntent, Problem, StartFlowIntent, WriteResult


class Creator:
    """Creates tasks and flows. A lost answer stays UNKNOWN: no record shows which write created it."""

    def __init__(
        self,
        *,
        reads: FlowReader,
        overlay: Overlay,
        flow_overlay: FlowOverlay,
        sender: AtMostOnceSender,
        commands: CommandBuilder,
        forms: FormValidation,
    ) -> None:
        self._reads = reads
        self._overlay = overlay
        self._flow_overlay = flow_overlay
        self._sender = sender
        self._commands = commands
        self._forms = forms

    async def carry_out(self, attempt: Attempt) -> WriteResult:
        """Raises GatewayUnavailableError if the journal cannot be written; every other failure is in the result."""
        try:
            verb = attempt.choose_verb()
            Policy(attempt.caller, attempt.connector).check_admin(verb.command.action)
            command = self._commands.creation(attempt, verb, await self._flow_of(attempt))
            if isinstance(command, CreateTask):
                made = await self._sender.send(attempt, command, attempt.connector.perform)
                self._overlay.put(made.task, made.task)
                return attempt.result(made.status, task=made.task, effect=made.effect)
            judged = await self._forms.start(attempt.connector, command)
            started = await self._sender.send(attempt, judged, attempt.connector.perform_on_flow)
            self._flow_overlay.put(started.flow)
            return attempt.result(started.status, flow=started.flow, effect=started.effect)
        except ConnectorError as error:
            return attempt.unknown(Problem.from_error(error)) if error.maybe_applied else attempt.rejected(error)
        except InputError as error:
            return attempt.rejected(error)

    async def _flow_of(self, attempt: Attempt) -> Flow | None:
        """The flow that the new task belongs to, if any. Also checks what can be checked before sending."""
        match attempt.request.intent:
            case CreateTaskIntent(flow=ref) if ref is not None:
                return await require_flow(self._reads, ref)
            case StartFlowIntent(definition_key=""):
                raise InputError("give the key of the definition to start", field=("definitionKey",))
            case _:
                return None

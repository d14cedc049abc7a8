"""A write to a flow, and what is made anew in a source: judged, sent once, told as far as it is known."""

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    CancelFlow,
    CreateTask,
    FlowCommand,
    MutationStatus,
    ResumeFlow,
    StartFlow,
    SuspendFlow,
)
from connectors.sdk.errors import ConflictError, ConnectorError, NotFoundError, RejectedError, ValidationFailedError
from connectors.sdk.model import Flow, FlowRef, FlowState
from gateway.federation.authorization import Permission
from gateway.federation.objects import FlowReader
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.sources import command_type
from gateway.federation.writes.attempt import Write
from gateway.federation.writes.send_once import Sending
from gateway.federation.writes.verification import flow_shows
from schema.ports import (
    CancelFlowIntent,
    CreateTaskIntent,
    FlowIntent,
    Problem,
    ResumeFlowIntent,
    SourceIntent,
    StartFlowIntent,
    SuspendFlowIntent,
    WriteResult,
)

_STATES = {
    CancelFlowIntent: frozenset({FlowState.ACTIVE, FlowState.SUSPENDED}),
    SuspendFlowIntent: frozenset({FlowState.ACTIVE}),
    ResumeFlowIntent: frozenset({FlowState.SUSPENDED}),
}


class FlowWrites:
    def __init__(self, *, reads: FlowReader, overlay: Overlay, flows: FlowOverlay, sending: Sending) -> None:
        self._reads = reads
        self._overlay = overlay
        self._flows = flows
        self._sending = sending

    async def carry_out(self, write: Write, ref: FlowRef) -> WriteResult:
        intent = write.request.intent
        if not isinstance(intent, FlowIntent):
            raise TypeError(f"{type(intent).__name__} is nothing to do with a flow")
        try:
            self._admit(write)
            write.flow = await self._read(ref)
            try:
                _check_state(write.flow, intent)
            except ConflictError:
                # Nobody is refused for a state that may be out of date.
                write.flow = await self._read(ref, fresh=True)
                _check_state(write.flow, intent)
        except ConnectorError as error:
            return write.rejected(error)
        command = _command(write.flow, intent, write.caller.identity(write.source.key))
        try:
            outcome = await self._sending.once(write, lambda: write.connector.perform_on_flow(command))
        except ConnectorError as error:
            return await self._failed(write, command, error)
        self._flows.put(outcome.flow)
        return write.result(outcome.status, flow=outcome.flow, effect=outcome.effect)

    async def make(self, write: Write) -> WriteResult:
        """A new flow or task. Nothing shows afterwards whose it was: an unclear answer stays unclear."""
        intent = write.request.intent
        if not isinstance(intent, SourceIntent):
            raise TypeError(f"{type(intent).__name__} makes nothing new")
        actor = write.caller.identity(write.source.key)
        try:
            self._admit(write)
            match intent:
                case StartFlowIntent():
                    start = _start(intent, actor)
                    begun = await self._sending.once(write, lambda: write.connector.perform_on_flow(start))
                    self._flows.put(begun.flow)
                    return write.result(begun.status, flow=begun.flow, effect=begun.effect)
                case CreateTaskIntent():
                    create = await self._creation(intent, actor)
                    made = await self._sending.once(write, lambda: write.connector.perform(create))
                    self._overlay.put(made.task, made.task)
                    return write.result(made.status, task=made.task, effect=made.effect)
                case other:
                    raise TypeError(f"no command for {type(other).__name__}")
        except ConnectorError as error:
            return write.unknown(Problem.from_error(error)) if error.maybe_applied else write.rejected(error)

    async def look_up(self, write: Write, ref: FlowRef) -> WriteResult:
        """What the vendor shows now of a write whose answer was lost; never a second write."""
        intent = write.request.intent
        try:
            flow = await self._read(ref, fresh=True)
        except ConnectorError:
            return write.unknown()
        if isinstance(intent, FlowIntent) and flow_shows(_command(flow, intent, None), flow):
            return write.result(MutationStatus.APPLIED, flow=flow)
        return write.unknown(flow=flow)

    def _admit(self, write: Write) -> None:
        """Capability and authority, before anything is read."""
        wanted = command_type(write.connector, write.request.intent)
        write.capability = write.connector.capabilities[wanted]
        Permission(write.caller, write.connector).check_admin(wanted.action)

    async def _read(self, ref: FlowRef, *, fresh: bool = False) -> Flow:
        found = (await self._reads.flows([ref], fresh=fresh)).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        if found is None:
            raise NotFoundError("there is no such flow, or you may not see it")
        return found

    async def _creation(self, intent: CreateTaskIntent, actor: Identity | None) -> CreateTask:
        return CreateTask(
            actor=actor,
            title=intent.title,
            description=intent.description,
            priority=intent.priority,
            data=intent.data,
            flow=None if intent.flow is None else await self._read(intent.flow),
            options=intent.options,
        )

    async def _failed(self, write: Write, command: FlowCommand, error: ConnectorError) -> WriteResult:
        """Refused, or unclear: the flow as it is now says more than the vendor's text."""
        try:
            write.flow = await self._read(command.flow.ref, fresh=True)
        except ConnectorError:
            pass
        if not error.maybe_applied:
            if isinstance(error, RejectedError) and write.flow is not None and _is_over(write.flow):
                error = ConflictError(
                    f"the flow is {write.flow.state}", native_status=error.native_status, native_code=error.native_code
                )
            return write.rejected(error)
        if write.flow is not None and flow_shows(command, write.flow):
            return write.result(MutationStatus.APPLIED)
        return write.unknown(Problem.from_error(error))


def _command(flow: Flow, intent: FlowIntent, actor: Identity | None) -> FlowCommand:
    match intent:
        case CancelFlowIntent():
            return CancelFlow(flow=flow, actor=actor, reason=intent.reason, options=intent.options)
        case SuspendFlowIntent():
            return SuspendFlow(flow=flow, actor=actor, reason=intent.reason)
        case ResumeFlowIntent():
            return ResumeFlow(flow=flow, actor=actor, reason=intent.reason)
        case other:
            raise TypeError(f"no command for {type(other).__name__}")


def _start(intent: StartFlowIntent, actor: Identity | None) -> StartFlow:
    if not intent.definition_key:
        raise ValidationFailedError("name the definition to start", field=("definitionKey",))
    return StartFlow(
        actor=actor,
        definition_key=intent.definition_key,
        version=intent.version,
        data=intent.data,
        subjects=intent.subjects,
        options=intent.options,
    )


def _check_state(flow: Flow, intent: FlowIntent) -> None:
    """A flow of unknown state may be tried: the vendor decides."""
    if flow.state is not FlowState.UNKNOWN and flow.state not in _STATES[type(intent)]:
        raise ConflictError(f"the flow is {flow.state}")


def _is_over(flow: Flow) -> bool:
    return flow.state in {FlowState.COMPLETED, FlowState.CANCELED, FlowState.FAILED}

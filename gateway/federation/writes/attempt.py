"""One admitted write on its way through the gateway."""

from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import MutationStatus
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, Task
from gateway.federation.sources import Source
from gateway.federation.traffic import RequestCost
from schema.ports import Problem, WriteRequest, WriteResult

UNSETTLED = (
    "it is not known whether the vendor carried this out; look at it again in a minute, "
    "or send the same idempotencyKey to have it looked up. It will not be sent a second time."
)


class Write:
    """What it costs, how the source has it, and what it may answer so far."""

    def __init__(self, caller: Caller, request: WriteRequest, source: Source, operation_id: str) -> None:
        self.caller = caller
        self.request = request
        self.source = source
        self.connector: Connector[Any] = source.connector
        self.operation_id = operation_id
        self.cost = RequestCost()
        self.task: Task | None = None
        self.flow: Flow | None = None
        self.capability = Capability(support=Support.UNSUPPORTED, atomic=False)

    def result(self, status: MutationStatus, **more: Any) -> WriteResult:
        """With what is written to as last seen."""
        shown: dict[str, Any] = {"task": self.task, "flow": self.flow, **more}
        return WriteResult(
            status=status,
            operation_id=self.operation_id,
            support=self.capability.support,
            atomic=self.capability.atomic,
            upstream_calls=self.cost.requests,
            **shown,
        )

    def rejected(self, error: ConnectorError) -> WriteResult:
        error.at(self.source.key, self.request.intent.verb)
        problem = Problem.from_error(error)
        if problem.field and problem.field[0] == "options":
            # What a connector takes as options, the graph calls by another name.
            problem = structs.replace(problem, field=("vendorOptions", *problem.field[1:]))
        return self.result(MutationStatus.REJECTED, problems=(problem,))

    def unknown(self, *problems: Problem, **more: Any) -> WriteResult:
        unsettled = Problem(code="UPSTREAM_ERROR", message=UNSETTLED)
        return self.result(MutationStatus.UNKNOWN, problems=(*problems, unsettled), **more)

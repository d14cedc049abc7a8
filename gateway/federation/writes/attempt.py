"""One admitted write on its way through the gateway."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import MutationStatus
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    AlreadyAssignedError,
    BrokenError,
    ConflictError,
    ConnectorError,
    Failure,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UnavailableError,
    UpstreamTimeoutError,
    ValidationFailedError,
    VersionConflictError,
)
from connectors.sdk.model import Flow, Task
from gateway.federation.sources import Source
from gateway.federation.traffic import RequestCost
from gateway.federation.writes.array import Array
from gateway.federation.writes.progress import Progress
from gateway.federation.writes.verbs import Verb, verb_for
from gateway.store import Evidence
from schema.ports import Problem, WriteRequest, WriteResult

UNSETTLED = (
    "it is not known whether the source applied this write. Read the object again in a minute, or send the same "
    "idempotencyKey again: the gateway then looks at the source, it never sends the write a second time."
)

UNRESOLVED = (
    "it was never found out whether the source applied this write, and no further look will tell. Look at the object; to "
    "do it again, send a new idempotencyKey."
)

_REFUSALS = frozenset(
    kind.code
    for kind in (
        RejectedError,
        NotFoundError,
        ForbiddenError,
        ValidationFailedError,
        ConflictError,
        AlreadyAssignedError,
        VersionConflictError,
    )
)


class Attempt:
    """The mutable state of one write: call counter, capability, the task or flow as last read, the refusal if any."""

    def __init__(self, caller: Caller, request: WriteRequest, source: Source, operation_id: str) -> None:
        self.caller = caller
        self.request = request
        self.source = source
        self.connector: Connector[Any] = source.connector
        self.operation_id = operation_id
        # Of the author and the arguments; equal for equal writes.
        self.fingerprint = ""
        self.cost = RequestCost()
        self.task: Task | None = None
        self.flow: Flow | None = None
        self.capability = Capability(support=Support.UNSUPPORTED, atomic=False)
        self.refusal: Failure | None = None
        # Some request of this write may have left; the number of the step that was sent last.
        self.was_sent = False
        # The data of the task before, if the look at its form showed them.
        self.held: Mapping[str, object] | None = None
        # Of the last step that was sent.
        self.evidence: Evidence | None = None
        self.step = 0
        # What the earlier steps of several have done. A lost answer is looked for once, because the step is undone then.
        self.progress: Progress | None = None
        self.looks_once = False
        # Commands of earlier steps that may have been applied, although the write is refused because of that.
        self.unclear_steps: set[str] = set()
        # The caller may see the target: only then is it a write to it.
        self.was_seen = False
        # `task` is one that the caller may not see: it is shown in this one answer.
        self.is_shown_once = False
        # Whether the journal has the write. Of one of many: where it travels with others, and what forbids to begin it now.
        self.is_recorded = False
        self.array: Array | None = None
        self.hindrance: Callable[[], Awaitable[Failure | None]] = _none

    def choose_verb(self) -> Verb:
        """Also notes its capability. UnsupportedActionError, without a call, if the source has no such verb."""
        verb = verb_for(self.connector, self.request.intent)
        self.capability = self.connector.info.capabilities[verb.command]
        return verb

    def result(self, status: MutationStatus, **more: Any) -> WriteResult:
        """A result that shows the task or flow as last read, unless `more` has a newer one."""
        shown: dict[str, Any] = {"task": self.task, "flow": self.flow, **more}
        if status in {MutationStatus.APPLIED, MutationStatus.PENDING} and self._loses_reason:
            lost = f"{self.connector.info.title} keeps no reason for this: yours was not passed on"
            shown["effect"] = "; ".join(filter(None, (shown.get("effect"), lost)))
        return WriteResult(
            status=status,
            operation_id=self.operation_id,
            support=self.capability.support,
            atomic=self.capability.atomic,
            upstream_calls=self.cost.requests,
            **shown,
        )

    @property
    def _loses_reason(self) -> bool:
        return bool(getattr(self.request.intent, "reason", None)) and not self.capability.keeps_reason

    @property
    def _was_waiting(self) -> bool:
        """Its only request was cut off before it could be sent: it still waited for a limit."""
        return self.cost.was_write_cut_off_waiting and self.cost.writes == 0

    def rejected(self, error: Failure) -> WriteResult:
        """The write certainly did not happen, because of `error`."""
        self.refusal = error
        if isinstance(error, ConnectorError):
            error.at(self.source.key, self.request.intent.verb)
        problems = tuple(map(_as_in_graph, Problem.all_of(error)))
        if self.was_sent and isinstance(error, RejectedError) and not error.is_own_text:
            # Said after the vendor had answered, so it may repeat the answer.
            problems = tuple(structs.replace(problem, quotes_vendor=True) for problem in problems)
        effect = None if self.progress is None else self.progress.not_ended
        return self.result(MutationStatus.REJECTED, problems=problems, effect=effect)

    def unknown(self, *problems: Problem, **more: Any) -> WriteResult:
        """The write may or may not have happened."""
        unsettled = Problem(code="UPSTREAM_ERROR", message=UNSETTLED, source=self.source.key)
        if self.progress is not None:
            more.setdefault("effect", self.progress.perhaps_ended)
        return self.result(MutationStatus.UNKNOWN, problems=(*map(_without_refusal, problems), unsettled), **more)

    def cut_off(self) -> WriteResult:
        """The write had no more time: its deadline has passed, or the gateway ends."""
        if self.was_sent and not self._was_waiting:
            late = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
            return self.unknown(Problem.from_error(late.at(self.source.key, self.request.intent.verb)))
        return self.rejected(UnavailableError("was not called in time; nothing was sent, send the write again"))


async def _none() -> None:
    """Nothing forbids it."""


def _without_refusal(problem: Problem) -> Problem:
    """What may have been applied has no code that says it was refused."""
    return structs.replace(problem, code=BrokenError.code) if problem.code in _REFUSALS else problem


def _as_in_graph(problem: Problem) -> Problem:
    """Connectors call the vendor's options "options"; the graph calls them "vendorOptions"."""
    if problem.field and problem.field[0] == "options":
        return structs.replace(problem, field=("vendorOptions", *problem.field[1:]))
    return problem

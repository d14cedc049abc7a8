"""The audit of writes: a line when a write ends, and one when it is found out later what became of it."""

from collections.abc import Mapping

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import TaskAction
from connectors.sdk.model import FlowRef, TaskRef
from gateway.audit import Audit, AuditLine, Kind
from gateway.federation.sources import Source
from gateway.federation.traffic import RequestCost, current_context
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.verbs import action_of
from schema.ports import Target, WriteRequest, WriteResult

# Characters of an id in a line. That of a target that does not exist is the client's own text.
LONGEST_ID = 512


class AuditTrail:
    """Notes writes in `audit`. A replayed result is not noted again: its write has a line."""

    def __init__(self, sources: Mapping[str, Source], *, audit: Audit, now: Clock = utc_now) -> None:
        self._sources = sources
        self._audit = audit
        self._now = now

    def ended(self, attempt: Attempt, result: WriteResult) -> None:
        """A write of a person, applied or not, denied ones too."""
        if not result.replayed:
            self._note(
                "write", attempt.caller, attempt.request.target, action_of(attempt.request.intent), result, attempt.cost
            )

    def denied(self, caller: Caller, request: WriteRequest, result: WriteResult) -> None:
        """A write that had no way to begin: its source does not exist."""
        self._note("write", caller, request.target, action_of(request.intent), result)

    def found_no_next(self, caller: Caller, result: WriteResult) -> None:
        """A search of the next task that claimed none. The claims that it tried have lines of their own."""
        self._note("write", caller, None, TaskAction.CLAIM, result)

    def undone(self, author: str, attempt: Attempt, action: TaskAction, result: WriteResult) -> None:
        """A step that the gateway took back."""
        caller = attempt.caller if attempt.caller.key == author else _author(author)
        self._note("undo", caller, attempt.request.target, action, result, attempt.cost)

    def settled(
        self, person: str, target: Target, action: TaskAction | None, result: WriteResult, *, kind: Kind = "settled"
    ) -> None:
        """What was found out of a write after it had been answered, or after its process had ended."""
        self._note(kind, _author(person), target, action, result, is_for_request=False)

    def _note(
        self,
        kind: Kind,
        caller: Caller,
        target: Target | None,
        action: TaskAction | None,
        result: WriteResult,
        cost: RequestCost | None = None,
        *,
        is_for_request: bool = True,
    ) -> None:
        source = "" if target is None else target.source
        self._audit.note(
            AuditLine(
                time=self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                kind=kind,
                person=caller.key,
                issuer=caller.issuer,
                source=_plain(source),
                acted_as=self._acted_as(source, cost),
                action="UNKNOWN" if action is None else action.value,
                target=_named(target),
                status=result.status.value,
                codes=tuple(dict.fromkeys(problem.code for problem in result.problems)),
                operation=result.operation_id,
                request=current_context().request_id if is_for_request else None,
            )
        )

    def _acted_as(self, source: str, cost: RequestCost | None) -> str:
        """As the requests were sent; for a write that sent none, as the source is configured."""
        if cost is not None and cost.writers:
            return " and ".join(sorted(cost.writers))
        known = self._sources.get(source)
        return "account" if known is None or known.acts_as == "service" else "person"


def _author(key: str) -> Caller:
    """The author as the journal knows them."""
    return Caller(key=key, name=key, identities={})


def _named(target: Target | None) -> str:
    match target:
        case TaskRef(native_id=native_id):
            return f"task:{_plain(native_id)}"
        case FlowRef(native_id=native_id):
            return f"flow:{_plain(native_id)}"
        case None:
            return "next"
        case _:
            return "source"


def _plain(text: str) -> str:
    """No longer than an id, and text that JSON can hold."""
    return text[:LONGEST_ID].encode("utf-8", "replace").decode()

"""Why a flow is closed: reasons that its execution was configured with when it started."""

from collections.abc import Iterable, Sequence

from connectors.epilot.mapping import Execution
from connectors.epilot.wire import Reason
from connectors.sdk import ValidationFailedError

_FIELD = ("options", "closing_reasons")


def offered(execution: Execution) -> tuple[Reason, ...]:
    closing = execution.record.closing_reason
    return () if closing is None else closing.configured_reasons or ()


def chosen(reasons: Iterable[Reason], wanted: Sequence[str], *, single: bool) -> tuple[Reason, ...]:
    """Those named by id or title, in that order; ValidationFailedError for one that is not offered."""
    found: dict[str, Reason] = {}
    known = list(reasons)
    for name in wanted:
        reason = next((each for each in known if name in {each.id, each.title}), None)
        if reason is None:
            raise ValidationFailedError("the flow is not configured with such a closing reason", field=_FIELD)
        found[reason.id] = reason
    if single and len(found) > 1:
        raise ValidationFailedError("the flow takes one closing reason only", field=_FIELD)
    return tuple(found.values())


def first_offered(reasons: Iterable[Reason], wanted: Sequence[str]) -> tuple[Reason, ...]:
    """The first of `wanted` that is offered, if one is."""
    known = list(reasons)
    for name in wanted:
        for each in known:
            if name in {each.id, each.title}:
                return (each,)
    return ()

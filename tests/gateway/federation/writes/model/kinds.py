"""The classes of vendors that the model has."""

from typing import Literal

from msgspec import Struct

from connectors.sdk.commands import IfLate

# Native id of the account with which a source with a service account writes, as the vendor shows it.
TECHNICAL = "taskgate-account"


class Kind(Struct, frozen=True, kw_only=True):
    """How such a vendor decides on writes, and what its reads show.

    `guarded`: it refuses a write to a task that is not in the required state. `emulates_claim`: a claim is a read and an
    assignment without a guard. `lag`: seconds by which a read may be behind. `late_max`: seconds for which a request whose
    answer was lost may still be applied. `shows_data`, `shows_history`, `shows_author`: whether reads show the data of a
    completed task, entries of a history, and who completed it. `is_known`: the gateway knows its account's id there.
    `take_over`: only the owner completes a task, so the account takes it over first; what a completion does that arrives
    after the task was given back. `has_arrays`: claims and assignments of several tasks travel in one request.
    """

    name: str
    guarded: bool = False
    emulates_claim: bool = False
    lag: float = 0.0
    late_max: float = 4.0
    shows_data: bool = True
    shows_history: bool = False
    shows_author: bool = False
    acts_as: Literal["service", "viewer"] = "service"
    is_known: bool = True
    exclusive_account: bool = False
    take_over: IfLate | None = None
    has_arrays: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="guarded", guarded=True, shows_author=True),
        Kind(name="guarded-late-reads", guarded=True, lag=8.0, late_max=18.0, shows_history=True),
        Kind(name="guarded-exclusive", guarded=True, shows_history=True, shows_author=True, exclusive_account=True),
        Kind(name="emulated-claim", emulates_claim=True, is_known=False),
        Kind(name="open", shows_data=False),
        Kind(
            name="open-with-history",
            shows_history=True,
            shows_author=True,
            lag=3.0,
            late_max=18.0,
            exclusive_account=True,
        ),
        Kind(name="viewer", guarded=True, shows_author=True, acts_as="viewer"),
        Kind(name="viewer-open", acts_as="viewer", shows_data=False, shows_history=True),
    )
}

TAKE_OVERS = {
    kind.name: kind
    for kind in (
        Kind(name="take-over", guarded=True, take_over=IfLate.REFUSED, shows_author=True, has_arrays=True),
        Kind(name="take-over-open", take_over=IfLate.HARMLESS, shows_history=True, lag=3.0, late_max=9.0),
        Kind(name="take-over-late", take_over=IfLate.HARMFUL, guarded=True, shows_data=False),
    )
}
"""Those whose completions are two writes."""

ALL = KINDS | TAKE_OVERS

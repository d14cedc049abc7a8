"""The classes of vendors that the model has."""

from typing import Literal

from msgspec import Struct

# Native id of the account with which a source with a service account writes, as the vendor shows it.
TECHNICAL = "taskgate-account"


class Kind(Struct, frozen=True, kw_only=True):
    """How such a vendor decides on writes, and what its reads show.

    `guarded`: it refuses a write to a task that is not in the required state. `emulates_claim`: a claim is a read and an
    assignment without a guard. `lag`: seconds by which a read may be behind. `late_max`: seconds for which a request whose
    answer was lost may still be applied. `shows_data`, `shows_history`, `shows_author`: whether reads show the data of a
    completed task, entries of a history, and who completed it. `is_known`: the gateway knows its account's id there.
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

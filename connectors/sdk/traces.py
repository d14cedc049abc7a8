"""What a vendor's records tell afterwards of a write whose answer was lost."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from connectors.sdk.commands import Command
from connectors.sdk.model import ActivityType, Task


class Traces(Struct, frozen=True, kw_only=True):
    """Only what the vendor documents. What is not declared proves nothing.

    `entries`: the entries of a task's history that tell of a command, with actor and time. An entry proves; a missing one
    proves nothing, because a history may be switched off.
    `comments`: comments have their text as it was sent, an author and a time.
    `names_completer`: `Task.completed_by` is who completed the task. False also if it is merely its last owner.
    `shows_outcome`: a completed task shows the outcome that it was completed with, or none.
    `keeps_outcome`: nothing else changes that outcome, so another one comes from another completion.
    `outcome_in_data`: it stands among the data; `Connector.outcome_in` finds it.
    `shows_data`, `keeps_data`: the same for the data of a completion.
    `may_have_data_of_another`: whether that completed task may have data that were sent and did not complete it: then they do
    not tell who did.
    `ends_once`: a completed or cancelled task never takes a further completion or cancel, and is never open again.
    """

    entries: Mapping[type[Command], frozenset[ActivityType]] = MappingProxyType({})
    comments: bool = False
    names_completer: bool = False
    shows_outcome: bool = False
    keeps_outcome: bool = False
    outcome_in_data: bool = False
    shows_data: bool = False
    keeps_data: bool = False
    may_have_data_of_another: Callable[[Task], bool] = lambda _: False
    ends_once: bool = False

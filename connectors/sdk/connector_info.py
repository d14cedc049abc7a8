"""What one source can do, as the gateway reads it."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from msgspec import Struct

from connectors.sdk.caller import Access
from connectors.sdk.capability import Capability
from connectors.sdk.commands import Cancel, CancelStrategy, Command
from connectors.sdk.query import TaskOrderField
from connectors.sdk.settings import LimitsSettings


class Listing(Enum):
    """A list that a vendor may have beside its list of tasks."""

    FLOWS = "flows"
    USERS = "users"
    GROUPS = "groups"
    MEMBERS = "members"
    TASK_DEFINITIONS = "task definitions"


class ConnectorInfo(Struct, frozen=True, kw_only=True):
    """The gateway reads these facts from `connector.info` only, so a connector around another one can replace them.

    `sorts`: order fields by which the vendor sorts the rows *that have a value* exactly as the gateway does, several at
    once. `never_filled`: order fields that no row of this vendor has; ordering by them changes nothing. Ordering by any
    other field makes the gateway read the whole list.
    `page_limit`: most rows in one page of a list. `scan_page`: rows in one page of a list that the gateway filters or
    sorts, so that it reads many; the vendor's largest, or fewer where a row costs the vendor time. None: `page_limit`.
    `listings`: the lists that the source has beside its tasks. The gateway does not ask for the others.
    `list_note`: what a list of tasks may leave out or show late, as text for people; empty if lists are complete.
    `sorts_flows`: flows come with the newest start first.
    `one_owner`: no task has more than one owner.
    `open_to_everyone`: everyone with an identity in the source may claim a READY task that has no candidates.
    `access`: only those may who have rights in the part of the source that the task is in, by `Task.access_key`. A part that
    is missing: no one, as far as is known. None: rights do not differ.
    `default_limits`: what the vendor documents. The source's own `limits` replace single values of it.
    `capabilities`: the commands of this source under its settings.
    `withheld`: those of them that its account turned out not to be able to perform, each with the reason.
    """

    vendor: str
    title: str
    sorts: frozenset[TaskOrderField] = frozenset()
    never_filled: frozenset[TaskOrderField] = frozenset()
    page_limit: int = 50
    scan_page: int | None = None
    listings: frozenset[Listing] = frozenset()
    list_note: str = ""
    sorts_flows: bool = False
    one_owner: bool = False
    open_to_everyone: bool = False
    access: Mapping[str, Access] | None = None
    default_limits: LimitsSettings = LimitsSettings()
    capabilities: Mapping[type[Command], Capability] = MappingProxyType({})
    withheld: Mapping[type[Command], str] = MappingProxyType({})

    @property
    def cancel_strategies(self) -> tuple[CancelStrategy, ...]:
        """The ways to end a task without completing it, in the order in which they are tried."""
        supported = {command.strategy for command in self.capabilities if issubclass(command, Cancel)}
        return tuple(strategy for strategy in CancelStrategy if strategy in supported)

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


class DirectoryFact(Enum):
    """What a source tells of its accounts, so that people can be linked to them.

    EMAILS: accounts have mail addresses. USERNAMES: accounts have user names. NAMES_AS_IDS: the native id of an account is
    its user name, also where the directory does not list the account. MEMBERSHIPS: groups and their members are listed.
    """

    EMAILS = "mail addresses"
    USERNAMES = "user names"
    NAMES_AS_IDS = "user names as ids"
    MEMBERSHIPS = "memberships"


class ConnectorInfo(Struct, frozen=True, kw_only=True):
    """The gateway reads these facts from `connector.info` only, so a connector around another one can replace them.

    `sorts`: order fields by which the vendor sorts the rows *that have a value* exactly as the gateway does, several at
    once. `never_filled`: order fields that no row of this vendor has; ordering by them changes nothing. Ordering by any
    other field makes the gateway read the whole list.
    `page_limit`: most rows in one page of a list. `scan_page`: rows in one page of a list that the gateway filters or
    sorts, so that it reads many; the vendor's largest, or fewer where a row costs the vendor time. None: `page_limit`.
    `listings`: the lists that the source has beside its tasks. The gateway does not ask for the others.
    `directory`: what the source's directory tells of its accounts; the rules of `[sources.people]` depend on it.
    `directory_page`: rows in one page of the directory, where it is read whole; None: `scan_page`. A connector that reads
    everything for each page says how many rows it gives at most.
    `list_note`: what a list of tasks may leave out or show late, as text for people; empty if lists are complete.
    `sorts_flows`: flows come with the newest start first.
    `one_owner`: no task has more than one owner.
    `open_to_everyone`: everyone with an identity in the source may claim a READY task that has no candidates.
    `access`: only those may who have rights in the part of the source that the task is in, by `Task.access_key`. A part that
    is missing: no one, as far as is known. None: rights do not differ.
    `takes_unions`: `pushdown` keeps `TaskQuery.any_of` where one question to the vendor covers all of its queries. Other
    connectors never get it: they are asked once for each.
    `costly_candidates`: the candidates of rows cost calls of their own, so a query may do without them.
    `lists_data`: rows can bring the data of their tasks; `detail_in` reads them from the row.
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
    directory: frozenset[DirectoryFact] = frozenset()
    directory_page: int | None = None
    list_note: str = ""
    sorts_flows: bool = False
    one_owner: bool = False
    open_to_everyone: bool = False
    access: Mapping[str, Access] | None = None
    takes_unions: bool = False
    costly_candidates: bool = False
    lists_data: bool = False
    default_limits: LimitsSettings = LimitsSettings()
    capabilities: Mapping[type[Command], Capability] = MappingProxyType({})
    withheld: Mapping[type[Command], str] = MappingProxyType({})

    @property
    def cancel_strategies(self) -> tuple[CancelStrategy, ...]:
        """The ways to end a task without completing it, in the order in which they are tried."""
        supported = {command.strategy for command in self.capabilities if issubclass(command, Cancel)}
        return tuple(strategy for strategy in CancelStrategy if strategy in supported)

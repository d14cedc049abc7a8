"""Which account of a source the rules find for one person, without regard to other people."""

from collections.abc import Sequence
from typing import Any, Self

from msgspec import Struct

from connectors.sdk.caller import Identity
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import DirectoryFact, Listing
from connectors.sdk.settings import LinkSettings
from gateway.people.directory import Directory, user_name
from gateway.people.entry import Entry
from schema.ports import LinkedBy


class SourceRules(Struct, frozen=True, kw_only=True):
    """The rules of one source, what its directory tells, and for how many seconds that is good.

    `is_shown`: the gateway can list its accounts without a person, and show them to all.
    """

    settings: LinkSettings
    facts: frozenset[DirectoryFact] = frozenset()
    directory_seconds: float = 300.0
    is_shown: bool = False

    @classmethod
    def of(cls, connector: Connector[Any]) -> Self:
        settings = connector.settings
        return cls(
            settings=settings.people,
            facts=connector.info.directory,
            directory_seconds=settings.cache.directory_seconds,
            is_shown=Listing.USERS in connector.info.listings and settings.acts_as == "service",
        )

    @property
    def names_are_ids(self) -> bool:
        return DirectoryFact.NAMES_AS_IDS in self.facts

    @property
    def needs_directory(self) -> bool:
        """Whether a person may have to be looked up in the source's directory."""
        by_name = self.settings.username_claim is not None and not self.names_are_ids
        return by_name or self.settings.match == "email" or (self.has_directory_groups and self.settings.has_rule)

    @property
    def has_directory_groups(self) -> bool:
        return self.settings.groups == "directory"


class Wish(Struct, frozen=True, kw_only=True):
    """What a rule found. Several `accounts` are none: which one is meant is never guessed.

    `verified` False: the address is not proved to be the person's, so that the account is a candidate only.
    """

    accounts: Sequence[str]
    linked_by: LinkedBy
    verified: bool = True
    identity: Identity | None = None

    @property
    def native_id(self) -> str | None:
        return self.accounts[0] if len(self.accounts) == 1 else None


def wish_of(entry: Entry, source: str, rules: SourceRules | None, directory: Directory | None) -> Wish | None:
    """What the first rule finds that finds anything. Without a directory, and with a part of one, its rules find nothing."""
    identity = entry.configured.get(source)
    if identity is not None:
        return Wish(accounts=(identity.native_id,), linked_by=LinkedBy.CONFIG, identity=identity)
    if rules is None:
        return None
    native_id = entry.native_ids.get(source)
    if native_id is not None:
        return Wish(accounts=(native_id,), linked_by=LinkedBy.CLAIM)
    name = entry.usernames.get(source)
    if name is not None and rules.names_are_ids:
        return Wish(accounts=(name,), linked_by=LinkedBy.CLAIM)
    if directory is None or not directory.is_whole:
        return None
    plain = user_name(name)
    if plain is not None and (named := directory.with_user_name(plain)):
        return Wish(accounts=named, linked_by=LinkedBy.CLAIM)
    if (
        rules.settings.match == "email"
        and entry.address is not None
        and (found := directory.with_address(entry.address))
    ):
        return Wish(accounts=found, linked_by=LinkedBy.EMAIL_MATCH, verified=entry.proved_address is not None)
    return None


def waits_for_directory(entry: Entry, source: str, rules: SourceRules | None, *, for_candidates: bool = False) -> bool:
    """Whether the person's link depends on the source's directory. `for_candidates`: also a link that would not be verified."""
    if rules is None or source in entry.configured:
        return False
    has_id = source in entry.native_ids or (source in entry.usernames and rules.names_are_ids)
    if has_id:
        return rules.has_directory_groups
    by_mail = rules.settings.match == "email" and (
        entry.proved_address is not None or (for_candidates and entry.address is not None)
    )
    return source in entry.usernames or by_mail

"""One person of the book, with what the rules of the sources read from the configuration and from the token."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.settings import LinkSettings
from gateway.people.claims import text_claim, text_claims
from gateway.people.directory import address
from gateway.people.port import SignedIn

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Person(Struct, frozen=True, kw_only=True):
    """An entry of `[[people]]`. `subject`: the token that it stands for, as "<issuer>|<sub>"."""

    caller: Caller
    subject: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """`configured`: identities of `[[people]]`. `native_ids`, `usernames` and `groups_there` are claims, by source; where `groups_there` has nothing, `groups` hold.

    `address` is the mail address as addresses are compared. `seen_at`: when the person signed in last, in seconds of the book's clock; None for a person of the
    configuration who has not.
    """

    key: str
    name: str
    email: str | None = None
    is_email_proved: bool = False
    groups: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    issuer: str | None = None
    configured: Mapping[str, Identity] = MappingProxyType({})
    native_ids: Mapping[str, str] = _NOTHING
    usernames: Mapping[str, str] = _NOTHING
    groups_there: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    seen_at: float | None = None

    @property
    def address(self) -> str | None:
        return address(self.email)

    @property
    def proved_address(self) -> str | None:
        return self.address if self.is_email_proved else None

    @property
    def shown_email(self) -> str | None:
        """People choose whom they give work to by it: an address that is not proved may be that of another person."""
        return self.email if self.is_email_proved else None

    def says_the_same_as(self, other: "Entry | None") -> bool:
        """Whether nothing differs but the time."""
        return other is not None and structs.replace(self, seen_at=other.seen_at) == other


def configured(person: Person) -> Entry:
    """What the configuration says is proved: the operator vouches for the mail address."""
    caller = person.caller
    return Entry(
        key=caller.key,
        name=caller.name,
        email=caller.email,
        is_email_proved=caller.email is not None,
        groups=caller.groups,
        roles=caller.roles,
        configured=caller.identities,
    )


def of_token(key: str, who: SignedIn, rules: Mapping[str, LinkSettings], *, seen_at: float) -> Entry:
    """What the token tells of the person with that key."""
    native_ids, usernames = {}, {}
    groups_there: dict[str, tuple[str, ...]] = {}
    for source, rule in rules.items():
        if not rule.believes(who.issuer):
            # Another provider has users and groups of the same names.
            groups_there[source] = ()
            continue
        if rule.id_claim is not None and (native_id := text_claim(who.claims, rule.id_claim)) is not None:
            native_ids[source] = native_id
        if rule.username_claim is not None and (name := text_claim(who.claims, rule.username_claim)) is not None:
            usernames[source] = name
        if rule.groups_claim is not None:
            claimed = text_claims(who.claims, rule.groups_claim) or ()
            groups_there[source] = _translated(claimed, rule.group_names) if rule.group_names else claimed
    return Entry(
        key=key,
        name=who.name,
        email=who.email,
        is_email_proved=who.is_email_proved,
        groups=who.groups,
        roles=who.roles,
        issuer=who.issuer,
        native_ids=native_ids,
        usernames=usernames,
        groups_there=groups_there,
        seen_at=seen_at,
    )


def with_configured(entry: Entry, known: Entry | None, rules: Mapping[str, LinkSettings]) -> Entry:
    """`entry` of a token, `known`: the person's entry of `[[people]]`. What that says wins, and its roles are added."""
    if known is None:
        return entry
    has_email = known.email is not None
    there = {
        source: known.groups
        for source, rule in rules.items()
        if rule.groups_claim is None and not rule.believes(entry.issuer)
    }
    return structs.replace(
        entry,
        name=known.name,
        email=known.email if has_email else entry.email,
        is_email_proved=has_email or entry.is_email_proved,
        groups=known.groups or entry.groups,
        roles=known.roles | entry.roles,
        groups_there={**entry.groups_there, **there},
        configured=known.configured,
    )


def _translated(groups: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names[group] for group in groups if group in names))

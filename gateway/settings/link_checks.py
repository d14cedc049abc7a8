"""Checks of `[sources.people]` and of subjects: whether links can work as they are configured."""

from collections.abc import Sequence

from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import SourceSettings
from gateway.settings.auth import ApiKeysAuth, AuthSettings, DemoAuth, OidcAuth
from gateway.settings.errors import ConfigurationError, KeyPath
from gateway.settings.people import PersonSettings


def check_subjects(people: Sequence[PersonSettings], auth: AuthSettings) -> None:
    """Each token means one person, and each subject is one of a provider that signs people in here."""
    issuers = [each.issuer for each in auth.issuers] if isinstance(auth, OidcAuth) else []
    owners: dict[str, str] = {}
    for index, person in enumerate(people):
        if person.subject is None:
            continue
        path = ("people", index, "subject")
        if not issuers:
            raise ConfigurationError(path, f"is in tokens of an identity provider; [auth] mode is {auth.mode!r}")
        issuer = person.subject.partition("|")[0]
        if issuer not in issuers:
            near = next((known for known in issuers if known.strip("/") == issuer.strip("/")), None)
            hint = "" if near is None else f"; did you mean {near!r}?"
            raise ConfigurationError(path, f"there is no issuer {issuer!r}{hint}")
        owner = owners.setdefault(person.subject, person.key)
        if owner != person.key:
            raise ConfigurationError(path, f"this is also the subject of {owner!r}")


def check_links(sources: Sequence[SourceSettings], auth: AuthSettings) -> None:
    """Each rule can work: with what the source's directory tells, and with the way people sign in."""
    for index, source in enumerate(sources):
        rules, facts = source.people, connector_types()[source.vendor].info_for(source).directory
        lacks = (
            ("match", rules.match is not None, {DirectoryFact.EMAILS}, "tells no mail addresses of users"),
            (
                "username_claim",
                rules.username_claim is not None,
                {DirectoryFact.USERNAMES, DirectoryFact.NAMES_AS_IDS},
                "tells no user names",
            ),
            ("groups", rules.groups == "directory", {DirectoryFact.MEMBERSHIPS}, "does not tell who is in a group"),
        )
        for key, is_wanted, needs, lack in lacks:
            if is_wanted and not needs & facts:
                raise ConfigurationError(
                    ("sources", index, "people", key),
                    f"this source {lack}; link people by [people.identities] or id_claim",
                )
        if rules.needs_token and isinstance(auth, DemoAuth | ApiKeysAuth):
            raise ConfigurationError(
                ("sources", index, "people"),
                f"claims are in tokens of an identity provider; [auth] mode is {auth.mode!r}",
            )
        _check_issuers(("sources", index, "people", "issuers"), source, auth)


def _check_issuers(path: KeyPath, source: SourceSettings, auth: AuthSettings) -> None:
    """Two providers may have users and groups of the same names: of several, a source says whose names are its own.

    A token endpoint gets no token of another provider: it could sign in with it.
    """
    rules, is_service = source.people, source.acts_as == "service"
    if rules.issuers and is_service and not rules.has_rule:
        raise ConfigurationError(
            path, "are those whose claims a rule reads: id_claim, username_claim or match is missing"
        )
    known = [each.issuer for each in auth.issuers] if isinstance(auth, OidcAuth) else []
    for issuer in rules.issuers:
        if issuer not in known:
            raise ConfigurationError(path, f"there is no issuer {issuer!r}")
    takes = rules.takes_names or source.acts_as == "exchange"
    if len(known) > 1 and takes and not rules.issuers:
        raise ConfigurationError(
            path,
            "is missing: with several issuers it says whose claims and groups are those of this source, and whose tokens it may get",
        )

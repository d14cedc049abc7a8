"""Checks of a configuration: each table against its type, then the tables against each other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import Section, SourceSettings
from gateway.settings.auth import ApiKeysAuth, DemoAuth
from gateway.settings.errors import ConfigurationError, KeyPath
from gateway.settings.gateway import GatewaySettings
from gateway.settings.people import PersonSettings

S = TypeVar("S", bound=Section)


def checked(kind: type[S], raw: Mapping[str, Any], path: KeyPath) -> S:
    """The table at `path` as its type; ConfigurationError for the first thing that is wrong with it."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        # The input is left out: it may be a secret.
        first = error.errors(include_url=False, include_input=False)[0]
        messages = {"extra_forbidden": "unknown key", "missing": "is missing", "union_tag_not_found": "is missing"}
        message = messages.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        where = (*path, *_keys_of_the_file(first["loc"], raw))
        if first["type"].startswith("union_tag") and "ctx" in first:
            where = (*where, first["ctx"]["discriminator"].strip("'"))
            if first["type"] == "union_tag_invalid":
                message = f"must be one of {first['ctx']['expected_tags']}"
        raise ConfigurationError(where, " ".join(message.split())) from None


def _keys_of_the_file(location: Sequence[str | int], raw: Any) -> Iterable[str | int]:
    """Pydantic's location without the tags of unions, which are not keys of the file."""
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(raw, Mapping):
            if part not in raw and not is_last and part in list(raw.values()):
                continue
            raw = raw.get(str(part))
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            raw = None
        yield part


def check_distinct(table: str, keys: Sequence[str]) -> None:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise ConfigurationError((table, index, "key"), f"{key!r} is also the key of {table}[{keys.index(key)}]")


def check_identities(people: Sequence[PersonSettings], sources: set[str]) -> None:
    """Every identity is in a configured source and belongs to one person."""
    owners: dict[tuple[str, str], str] = {}
    for index, person in enumerate(people):
        for source, identity in person.identities.items():
            path = ("people", index, "identities", source)
            if source not in sources:
                raise ConfigurationError(path, f"there is no source {source!r}")
            owner = owners.setdefault((source, identity.id), person.key)
            if owner != person.key:
                raise ConfigurationError((*path, "id"), f"{identity.id!r} is also the identity of {owner!r}")


def check_auth(auth: DemoAuth | ApiKeysAuth, people: Sequence[PersonSettings], gateway: GatewaySettings) -> None:
    """Every person who may sign in is configured, and the demo mode stays out of production."""
    known = {person.key for person in people}
    match auth:
        case DemoAuth(default_person=person):
            if gateway.profile == "production":
                raise ConfigurationError(
                    ("auth", "mode"),
                    "demo accepts every person's key as a token; it is not allowed with profile production",
                )
            if person not in known:
                raise ConfigurationError(("auth", "default_person"), f"there is no person {person!r}")
        case ApiKeysAuth(keys=keys):
            for index, key in enumerate(keys):
                if key.person not in known:
                    raise ConfigurationError(("auth", "keys", index, "person"), f"there is no person {key.person!r}")
                if key.sha256 in {earlier.sha256 for earlier in keys[:index]}:
                    raise ConfigurationError(("auth", "keys", index, "sha256"), "the same digest is listed twice")


def check_subjects(people: Sequence[PersonSettings]) -> None:
    """Each token means one person."""
    owners: dict[str, str] = {}
    for index, person in enumerate(people):
        if person.subject is not None and (owner := owners.setdefault(person.subject, person.key)) != person.key:
            raise ConfigurationError(("people", index, "subject"), f"this is also the subject of {owner!r}")


def check_links(sources: Sequence[SourceSettings], auth: DemoAuth | ApiKeysAuth) -> None:
    """Each rule of `[sources.people]` can work: with what the source's directory tells, and with the way people sign in."""
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

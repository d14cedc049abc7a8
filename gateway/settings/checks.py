"""Checks of a configuration: each table against its type, then the tables against each other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, assert_never

from pydantic import BaseModel, SecretStr, ValidationError

from connectors.sdk.settings import Section, SourceSettings
from gateway.settings.auth import ApiKey, ApiKeysAuth, AuthSettings, DemoAuth, OidcAuth
from gateway.settings.errors import ConfigurationError, KeyPath
from gateway.settings.faults import faults_of
from gateway.settings.gateway import GatewaySettings
from gateway.settings.issuers import IssuerSettings, is_protected
from gateway.settings.people import PersonSettings

S = TypeVar("S", bound=Section)


def checked(kind: type[S], raw: Mapping[str, Any], path: KeyPath) -> S:
    """The table at `path` as its type; ConfigurationError with a line for each thing that is wrong with it."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError.of(faults_of(error, raw, path)) from None


def check_distinct(table: str, keys: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        if first.setdefault(key, index) != index:
            raise ConfigurationError((table, index, "key"), f"{key!r} is also the key of {table}[{first[key]}]")


def check_identities(people: Sequence[PersonSettings], sources: Mapping[str, SourceSettings]) -> None:
    """Every identity is in a configured source, has the form of its ids, and belongs to one person."""
    owners: dict[tuple[str, str], str] = {}
    for index, person in enumerate(people):
        for source, identity in person.identities.items():
            path = ("people", index, "identities", source)
            if source not in sources:
                missing = f"there is no source {source!r}" if sources else "there are no sources"
                raise ConfigurationError(path, missing)
            form = sources[source].user_ids
            if form is not None and not re.fullmatch(form[0], identity.id):
                raise ConfigurationError((*path, "id"), f"is no user id of that source, which is {form[1]}")
            owner = owners.setdefault((source, identity.id), person.key)
            if owner != person.key:
                raise ConfigurationError((*path, "id"), f"{identity.id!r} is also the identity of {owner!r}")


def check_auth(auth: AuthSettings, people: Sequence[PersonSettings], gateway: GatewaySettings) -> None:
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
            _check_keys(keys, known)
        case OidcAuth(keys=keys, issuers=issuers):
            _check_keys(keys, known)
            _check_issuers(issuers, may_be_plain=gateway.profile == "development")
        case _:
            assert_never(auth)


def _check_keys(keys: Sequence[ApiKey], known: set[str]) -> None:
    for index, key in enumerate(keys):
        if key.person not in known:
            raise ConfigurationError(("auth", "keys", index, "person"), f"there is no person {key.person!r}")
        if key.sha256 in {earlier.sha256 for earlier in keys[:index]}:
            raise ConfigurationError(("auth", "keys", index, "sha256"), "the same digest is listed twice")


def _check_issuers(issuers: Sequence[IssuerSettings], *, may_be_plain: bool) -> None:
    """Each issuer is one, speaks for people of its own, and is read over a connection that nothing can change."""
    for index, issuer in enumerate(issuers):
        path = ("auth", "issuers", index)
        for name in ("issuer", "jwks_url"):
            address = getattr(issuer, name)
            if address is not None and not may_be_plain and not is_protected(address):
                raise ConfigurationError((*path, name), "must begin with https:// (http:// is for this machine only)")
        if issuer.issuer in {earlier.issuer for earlier in issuers[:index]}:
            raise ConfigurationError((*path, "issuer"), "the same issuer is listed twice")
        if len(issuers) == 1:
            continue
        if not issuer.email_domains:
            raise ConfigurationError(
                (*path, "email_domains"),
                "is missing: with several issuers each one says for which domains' addresses it may speak",
            )
        if not issuer.prefix:
            raise ConfigurationError(
                (*path, "prefix"), "is missing: with several issuers it tells apart people of the same key"
            )
        for other in issuers:
            if other is not issuer and other.prefix and issuer.prefix.startswith(other.prefix):
                raise ConfigurationError(
                    (*path, "prefix"),
                    f"begins with {other.prefix!r}, the prefix of another issuer: keys could be equal",
                )


def check_sources(sources: Sequence[SourceSettings], auth: AuthSettings) -> None:
    """No secret is empty, and tokens of people are passed on only where people sign in with such tokens."""
    for index, source in enumerate(sources):
        path = ("sources", index)
        if source.acts_as != "service" and not isinstance(auth, OidcAuth):
            raise ConfigurationError(
                (*path, "acts_as"),
                f'{source.acts_as} needs the token of an identity provider that the caller signs in with: [auth] mode = "oidc"',
            )
        for place in _empty_secrets(source):
            raise ConfigurationError((*path, *place), "is empty")


def _empty_secrets(value: object) -> Iterable[KeyPath]:
    match value:
        case SecretStr():
            if not value.get_secret_value().strip():
                yield ()
        case BaseModel():
            for name in type(value).model_fields:
                yield from ((name, *place) for place in _empty_secrets(getattr(value, name)))
        case Mapping():
            for name, member in value.items():
                yield from ((str(name), *place) for place in _empty_secrets(member))
        case list() | tuple():
            for index, member in enumerate(value):
                yield from ((index, *place) for place in _empty_secrets(member))
        case _:
            pass

"""The configuration: one TOML file, checked whole before anything starts.

Any string may be `${ENV_NAME}` or `${file:path}` (relative to the configuration). Every fault is one ConfigurationError
whose text names the key; a secret's value is in none of them.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import Section, SourceSettings

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class ConfigurationError(Exception):
    """The configuration cannot be used; the text is one line and names the key."""


class GatewaySection(Section):
    """`secret` signs cursors; without one they end with the process. `journal` None lies beside the configuration."""

    secret: SecretStr | None = None
    journal: Path | None = None
    profile: Literal["development", "production"] = "development"
    cors_origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=256 * 1024, ge=1024, le=16 * 1024 * 1024)


class ApiKey(Section):
    """A token by its SHA-256 in hexadecimal: the token itself stands nowhere."""

    person: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class DemoAuth(Section):
    """Everybody is who they say they are: for trying out, on this machine."""

    mode: Literal["demo"]
    default_person: str = "alice"


class ApiKeyAuth(Section):
    mode: Literal["api_keys"]
    keys: tuple[ApiKey, ...] = Field(min_length=1)


class IdentitySection(Section):
    """A person's account in one source. `groups` None: the person's own groups."""

    id: str = Field(min_length=1)
    username: str | None = None
    email: str | None = None
    groups: tuple[str, ...] | None = None


class PersonSection(Section):
    key: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    name: str
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[Literal["task_admin"], ...] = ()
    identities: dict[str, IdentitySection] = Field(default_factory=dict)

    def caller(self) -> Caller:
        return Caller(
            key=self.key,
            name=self.name,
            email=self.email,
            groups=self.groups,
            roles=frozenset(self.roles),
            identities={
                source: Identity(
                    native_id=identity.id,
                    username=identity.username,
                    email=identity.email,
                    groups=self.groups if identity.groups is None else identity.groups,
                )
                for source, identity in self.identities.items()
            },
        )


class Settings(Section):
    """Everything that a gateway runs on. `sources` are of their vendors' own settings types."""

    gateway: GatewaySection = GatewaySection()
    auth: Annotated[DemoAuth | ApiKeyAuth, Field(discriminator="mode")]
    people: tuple[PersonSection, ...] = Field(min_length=1)
    sources: tuple[Any, ...] = Field(min_length=1)
    # Where the file lies: the journal goes beside it.
    path: Path

    @cached_property
    def callers(self) -> Mapping[str, Caller]:
        return {person.key: person.caller() for person in self.people}

    @property
    def journal_path(self) -> Path:
        named = self.gateway.journal
        return self.path.with_suffix(".journal.sqlite3") if named is None else self.path.parent / named


def load(path: Path) -> Settings:
    """The checked configuration; ConfigurationError with one line otherwise."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({_reason(error)})") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: no valid TOML: {error}") from error
    filled = _filled(raw, "", path.parent)
    listed = filled.pop("sources", [])
    if not isinstance(listed, list) or not listed:
        raise ConfigurationError("sources: at least one [[sources]] is needed")
    sources = [_source(number, section) for number, section in enumerate(listed)]
    try:
        settings = TypeAdapter(Settings).validate_python({**filled, "sources": sources, "path": path})
    except ValidationError as error:
        raise ConfigurationError(_line(error, "")) from None
    _check(settings)
    return settings


def _source(number: int, section: object) -> SourceSettings:
    place = f"sources[{number}]"
    if not isinstance(section, dict):
        raise ConfigurationError(f"{place}: must be a table")
    vendor = str(section.get("vendor"))
    known = connector_types()
    if vendor not in known:
        raise ConfigurationError(f"{place}.vendor: {vendor!r} is not known; there are {', '.join(sorted(known))}")
    try:
        return known[vendor].settings_type.model_validate(section)
    except ValidationError as error:
        raise ConfigurationError(_line(error, place)) from None


def _filled(value: Any, place: str, folder: Path) -> Any:
    """The value with placeholders replaced, at any depth."""
    if isinstance(value, dict):
        return {key: _filled(member, f"{place}.{key}" if place else key, folder) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, f"{place}[{number}]", folder) for number, member in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.startswith("file:"):
            try:
                return (folder / name.removeprefix("file:")).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"{place}: the file {name.removeprefix('file:')} cannot be read ({_reason(error)})"
                ) from error
        if name not in os.environ:
            raise ConfigurationError(f"{place}: the environment variable {name} is not set")
        return os.environ[name]

    return PLACEHOLDER.sub(replacement, value)


def _check(settings: Settings) -> None:
    """What no single section can tell."""
    _unique("sources", "key", [source.key for source in settings.sources])
    _unique("people", "key", [person.key for person in settings.people])
    keys = {source.key for source in settings.sources}
    people = {person.key for person in settings.people}
    linked: dict[tuple[str, str], str] = {}
    for number, person in enumerate(settings.people):
        for source, identity in person.identities.items():
            place = f"people[{number}].identities.{source}"
            if source not in keys:
                raise ConfigurationError(f"{place}: there is no source of that key")
            other = linked.setdefault((source, identity.id), person.key)
            if other != person.key:
                raise ConfigurationError(f"{place}.id: {identity.id!r} is {other}'s already")
    if isinstance(settings.auth, DemoAuth) and settings.auth.default_person not in people:
        raise ConfigurationError(f"auth.default_person: there is no person {settings.auth.default_person!r}")
    if isinstance(settings.auth, ApiKeyAuth):
        for number, key in enumerate(settings.auth.keys):
            if key.person not in people:
                raise ConfigurationError(f"auth.keys[{number}].person: there is no person {key.person!r}")
        _unique("auth.keys", "sha256", [key.sha256 for key in settings.auth.keys])


def _unique(section: str, member: str, values: list[str]) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            shown = "" if member == "sha256" else f" {value!r}"
            raise ConfigurationError(f"{section}[{number}].{member}:{shown} stands there twice")


def _line(error: ValidationError, place: str) -> str:
    """The first fault as `key: what is wrong`, without the value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = place
    for part in first["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    message = "is not a key that exists" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{path.lstrip('.')}: {message[:1].lower()}{message[1:]}"


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "not UTF-8"


__all__ = ["TASK_ADMIN", "ConfigurationError", "Settings", "load"]

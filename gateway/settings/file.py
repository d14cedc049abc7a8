"""The configuration file: TOML in, checked settings and known people out, before anything starts."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import Section, SourceSettings
from gateway.settings.cache_bounds import CacheBounds
from schema.core.limits import DocumentLimits

_SUBSTITUTION = re.compile(r"\$\{([^}]*)\}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"

KeyPath = tuple[str | int, ...]
S = TypeVar("S", bound=Section)


class ConfigurationError(Exception):
    """What is wrong, as one line that names the key and no secret."""

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(f"{_written(path)}: {message}" if path else message)


def _lower(value: str) -> str:
    return value.lower()


Digest = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$"), AfterValidator(_lower)]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^\s/?#@]+)$")]
PersonKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,79}$")]


class GatewaySettings(Section):
    """`secret` signs cursors. `journal` is the SQLite file of writes. `max_body_bytes` bounds one request.

    `introspection`, `graphiql` and `suggestions` in errors are offered as the profile has it, unless they say so.
    `query_deadline` and `mutation_deadline` are the seconds that one operation may wait for its sources.
    """

    secret: SecretStr | None = Field(default=None, min_length=1)
    journal: Path
    profile: Literal["development", "production"] = "development"
    cors_origins: tuple[Origin, ...] = ()
    max_body_bytes: int = Field(default=256 * 1024, ge=1024, le=16 * 1024 * 1024)
    introspection: bool | None = None
    graphiql: bool | None = None
    suggestions: bool | None = None
    metrics: bool = True
    query_deadline: float = Field(default=10.0, gt=0, le=300)
    mutation_deadline: float = Field(default=60.0, gt=0, le=300)
    limits: DocumentLimits = DocumentLimits()
    cache: CacheBounds = CacheBounds()

    def offers(self, what: Literal["introspection", "graphiql", "suggestions"]) -> bool:
        """Whether it is on: as set, else on in development and off in production."""
        chosen: bool | None = getattr(self, what)
        return self.profile == "development" if chosen is None else chosen


class DemoAuth(Section):
    """Everybody is let in: by person key as a bearer token, or as `default_person` without one."""

    mode: Literal["demo"]
    default_person: str = "alice"


class ApiKey(Section):
    """`sha256` is the hexadecimal digest of the bearer token; the token itself stands nowhere."""

    person: str
    sha256: Digest


class ApiKeysAuth(Section):
    mode: Literal["api_keys"]
    keys: tuple[ApiKey, ...] = Field(min_length=1)


class IdentitySettings(Section):
    """A person in one source; without `groups`, the person's own are taken for the vendor's."""

    id: str = Field(min_length=1)
    username: str | None = None
    email: str | None = None
    groups: tuple[str, ...] | None = None


class PersonSettings(Section):
    key: PersonKey
    name: str = Field(min_length=1)
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: frozenset[Literal["task_admin"]] = frozenset()
    identities: dict[str, IdentitySettings] = Field(default_factory=dict)

    def caller(self) -> Caller:
        return Caller(
            key=self.key,
            name=self.name,
            email=self.email,
            groups=self.groups,
            roles=frozenset(self.roles),
            identities=MappingProxyType(
                {
                    source: Identity(
                        native_id=identity.id,
                        username=identity.username,
                        email=identity.email,
                        groups=self.groups if identity.groups is None else identity.groups,
                    )
                    for source, identity in self.identities.items()
                }
            ),
        )


class _Document(Section):
    """The file without its sources, whose form depends on the vendor."""

    gateway: GatewaySettings
    auth: DemoAuth | ApiKeysAuth = Field(discriminator="mode")
    people: tuple[PersonSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`callers` are the people by key; `sources` are of their vendors' own types, in the file's order."""

    gateway: GatewaySettings
    auth: DemoAuth | ApiKeysAuth
    people: Sequence[PersonSettings]
    sources: Sequence[SourceSettings]
    callers: Mapping[str, Caller]


def load(path: Path) -> Settings:
    """Read and check the file. Every fault is a ConfigurationError; the first one found is told."""
    raw = _read(path)
    document: dict[str, Any] = {name: _substituted(value, (name,), path.parent) for name, value in raw.items()}
    gateway = document.setdefault("gateway", {})
    if isinstance(gateway, dict):
        journal = gateway.get("journal", f"{path.name}.journal.sqlite3")
        # An absolute path stays as it is; a relative one is meant beside the file.
        gateway["journal"] = str(path.parent / journal) if isinstance(journal, str) else journal
    listed = document.pop("sources", [])
    head = _checked(_Document, document, ())
    if not isinstance(listed, list):
        raise ConfigurationError(("sources",), "must be a list of tables: [[sources]]")
    sources = tuple(_source(each, ("sources", index)) for index, each in enumerate(listed))
    _check_distinct("sources", [source.key for source in sources])
    _check_distinct("people", [person.key for person in head.people])
    _check_identities(head.people, {source.key for source in sources})
    _check_auth(head)
    return Settings(
        gateway=head.gateway,
        auth=head.auth,
        people=head.people,
        sources=sources,
        callers=MappingProxyType({person.key: person.caller() for person in head.people}),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError((), f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError((), f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError((), f"{path}: is not TOML: {error}") from None


def _substituted(value: Any, path: KeyPath, folder: Path) -> Any:
    """`${NAME}` and `${file:path}` replaced in every string; a relative path is one beside the configuration."""
    match value:
        case str():
            return _SUBSTITUTION.sub(lambda found: _looked_up(found[1], path, folder), value)
        case list():
            return [_substituted(each, (*path, index), folder) for index, each in enumerate(value)]
        case dict():
            return {name: _substituted(each, (*path, name), folder) for name, each in value.items()}
        case _:
            return value


def _looked_up(reference: str, path: KeyPath, folder: Path) -> str:
    if reference.startswith(_FILE):
        file = folder / reference.removeprefix(_FILE)
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigurationError(path, f"file {file} cannot be read: {reason}") from None
    if not _ENV_NAME.fullmatch(reference):
        raise ConfigurationError(path, "${...} takes the name of an environment variable or file:<path>")
    if reference not in os.environ:
        raise ConfigurationError(path, f"environment variable {reference} is not set")
    return os.environ[reference]


def _source(raw: Any, path: KeyPath) -> SourceSettings:
    if not isinstance(raw, dict):
        raise ConfigurationError(path, "must be a table: [[sources]]")
    vendor = raw.get("vendor")
    if vendor is None:
        raise ConfigurationError((*path, "vendor"), "is missing")
    connector = connector_types().get(vendor) if isinstance(vendor, str) else None
    if connector is None:
        known = ", ".join(sorted(connector_types()))
        raise ConfigurationError((*path, "vendor"), f"unknown vendor {vendor!r}; there are: {known}")
    return _checked(connector.settings_type, raw, path)


def _checked(kind: type[S], raw: Mapping[str, Any], path: KeyPath) -> S:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        # The input is left out: it may be a secret.
        first = error.errors(include_url=False, include_input=False)[0]
        messages = {"extra_forbidden": "unknown key", "missing": "is missing", "union_tag_not_found": "is missing"}
        message = messages.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        where = (*path, *_plain(first["loc"], raw))
        if first["type"].startswith("union_tag") and "ctx" in first:
            where = (*where, first["ctx"]["discriminator"].strip("'"))
            if first["type"] == "union_tag_invalid":
                message = f"must be one of {first['ctx']['expected_tags']}"
        raise ConfigurationError(where, " ".join(message.split())) from None


def _plain(location: Sequence[str | int], raw: Any) -> Iterable[str | int]:
    """Only what stands in the file: pydantic puts the tag of a union between."""
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


def _check_distinct(table: str, keys: Sequence[str]) -> None:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise ConfigurationError((table, index, "key"), f"{key!r} is also the key of {table}[{keys.index(key)}]")


def _check_identities(people: Sequence[PersonSettings], sources: set[str]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for index, person in enumerate(people):
        for source, identity in person.identities.items():
            path = ("people", index, "identities", source)
            if source not in sources:
                raise ConfigurationError(path, f"there is no source {source!r}")
            owner = owners.setdefault((source, identity.id), person.key)
            if owner != person.key:
                raise ConfigurationError((*path, "id"), f"{identity.id!r} is also the identity of {owner!r}")


def _check_auth(document: _Document) -> None:
    known = {person.key for person in document.people}
    match document.auth:
        case DemoAuth(default_person=person):
            if document.gateway.profile == "production":
                raise ConfigurationError(("auth", "mode"), "demo lets everybody in: not with profile production")
            if person not in known:
                raise ConfigurationError(("auth", "default_person"), f"there is no person {person!r}")
        case ApiKeysAuth(keys=keys):
            for index, key in enumerate(keys):
                if key.person not in known:
                    raise ConfigurationError(("auth", "keys", index, "person"), f"there is no person {key.person!r}")
                if key.sha256 in {earlier.sha256 for earlier in keys[:index]}:
                    raise ConfigurationError(("auth", "keys", index, "sha256"), "stands there twice")


def _written(path: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")

"""The configuration file: TOML in, checked settings out, before anything starts."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.sdk.registry import connector_types
from connectors.sdk.settings import Section, SourceSettings
from gateway.documents import ManifestError, TrustedDocuments, read_manifests
from gateway.settings.auth import Auth, AuthSettings
from gateway.settings.checks import check_auth, check_distinct, check_identities, check_sources, checked
from gateway.settings.errors import ConfigurationError, KeyPath
from gateway.settings.gateway import GatewaySettings
from gateway.settings.link_checks import check_links, check_subjects
from gateway.settings.people import PersonSettings
from gateway.settings.shared import SharedSettings
from gateway.settings.store import StoreSettings

_SUBSTITUTION = re.compile(r"\$\{([^}]*)\}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"
_VENDOR = re.compile(r"[a-z][a-z0-9_.-]{0,40}")

LARGEST = 8 * 1024 * 1024
"""Bytes of the file."""
LARGEST_VALUE = 64 * 1024
"""Bytes of a file that is the value of a key."""
# Tables in tables, and how many of them are named where there are more.
_DEEPEST = 50
_TOLD_OF_DEEPEST = 5
# Keys of one table, entries of one list, and dots of one line outside of texts: reading a key takes time with the square
# of its parts.
MOST_KEYS = 2_000
MOST_ENTRIES = 50_000
MOST_DOTS = 200
_TEXT = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")


class _Document(Section):
    """The file without its sources, whose type depends on the vendor."""

    gateway: GatewaySettings
    auth: Auth
    store: StoreSettings = StoreSettings()
    shared: SharedSettings = SharedSettings()
    people: tuple[PersonSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`sources` and `people` are in the file's order; each source has its vendor's own settings type.
    `documents` are those of `[gateway.documents]`.
    """

    gateway: GatewaySettings
    auth: AuthSettings
    people: Sequence[PersonSettings]
    sources: Sequence[SourceSettings]
    store: StoreSettings
    shared: SharedSettings
    documents: TrustedDocuments


def load(path: Path) -> Settings:
    """Read and check the file.

    ConfigurationError for all faults of its tables; if there is none, for the first table that does not fit another one.
    """
    raw = _read(path)
    _check_keys(raw, ())
    document: dict[str, Any] = {name: _substituted(value, (name,), path.parent) for name, value in raw.items()}
    gateway = document.setdefault("gateway", {})
    if isinstance(gateway, dict):
        journal = gateway.get("journal", f"{path.name}.journal.sqlite3")
        # Joining keeps an absolute path; a relative one starts at the configuration's folder.
        gateway["journal"] = str(path.parent / journal) if isinstance(journal, str) else journal
        if isinstance(gateway.get("audit"), str):
            gateway["audit"] = str(path.parent / gateway["audit"])
        if isinstance(gateway.get("inbox_style"), str):
            gateway["inbox_style"] = str(path.parent / gateway["inbox_style"])
        _place_manifests(gateway.get("documents"), path.parent)
    _place_ca_files(document.get("auth"), path.parent)
    listed = document.pop("sources", [])
    head, sources = _tables(document, listed)
    check_distinct("sources", [source.key for source in sources])
    check_distinct("people", [person.key for person in head.people])
    check_identities(head.people, {source.key: source for source in sources})
    check_auth(head.auth, head.people, head.gateway)
    check_sources(sources, head.auth)
    check_subjects(head.people, head.auth)
    check_links(sources, head.auth)
    return Settings(
        gateway=head.gateway,
        auth=head.auth,
        people=head.people,
        sources=sources,
        store=head.store,
        shared=head.shared,
        documents=_trusted(head.gateway),
    )


def _place_manifests(documents: Any, folder: Path) -> None:
    manifests = documents.get("manifests") if isinstance(documents, dict) else None
    if isinstance(manifests, list):
        documents["manifests"] = [str(folder / each) if isinstance(each, str) else each for each in manifests]


def _place_ca_files(auth: Any, folder: Path) -> None:
    issuers = auth.get("issuers") if isinstance(auth, dict) else None
    for issuer in issuers if isinstance(issuers, list) else ():
        if isinstance(issuer, dict) and isinstance(issuer.get("ca_file"), str):
            issuer["ca_file"] = str(folder / issuer["ca_file"])


def _trusted(gateway: GatewaySettings) -> TrustedDocuments:
    settings, path = gateway.documents, ("gateway", "documents")
    if settings.only_trusted and gateway.subgraph.enabled:
        raise ConfigurationError(
            (*path, "only_trusted"), "does not go with [gateway.subgraph]: a router writes the documents that it sends"
        )
    try:
        documents = read_manifests(settings.manifests)
    except ManifestError as error:
        raise ConfigurationError((*path, "manifests", error.place), str(error)) from None
    if settings.only_trusted and not len(documents):
        raise ConfigurationError(
            (*path, "only_trusted"), "is true, but no manifest has a document: none could be served"
        )
    return documents


def _tables(document: dict[str, Any], listed: Any) -> tuple[_Document, Sequence[SourceSettings]]:
    faults: list[ConfigurationError] = []
    sources = []
    head = None
    try:
        head = checked(_Document, document, ())
    except ConfigurationError as fault:
        faults.append(fault)
    if not isinstance(listed, list):
        faults.append(ConfigurationError(("sources",), "must be a list of tables: [[sources]]"))
        listed = []
    for index, each in enumerate(listed):
        try:
            sources.append(_source(each, ("sources", index)))
        except ConfigurationError as fault:
            faults.append(fault)
    if head is None or faults:
        raise ConfigurationError.of(faults)
    return head, tuple(sources)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = _text_of(path, LARGEST)
        for number, line in enumerate(text.split("\n"), start=1):
            if line.count(".") > MOST_DOTS and _TEXT.sub("", line).partition("#")[0].count(".") > MOST_DOTS:
                raise ConfigurationError((), f"{path}: line {number}: is nested too deeply")
        return tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError((), f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError((), f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError((), f"{path}: is not TOML: {error}") from None
    except _TooLargeError as error:
        raise ConfigurationError((), f"{path}: {error}") from None
    except ValueError:
        # Python reads no number of more than 4,300 digits.
        raise ConfigurationError((), f"{path}: is not TOML: a number or a date in it is out of range") from None
    except RecursionError:
        raise ConfigurationError((), f"{path}: is nested too deeply") from None


class _TooLargeError(Exception):
    """A file that is no configuration, or no value of one: a device that never ends, a dump."""


def _text_of(path: Path, most: int) -> str:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _TooLargeError(f"is larger than {most // 1024} kB")
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def _substituted(value: Any, path: KeyPath, folder: Path) -> Any:
    """Replaces `${NAME}` and `${file:path}` in every string. A relative path starts at `folder`."""
    if len(path) > _DEEPEST:
        raise ConfigurationError(path[:_TOLD_OF_DEEPEST], "is nested too deeply")
    match value:
        case str():
            return _SUBSTITUTION.sub(lambda found: _looked_up(found[1], path, folder), value)
        case list():
            if len(value) > MOST_ENTRIES:
                raise ConfigurationError(path, f"has {len(value)} entries; {MOST_ENTRIES} are read at most")
            return [_substituted(each, (*path, index), folder) for index, each in enumerate(value)]
        case dict():
            _check_keys(value, path)
            return {name: _substituted(each, (*path, name), folder) for name, each in value.items()}
        case _:
            return value


def _check_keys(table: Mapping[str, Any], path: KeyPath) -> None:
    if len(table) > MOST_KEYS:
        where = "" if path else "the file "
        raise ConfigurationError(path, f"{where}has {len(table)} keys; {MOST_KEYS} are read at most")


def _looked_up(reference: str, path: KeyPath, folder: Path) -> str:
    if reference.startswith(_FILE):
        file = folder / reference.removeprefix(_FILE)
        try:
            return _text_of(file, LARGEST_VALUE).rstrip("\r\n")
        except _TooLargeError as error:
            raise ConfigurationError(path, f"file {file} cannot be read: it {error}") from None
        except (OSError, ValueError) as error:
            if isinstance(error, OSError):
                reason = error.strerror
            else:
                reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "it is no file name"
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
        known = ", ".join(connector_types())
        # What cannot be a vendor's name may be a secret that went astray.
        named = f" {vendor!r}" if isinstance(vendor, str) and _VENDOR.fullmatch(vendor) else ""
        raise ConfigurationError((*path, "vendor"), f"unknown vendor{named}; known vendors: {known}")
    return checked(connector.settings_type, raw, path)

"""Trusted documents: manifests that the build of a client writes.

Apollo (`@apollo/generate-persisted-query-manifest`):
    {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": ..., "body": ...}]}
Relay (`persistConfig.file` of relay-compiler), and others with the same form:
    {"<id>": "<text>"}
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Struct

from gateway.documents.automatic import sha256_of

APOLLO = "apollo-persisted-query-manifest"
LARGEST_FILE = 32 * 1024 * 1024
MOST_DOCUMENTS = 20_000


class ManifestError(Exception):
    """What is wrong with the manifest at `place` in the list of paths."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place = place


class TrustedDocuments:
    """Texts by id. `ids`: as the manifests have them; each text is also found by its SHA-256."""

    def __init__(self, by_id: Mapping[str, str] = MappingProxyType({})) -> None:
        self._by_id = dict(by_id)
        self._by_hash = {sha256_of(text): text for text in self._by_id.values()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustedDocuments) and self._by_id == other._by_id

    __hash__ = None  # type: ignore[assignment] # compared, never a key

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, name: str) -> str | None:
        """The text with this id or SHA-256."""
        return self._by_id.get(name) or self._by_hash.get(name)

    def has(self, text: str) -> bool:
        """Whether exactly this text is among them."""
        return sha256_of(text) in self._by_hash


NO_DOCUMENTS = TrustedDocuments()


class _ApolloOperation(Struct):
    id: str
    body: str


class _ApolloManifest(Struct):
    version: int
    operations: list[_ApolloOperation]


def read_manifests(paths: Iterable[Path]) -> TrustedDocuments:
    """All documents of the files. Raises ManifestError if a file is no manifest, or if an id has two texts."""
    found: dict[str, str] = {}
    for place, path in enumerate(paths):
        try:
            _add(found, _documents(path))
        except OSError as error:
            raise ManifestError(place, f"{path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise ManifestError(place, f"{path} {error}") from None
    return TrustedDocuments(found) if found else NO_DOCUMENTS


def _add(found: dict[str, str], documents: Iterable[tuple[str, str]]) -> None:
    for name, text in documents:
        if not name or not text:
            raise ValueError("has an empty id or an empty document")
        if found.setdefault(name, text) != text:
            raise ValueError(f"has another document with the id {name!r} than one before it")
        if len(found) > MOST_DOCUMENTS:
            raise ValueError(f"has one document too many: all manifests together may have {MOST_DOCUMENTS}")


def _documents(path: Path) -> Iterator[tuple[str, str]]:
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"is larger than {LARGEST_FILE} bytes")
    try:
        # Decoding is strict about types below; here only the kind of manifest is decided.
        raw = msgspec.json.decode(path.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError("is not JSON in UTF-8") from None
    if not isinstance(raw, dict):
        raise ValueError("is no manifest: neither Apollo's nor an object of ids and documents")  # noqa: TRY004 one kind of fault
    if raw.get("format") == APOLLO:
        manifest = _apollo(raw)
        return ((each.id, each.body) for each in manifest.operations)
    try:
        return iter(msgspec.convert(raw, dict[str, str]).items())
    except msgspec.ValidationError:
        raise ValueError("is no manifest: neither Apollo's nor an object of ids and documents") from None


def _apollo(raw: object) -> _ApolloManifest:
    try:
        manifest = msgspec.convert(raw, _ApolloManifest)
    except msgspec.ValidationError as error:
        raise ValueError(f"is no manifest of Apollo's format: {error}") from None
    if manifest.version != 1:
        raise ValueError(f"has version {manifest.version} of Apollo's format; 1 is known")
    return manifest

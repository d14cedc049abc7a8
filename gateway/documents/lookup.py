"""The text of the document that a request sends or names."""

import re

from gateway.documents.automatic import AutomaticDocuments, sha256_of
from gateway.documents.manifest import TrustedDocuments

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFIX = "sha256:"
"""Of `documentId` in GraphQL over HTTP, where the rest is a hash."""


class DocumentRefusedError(Exception):
    """The document is not known or not served; `code` goes into `extensions.code`. The texts are those that clients look for."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class HashMismatchError(Exception):
    """The hash is not that of the text."""


class DocumentLookup:
    """`only_trusted`: no other document is served, and none is registered. `automatic` is None where clients may register none."""

    def __init__(
        self,
        trusted: TrustedDocuments,
        *,
        only_trusted: bool = False,
        automatic: AutomaticDocuments | None = None,
    ) -> None:
        self._trusted = trusted
        self._only_trusted = only_trusted
        self._automatic = None if only_trusted else automatic

    def text(self, query: str | None, name: str | None = None) -> str:
        """The document to run. `name` is an id or a SHA-256; with a `query` it must be the query's SHA-256.

        Raises DocumentRefusedError, and HashMismatchError.
        """
        if query is None:
            return self._named(name or "")
        if name is not None and sha256_of(query) != name.removeprefix(_PREFIX) and self._trusted.find(name) != query:
            raise HashMismatchError
        if self._only_trusted and not self._trusted.has(query):
            raise DocumentRefusedError("DOCUMENT_NOT_TRUSTED", "Only documents of the configured manifests are served.")
        return query

    def keep(self, text: str, name: str | None) -> None:
        """Registers a valid document whose request named it by its hash."""
        sha256 = (name or "").removeprefix(_PREFIX)
        if self._automatic is not None and _SHA256.fullmatch(sha256) and self._trusted.find(sha256) is None:
            self._automatic.keep(sha256, text)

    def _named(self, name: str) -> str:
        sha256 = name.removeprefix(_PREFIX)
        found = self._trusted.find(name) or self._trusted.find(sha256)
        if found is None and self._automatic is not None:
            found = self._automatic.find(sha256)
        if found is not None:
            return found
        if self._automatic is None and not len(self._trusted):
            raise DocumentRefusedError("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
        raise DocumentRefusedError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")

"""The identities of one person, as the book knows them at the moment of each look-up."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from connectors.sdk.caller import Identity


class KnownLinks(Protocol):
    def identity(self, key: str, source: str, *, is_signed_in: bool) -> Identity | None: ...
    def linked_sources(self, key: str, *, is_signed_in: bool) -> Iterator[str]: ...


class LinkedIdentities(Mapping[str, Identity]):
    """By source. `is_signed_in`: with what the person's last token says."""

    def __init__(self, book: KnownLinks, key: str, *, is_signed_in: bool = True) -> None:
        self._book, self._key, self._is_signed_in = book, key, is_signed_in

    def __getitem__(self, source: str) -> Identity:
        found = self._book.identity(self._key, source, is_signed_in=self._is_signed_in)
        if found is None:
            raise KeyError(source)
        return found

    def __iter__(self) -> Iterator[str]:
        return self._book.linked_sources(self._key, is_signed_in=self._is_signed_in)

    def __len__(self) -> int:
        return sum(1 for _ in self)

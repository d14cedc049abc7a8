"""The identities of one person by one token, as the book knows them at the moment of each look-up."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from connectors.sdk.caller import Identity
from gateway.people.entry import Entry


class KnownLinks(Protocol):
    def identity_of(self, entry: Entry, source: str) -> Identity | None: ...
    def linked_sources(self, entry: Entry) -> Iterator[str]: ...


class LinkedIdentities(Mapping[str, Identity]):
    """By source. `entry`: what the person's token says, whatever another token of theirs says meanwhile."""

    def __init__(self, book: KnownLinks, entry: Entry) -> None:
        self._book = book
        self.entry = entry

    def __getitem__(self, source: str) -> Identity:
        found = self._book.identity_of(self.entry, source)
        if found is None:
            raise KeyError(source)
        return found

    def __iter__(self) -> Iterator[str]:
        return self._book.linked_sources(self.entry)

    def __len__(self) -> int:
        return sum(1 for _ in self)

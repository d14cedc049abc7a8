"""What the rest of the gateway knows about people."""

from collections.abc import Collection
from typing import Protocol

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef


class People(Protocol):
    """The book of people: one entry a person, unique by key.

    Look-ups are in memory and answer at once. The book may grow while the gateway runs: ask it again for each request
    and keep no copy.
    """

    def by_key(self, key: str) -> Caller | None: ...

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        """The person linked to an account of a source; None for an account that belongs to no known person."""
        ...

    def all(self) -> Collection[Caller]: ...

"""What the rest of the gateway knows about people."""

from collections.abc import Collection, Mapping
from typing import Protocol

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef


class SignedIn(Struct, frozen=True, kw_only=True):
    """The person of a checked token.

    `key` has the issuer's prefix. `email` is in lower case; `is_email_proved`: the issuer vouches for it and may speak for
    its domain. `roles` are the gateway's. `claims` are the whole payload, for link rules. `expires_at` in seconds since 1970.
    """

    issuer: str
    subject: str
    key: str
    name: str
    email: str | None
    is_email_proved: bool
    groups: tuple[str, ...]
    roles: frozenset[str]
    claims: Mapping[str, object]
    expires_at: float


class People(Protocol):
    """The book of people: one entry a person, unique by key.

    Look-ups are in memory and answer at once. The book may grow while the gateway runs: ask it again for each request
    and keep no copy.
    """

    def signed_in(self, who: SignedIn) -> Caller:
        """The person who has signed in with a token: a configured one, else one that the token alone describes."""
        ...

    def by_key(self, key: str) -> Caller | None: ...

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        """The person linked to an account of a source; None for an account that belongs to no known person."""
        ...

    def all(self) -> Collection[Caller]: ...

"""What the rest of the gateway knows about people."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.model import Group, NativeRef, User
from schema.ports import AccountLink


class SignedIn(Struct, frozen=True, kw_only=True):
    """What a checked token says of the person.

    `key`: the configured claim, with the issuer's prefix. `email` is in lower case; `is_email_proved`: the issuer says, or is
    trusted, that it is the person's, and may speak for its domain. `claims`: the payload, for the rules of the sources,
    without an address that is not proved.
    `expires_at`: in seconds of Unix time.
    """

    issuer: str
    subject: str
    key: str
    name: str
    email: str | None = None
    is_email_proved: bool = False
    groups: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, object]
    expires_at: float


class DirectoryRecord(Struct, frozen=True, kw_only=True):
    """One read of a source's directory.

    `groups`: each account's groups, by native id; empty if memberships were not asked for.
    `is_whole`: no account is missing.
    """

    accounts: Sequence[User]
    groups: Mapping[str, tuple[Group, ...]]
    is_whole: bool


class ReadDirectory(Protocol):
    """Reads the directory of the source with that key, in its own call context. Raises ConnectorError.

    `is_awaited` is asked before each request: whether a person's request waits for the answer. `pace`: seconds between two
    requests, for a directory that no link needs.
    """

    def __call__(
        self, source: str, *, with_groups: bool, is_awaited: Callable[[], bool], pace: float = 0.0
    ) -> Awaitable[DirectoryRecord]: ...


class People(Protocol):
    """The book of people: one entry a person, unique by key.

    Look-ups are in memory and answer at once. The book grows while the gateway runs: ask it again for each request
    and keep no copy.
    """

    def signed_in(self, who: SignedIn) -> Caller:
        """The person of a token: the entry of `[[people]]` with its subject, else the one without a subject that has its key,
        else a person of its own.
        """
        ...

    @property
    def changes(self) -> int:
        """Another number whenever a person, or whose an account is, may be another than before."""
        ...

    def by_key(self, key: str) -> Caller | None: ...

    def as_configured(self, key: str) -> Caller | None:
        """A person of `[[people]]` without what their tokens say: for one who signs in by other means."""
        ...

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        """The person linked to an account of a source; None for an account that belongs to no known person."""
        ...

    def all(self) -> Collection[Caller]: ...

    def find(self, search: str | None) -> Iterator[Caller]:
        """By name, the people who have each word of `search` in name, mail address or key."""
        ...

    def is_resolved(self, person: Caller, source: str) -> bool:
        """Whether `Caller.identity(source)` is known now, be it that there is none."""
        ...

    async def resolve(self, person: Caller, source: str, *, within: float) -> None:
        """Make it known, for at most so many seconds. Raises UnavailableError if the source's directory cannot be read."""
        ...

    async def links(self, person: Caller, *, within: float) -> Sequence[AccountLink]:
        """The person's accounts, also one that is only a candidate. Sources whose directory cannot be read are left out."""
        ...

    def accounts(self, source: str) -> "KeptAccounts | None":
        """The accounts of a directory that the book keeps up to date; None for other sources, and while it has none."""
        ...


class PeopleStore(Protocol):
    """Keeps what tokens told of people beyond the end of the process, for a time and a number of people that it bounds."""

    async def people(self) -> Sequence[tuple[str, float, bytes]]:
        """Key, last sign-in in seconds since 1970, and record; those who signed in longest ago first. Raises nothing."""
        ...

    def keep_person(self, key: str, seen_at: float, record: bytes) -> None:
        """Keeps the record in place of an earlier one. Waits for nothing and raises nothing."""
        ...


class KeptAccounts(Protocol):
    """The accounts of a source as the book has them."""

    @property
    def age(self) -> float:
        """Seconds since the accounts were read."""
        ...

    @property
    def is_whole(self) -> bool: ...

    def find(self, search: str | None) -> Iterator[User]:
        """By name, the accounts that have each word of `search` in name, user name or mail address."""
        ...

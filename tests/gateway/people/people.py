"""People who sign in, directories in memory, and a book over them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anyio

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Group, User
from connectors.sdk.settings import LinkSettings
from gateway.people import DirectoryRecord, Person, SignedIn, SourceRules
from gateway.people.book import BookOfPeople
from gateway.people.directories import Directories

ISSUER = "https://login.example.com"
ALL_FACTS = frozenset(DirectoryFact) - {DirectoryFact.NAMES_AS_IDS}
WITHIN = 1.0


def token(key: str, *, email: str | None = None, proved: bool = True, **more: Any) -> SignedIn:
    """The address is <key>@example.com unless said otherwise."""
    claims = more.pop("claims", {})
    return SignedIn(
        issuer=more.pop("issuer", ISSUER),
        subject=more.pop("subject", f"sub-{key}"),
        key=key,
        name=more.pop("name", key.title()),
        email=f"{key}@example.com" if email is None else email,
        is_email_proved=proved,
        claims=claims,
        expires_at=2_000_000_000.0,
        **more,
    )


def account(native_id: str, email: str | None = None, **more: Any) -> User:
    return User(native_id=native_id, name=more.pop("name", f"Account {native_id}"), email=email, **more)


def configured(key: str, email: str | None = None, subject: str | None = None, **identities: str) -> Person:
    found = {source: Identity(native_id=native_id) for source, native_id in identities.items()}
    return Person(caller=Caller(key=key, name=key.title(), email=email, identities=found), subject=subject)


class Stage:
    """A book over directories that a test fills, with a clock that it moves."""

    def __init__(
        self,
        people: Iterable[Person] = (),
        *,
        facts: frozenset[DirectoryFact] = ALL_FACTS,
        directory_seconds: float = 300.0,
        most: int = 50_000,
        **rules: LinkSettings,
    ) -> None:
        self.time = 0.0
        self.accounts: dict[str, list[User]] = {source: [] for source in rules}
        self.groups: dict[str, Mapping[str, tuple[Group, ...]]] = {}
        self.is_whole = True
        self.failure: ConnectorError | None = None
        self.gate: anyio.Event | None = None
        self.reads: list[str] = []
        self.awaited: list[bool] = []
        self.pauses: list[float] = []
        known = {source: SourceRules(settings=each, facts=facts) for source, each in rules.items()}
        needed = {source: directory_seconds for source, each in known.items() if each.needs_directory}
        self.directories = Directories(
            self._read,
            needed,
            with_groups=frozenset(source for source in needed if known[source].has_directory_groups),
            now=lambda: self.time,
            pause=self._pause,
        )
        self.book = BookOfPeople(people, rules=known, directories=self.directories, now=lambda: self.time, most=most)

    async def read(self) -> None:
        """Read all directories anew."""
        self.time += 1_000
        for source in self.accounts:
            if source in self.directories:
                await self.directories.require(source, within=WITHIN)

    async def identity(self, person: Caller, source: str) -> str | None:
        """The native id, after the look-up."""
        await self.book.resolve(person, source, within=WITHIN)
        found = person.identity(source)
        return None if found is None else found.native_id

    async def _read(
        self, source: str, *, with_groups: bool, is_awaited: Callable[[], bool], pace: float = 0.0
    ) -> DirectoryRecord:
        self.reads.append(source)
        self.awaited.append(is_awaited())
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        groups = self.groups.get(source, {}) if with_groups else {}
        return DirectoryRecord(accounts=list(self.accounts[source]), groups=groups, is_whole=self.is_whole)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await anyio.sleep_forever()

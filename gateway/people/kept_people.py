"""What is known of people from their tokens, kept beyond the end of the process."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.people.entry import Entry, Person
from gateway.people.port import PeopleStore
from gateway.people.wish import SourceRules

# Seconds after which it is noted again that a person signed in, if their token tells nothing new.
NOTED_EVERY = 3_600.0


class _Kept(Struct, frozen=True, array_like=True):
    """What a token told. `terms`: under which configuration it was read."""

    terms: bytes
    name: str
    issuer: str | None
    email: str | None
    is_email_proved: bool
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    native_ids: dict[str, str]
    usernames: dict[str, str]
    groups_there: dict[str, tuple[str, ...]]


_decode = msgspec.msgpack.Decoder(_Kept).decode


def terms_of(issuers: Sequence[str], rules: Mapping[str, SourceRules], people: Sequence[Person]) -> bytes:
    """A digest of what decides about the meaning of a token: issuers, link rules, and which person of `[[people]]` it is."""
    decides = (
        list(issuers),
        {source: each.settings.model_dump_json() for source, each in sorted(rules.items())},
        [(person.caller.key, person.subject) for person in people],
    )
    return hashlib.sha256(msgspec.json.encode(decides)).digest()


class KeptPeople:
    """`terms` identifies the parts of the configuration that decide what a token means. What was kept under other terms gives
    no account, address, group or role: the person is known by key and name until they sign in.

    `now` in seconds since 1970; `monotonic` is the book's clock.
    """

    def __init__(
        self,
        store: PeopleStore,
        *,
        terms: bytes,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._terms = terms
        self._now, self._monotonic = now, monotonic
        self._noted: dict[str, float] = {}

    async def known(self) -> Sequence[Entry]:
        """Those who signed in longest ago first, without what the configuration says of them. Records that cannot be read are left out."""
        wall, here = self._now(), self._monotonic()
        return [
            self._entry(key, kept, seen_at=here - max(0.0, wall - seen_at))
            for key, seen_at, record in await self._store.people()
            if (kept := _decoded(record)) is not None
        ]

    def note(self, entry: Entry, *, is_new: bool) -> None:
        """The person signed in; `entry` is what the token tells. `is_new`: their last one told something else."""
        here = self._monotonic()
        if not is_new and here - self._noted.get(entry.key, -NOTED_EVERY) < NOTED_EVERY:
            return
        self._noted[entry.key] = here
        kept = _Kept(
            terms=self._terms,
            name=entry.name,
            issuer=entry.issuer,
            email=entry.email,
            is_email_proved=entry.is_email_proved,
            groups=entry.groups,
            roles=tuple(sorted(entry.roles)),
            native_ids=dict(entry.native_ids),
            usernames=dict(entry.usernames),
            groups_there=dict(entry.groups_there),
        )
        self._store.keep_person(entry.key, self._now(), msgspec.msgpack.encode(kept))

    def forget(self, key: str) -> None:
        """The book has no room for the person; what is kept stays for its time."""
        self._noted.pop(key, None)

    def _entry(self, key: str, kept: _Kept, *, seen_at: float) -> Entry:
        if kept.terms != self._terms:
            return Entry(key=key, name=kept.name, issuer=kept.issuer, seen_at=seen_at)
        return Entry(
            key=key,
            name=kept.name,
            issuer=kept.issuer,
            email=kept.email,
            is_email_proved=kept.is_email_proved,
            groups=kept.groups,
            roles=frozenset(kept.roles),
            native_ids=kept.native_ids,
            usernames=kept.usernames,
            groups_there=kept.groups_there,
            seen_at=seen_at,
        )


def _decoded(record: bytes) -> _Kept | None:
    try:
        return _decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None

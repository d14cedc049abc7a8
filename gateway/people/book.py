"""The book of people: joined from `[[people]]`, from tokens, and from the directories of the sources."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import anyio
import structlog

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import NativeRef
from gateway.people.directories import Directories
from gateway.people.directory import Directory, address, user_name
from gateway.people.entry import Entry, Person, configured, of_token, with_configured
from gateway.people.kept_people import KeptPeople
from gateway.people.linked_identities import LinkedIdentities
from gateway.people.name_index import NameIndex
from gateway.people.port import KeptAccounts, SignedIn
from gateway.people.wish import SourceRules, Wish, waits_for_directory, wish_of
from schema.ports import AccountLink, LinkedBy

log = structlog.get_logger("taskgate.people")

# People that are known from their tokens, at most; those who signed in longest ago are forgotten first.
MOST_PEOPLE = 50_000
# Seconds after the last sign-in for which two people who are found one account stand in each other's way. Later the one who
# signs in has it: the other's user at the identity provider may be deleted and made anew.
RIVAL_SECONDS = 86_400.0
# Accounts whose people are remembered until anything changes.
MOST_REFS = 100_000
# A subject begins with the issuer's address.
ADDRESSES = ("https://", "http://")
# Ambiguous accounts that one process logs.
MOST_LOGGED = 1_000


class BookOfPeople:
    """Joins accounts to people by the rules of each source. Never two people to one account, nor one to two of a source.

    Links are worked out when they are asked for, from what is known then: the order in which people sign in and directories
    are read makes no difference.
    """

    def __init__(
        self,
        people: Iterable[Person | Caller] = (),
        *,
        rules: Mapping[str, SourceRules] = MappingProxyType({}),
        directories: Directories | None = None,
        kept: KeptPeople | None = None,
        now: Callable[[], float] = time.monotonic,
        most: int = MOST_PEOPLE,
    ) -> None:
        """`people` of the configuration have distinct keys, and no two share an account. `rules` by source. `kept` is told of
        each sign-in.
        """
        known = [Person(caller=one) if isinstance(one, Caller) else one for one in people]
        self._rules, self._directories, self._kept, self._now, self._most = rules, directories, kept, now, most
        self._settings = {source: each.settings for source, each in rules.items()}
        self._configured = {one.caller.key: configured(one) for one in known}
        self._subjects = {one.subject: one.caller.key for one in known if one.subject is not None}
        self._by_subject_only = frozenset(self._subjects.values())
        self._owners = {
            NativeRef(source, identity.native_id): key
            for key, entry in self._configured.items()
            for source, identity in entry.configured.items()
        }
        self._signed_in: OrderedDict[str, Entry] = OrderedDict()
        # Who may be linked to an account, by what the rules compare.
        self._by_ref: dict[NativeRef, set[str]] = {}
        self._by_user_name: dict[str, set[str]] = {}
        self._by_address: dict[str, set[str]] = {}
        self._callers: dict[str, Caller] = {}
        self._names = NameIndex()
        # When people signed in last. Their entries stay the same ones until a token tells something new.
        self._seen: dict[str, float] = {}
        # Links as they were worked out, until anything changes. An entry that is there keeps its id.
        self._links: dict[tuple[int, str], tuple[Entry, AccountLink | None]] = {}
        self._linked: dict[NativeRef, str | None] = {}
        self._logged: set[tuple[str, ...]] = set()
        self._changes = 0
        if directories is not None:
            directories.on_change = self._changed
        for entry in self._configured.values():
            self._note(entry)
            self._keep(entry)

    def adopt(self, before: "BookOfPeople", sources: Collection[str]) -> None:
        """Begin with what another book knows of the directories of these sources."""
        if self._directories is not None and before._directories is not None:  # noqa: SLF001 of the same class
            self._directories.adopt(before._directories, sources)  # noqa: SLF001

    def signed_in(self, who: SignedIn) -> Caller:
        """Raises nothing: a token that names no entry of `[[people]]` is a new person."""
        told = of_token(self._key_of(who), who, self._settings, seen_at=self._now())
        is_new = self._enter(told)
        if self._kept is not None:
            self._kept.note(told, is_new=is_new)
        return self._callers[told.key]

    def restore(self, told: Entry) -> None:
        """A person who signed in before this process began, with what their token told then."""
        self._enter(told)

    def by_key(self, key: str) -> Caller | None:
        return self._callers.get(key)

    def as_configured(self, key: str) -> Caller | None:
        entry = self._configured.get(key)
        return None if entry is None else self._caller(entry)

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        owner = self._owners.get(ref)
        if owner is None and ref.source in self._rules:
            if ref not in self._linked:
                if len(self._linked) >= MOST_REFS:
                    self._linked.clear()
                self._linked[ref] = self._linked_to(ref)
            owner = self._linked[ref]
        return None if owner is None else self._callers[owner]

    def all(self) -> Collection[Caller]:
        return self._callers.values()

    def find(self, search: str | None) -> Iterator[Caller]:
        return (self._callers[key] for key in self._names.find(search))

    def is_resolved(self, person: Caller, source: str) -> bool:
        return self._is_resolved(self._entry_of(person), source)

    async def resolve(self, person: Caller, source: str, *, within: float) -> None:
        await self._resolve(self._entry_of(person), source, within=within)

    async def links(self, person: Caller, *, within: float) -> Sequence[AccountLink]:
        entry = self._entry_of(person)
        if entry is None:
            return [
                AccountLink(source=source, identity=identity, linked_by=LinkedBy.CONFIG)
                for source, identity in person.identities.items()
            ]
        unread: set[str] = set()

        async def resolve(source: str) -> None:
            try:
                await self._resolve(entry, source, within=within, for_candidates=True)
            except UnavailableError:
                unread.add(source)

        async with anyio.create_task_group() as group:
            for source in self._rules:
                if not self._is_resolved(entry, source, for_candidates=True):
                    group.start_soon(resolve, source)
        found = (self._link(entry, source) for source in self._sources(entry) if source not in unread)
        return [link for link in found if link is not None]

    def accounts(self, source: str) -> KeptAccounts | None:
        found = self._directory(source)
        return (
            found if found is not None and self._directories is not None and self._directories.is_good(source) else None
        )

    def identity_of(self, entry: Entry, source: str) -> Identity | None:
        """The account that the person is linked to, as far as it is known."""
        link = self._link(entry, source)
        return None if link is None or not link.verified else link.identity

    def linked_sources(self, entry: Entry) -> Iterator[str]:
        found = ((source, self._link(entry, source)) for source in self._sources(entry))
        yield from (source for source, link in found if link is not None and link.verified)

    def _enter(self, told: Entry) -> bool:
        """Whether it says anything new of the person, who signed in last of all."""
        key, known = told.key, self._configured.get(told.key)
        entry = with_configured(told, known, self._settings)
        before = self._signed_in.get(key)
        is_new, was_old = not entry.says_the_same_as(before), self._is_old(before)
        self._signed_in[key] = entry if is_new or before is None else before
        self._signed_in.move_to_end(key)
        self._seen[key] = entry.seen_at or 0.0
        if is_new or was_old:
            self._unnote(before or known)
            self._note(self._signed_in[key])
            self._keep(self._signed_in[key])
        while len(self._signed_in) > self._most:
            self._forget(*self._signed_in.popitem(last=False))
        return is_new

    def _changed(self, _source: str) -> None:
        """A directory was read anew."""
        self._forget_links()

    @property
    def changes(self) -> int:
        return self._changes

    def _forget_links(self) -> None:
        """All links are worked out again when they are asked for."""
        self._changes += 1
        self._links.clear()
        self._linked.clear()

    def _key_of(self, who: SignedIn) -> str:
        """An entry of `[[people]]` that names a subject is meant by no other one, whatever key its token has."""
        subject = f"{who.issuer}|{who.subject}"
        named = self._subjects.get(subject)
        if named is not None:
            return named
        # A key that looks like a subject is none: people may choose the text of some claims.
        return subject if who.key in self._by_subject_only or who.key.lower().startswith(ADDRESSES) else who.key

    def _keep(self, entry: Entry) -> None:
        self._changes += 1
        self._callers[entry.key] = self._caller(entry)
        self._names.put(entry.key, [text for text in (entry.name, entry.shown_email, entry.key) if text])

    def _caller(self, entry: Entry) -> Caller:
        # Without rules a person has what the configuration says, and nothing else.
        return Caller(
            key=entry.key,
            name=entry.name,
            email=entry.shown_email,
            groups=entry.groups,
            roles=entry.roles,
            issuer=entry.issuer,
            identities=LinkedIdentities(self, entry) if self._rules else entry.configured,
        )

    def _entry(self, key: str) -> Entry | None:
        """With what the person's last token says."""
        return self._signed_in.get(key) or self._configured.get(key)

    def _entry_of(self, person: Caller) -> Entry | None:
        """What the token says with which the person signed in, or the configuration for one without."""
        return person.identities.entry if isinstance(person.identities, LinkedIdentities) else None

    def _sources(self, entry: Entry) -> list[str]:
        return list(dict.fromkeys((*entry.configured, *self._rules)))

    def _directory(self, source: str) -> Directory | None:
        if self._directories is None or source not in self._directories:
            return None
        return self._directories.kept(source)

    def _is_resolved(self, entry: Entry | None, source: str, *, for_candidates: bool = False) -> bool:
        rules = self._rules.get(source)
        if rules is None or entry is None or self._directories is None or source not in self._directories:
            return True
        if not waits_for_directory(entry, source, rules, for_candidates=for_candidates):
            return True
        directory = self._directory(source)
        return directory is not None and directory.is_whole and self._directories.is_good(source)

    async def _resolve(self, entry: Entry | None, source: str, *, within: float, for_candidates: bool = False) -> None:
        if self._is_resolved(entry, source, for_candidates=for_candidates) or self._directories is None:
            return
        await self._directories.require(source, within=within)
        directory = self._directory(source)
        if directory is None or not directory.is_whole:
            raise UnavailableError(
                "the directory of this source is not shown whole, or has more accounts than are read, so it is not known which "
                "account there is whose"
            ).at(source, "read directory")

    def _linked_to(self, ref: NativeRef) -> str | None:
        for key in self._candidates(ref):
            entry = self._entry(key)
            identity = None if entry is None else self.identity_of(entry, ref.source)
            if identity is not None and identity.native_id == ref.native_id:
                return key
        return None

    def _link(self, entry: Entry, source: str) -> AccountLink | None:
        kept = id(entry), source
        if kept not in self._links:
            self._links[kept] = entry, self._worked_out(entry, source)
        return self._links[kept][1]

    def _worked_out(self, entry: Entry, source: str) -> AccountLink | None:
        wish = self._wish(entry, source)
        if wish is None:
            return None
        native_id = wish.native_id
        if native_id is None:
            self._log("several accounts in use for one person", source, (entry.key,), wish.accounts)
            return None
        if wish.identity is not None:
            return AccountLink(source=source, identity=wish.identity, linked_by=wish.linked_by)
        rival = self._rival(entry, NativeRef(source, native_id)) if wish.verified else None
        if rival is not None:
            self._log("one account for several people", source, sorted((entry.key, rival)), (native_id,))
            return None
        return AccountLink(
            source=source,
            identity=self._identity(entry, source, native_id),
            linked_by=wish.linked_by,
            verified=wish.verified,
        )

    def _wish(self, entry: Entry, source: str) -> Wish | None:
        return wish_of(entry, source, self._rules.get(source), self._directory(source))

    def _identity(self, entry: Entry, source: str, native_id: str) -> Identity:
        directory, rules = self._directory(source), self._rules[source]
        account = None if directory is None else directory.account(native_id)
        groups, group_ids = entry.groups_there.get(source, entry.groups), None
        if rules.settings.groups_claim is not None:
            groups = entry.groups_there.get(source, ())
        elif rules.has_directory_groups:
            found = () if directory is None else directory.groups_of(native_id)
            # Tasks name a group by its id or its name. Further names could cost a call each.
            groups = tuple(dict.fromkeys(name for one in found for name in (one.native_id, one.name)))
            group_ids = tuple(one.native_id for one in found)
        return Identity(
            native_id=native_id,
            username=entry.usernames.get(source) if account is None else account.username,
            email=None if account is None else account.email,
            groups=groups,
            group_ids=group_ids,
        )

    def _rival(self, entry: Entry, ref: NativeRef) -> str | None:
        """Another person whom the rules find this account, or whose it is by the configuration."""
        owner = self._owners.get(ref)
        if owner is not None and owner != entry.key:
            return owner
        for key in self._candidates(ref):
            other = self._entry(key)
            if other is None or key == entry.key or (self._is_old(other) and not self._is_old(entry)):
                continue
            wish = self._wish(other, ref.source)
            if wish is not None and wish.verified and wish.native_id == ref.native_id:
                return key
        return None

    def _candidates(self, ref: NativeRef) -> Iterator[str]:
        """The people whom a rule may find this account."""
        directory = self._directory(ref.source)
        account = None if directory is None else directory.account(ref.native_id)
        found = set(self._by_ref.get(ref, ()))
        if account is not None and (name := user_name(account.username)) is not None:
            found |= self._by_user_name.get(name, set())
        if account is not None and (email := address(account.email)) is not None:
            found |= self._by_address.get(email, set())
        yield from found

    def _is_old(self, entry: Entry | None) -> bool:
        if entry is None or entry.seen_at is None or entry.key in self._configured:
            return False
        return self._now() - self._seen.get(entry.key, entry.seen_at) > RIVAL_SECONDS

    def _note(self, entry: Entry) -> None:
        for index, key in self._keys(entry):
            index.setdefault(key, set()).add(entry.key)
        self._forget_links()

    def _unnote(self, entry: Entry | None) -> None:
        if entry is None:
            return
        for index, key in self._keys(entry):
            index[key].discard(entry.key)
            if not index[key]:
                del index[key]

    def _forget(self, key: str, entry: Entry) -> None:
        self._unnote(entry)
        self._forget_links()
        self._seen.pop(key, None)
        if self._kept is not None:
            self._kept.forget(key)
        known = self._configured.get(key)
        if known is None:
            del self._callers[key]
            self._names.remove(key)
            return
        self._note(known)
        self._keep(known)

    def _keys(self, entry: Entry) -> Iterator[tuple[dict[Any, set[str]], Any]]:
        for source, native_id in entry.native_ids.items():
            yield self._by_ref, NativeRef(source, native_id)
        for source, name in entry.usernames.items():
            if self._rules[source].names_are_ids:
                yield self._by_ref, NativeRef(source, name)
            elif (plain := user_name(name)) is not None:
                yield self._by_user_name, plain
        if entry.proved_address is not None:
            yield self._by_address, entry.proved_address

    def _log(self, reason: str, source: str, people: Sequence[str], accounts: Sequence[str]) -> None:
        kind = (reason, source, *people, *accounts)
        if kind not in self._logged and len(self._logged) < MOST_LOGGED:
            self._logged.add(kind)
            log.warning("no link", reason=reason, source=source, people=list(people), accounts=list(accounts))

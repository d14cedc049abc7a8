"""People and groups over all sources. A person who is linked stands once, whatever number of systems know them.

Names decide the order, case ignored; source and native id decide ties.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from connectors.sdk.caller import Caller
from connectors.sdk.connector_info import Listing
from connectors.sdk.model import Group, NativeRef, Task, User
from connectors.sdk.query import folded
from gateway.federation.cache import Cache, Kind
from gateway.federation.lists.cursor import CursorCodec, ListPosition
from gateway.federation.lists.page import ListingReader, page_of_parts, resumed_at
from gateway.federation.lists.row_stream import Held, HeldStream
from gateway.federation.lists.sort_order import Backward, Order, Position, Rank
from gateway.federation.lists.source_report import Part
from gateway.federation.sources import Source
from schema.ports import FilterPlacement, GroupRow, PageRequest, PersonRow, RowList

Row = TypeVar("Row", PersonRow, GroupRow)

PEOPLE = "@"
"""In place of a source: people of the configuration."""


class ByName:
    tie = 0

    def position(self, row: PersonRow | GroupRow) -> Position:
        return (row.name.casefold(), row.source, row.native_id)

    def rank(self, position: Position) -> Rank:
        return position

    def rank_of(self, row: PersonRow | GroupRow) -> Rank:
        return self.rank(self.position(row))


class Directories:
    def __init__(
        self,
        sources: Sequence[Source],
        *,
        answers: Cache,
        cursors: CursorCodec,
        people: Mapping[str, Caller],
        linked: Mapping[NativeRef, Caller],
    ) -> None:
        self._sources = sources
        self._reader = ListingReader(answers)
        self._cursors = cursors
        self._people = people
        self._linked = linked

    async def users(
        self, request: PageRequest, *, search: str | None = None, assignable_to: Task | None = None
    ) -> RowList[PersonRow]:
        """`assignable_to`: who is known in that task's source and, where it tells, whom it would take as owner."""
        order: Order[PersonRow] = Backward(ByName()) if request.backward else ByName()
        fingerprint = _fingerprint("users", request, search, None if assignable_to is None else assignable_to.ref)
        resumed = resumed_at(self._cursors, fingerprint, request)
        distinct: set[tuple[str, str]] = set()

        def admit(row: PersonRow) -> PersonRow | None:
            if search is not None and not _found(search, row.person, row.user):
                return None
            distinct.add((row.source, row.native_id))
            return row

        parts: list[Part[PersonRow]] = []
        for source in self._sources:
            part: Part[PersonRow] = Part(source)
            parts.append(part)
            if assignable_to is not None and source.key != assignable_to.source:
                part.skipped = True
            elif Listing.USERS in source.connector.info.listings:
                self._add(part, self._accounts(part, request, search, assignable_to), admit, order, resumed)
            else:
                # No directory: those whom the configuration links to it.
                self._add(part, self._configured(source.key), admit, order, resumed)
        if assignable_to is None and parts:
            self._add(parts[0], self._configured(None), admit, order, resumed, name=f"{PEOPLE}:0:written")
        found = await page_of_parts(parts, order, self._cursors, fingerprint, resumed, request)
        # People whom several systems know count once: only whole lists tell how many there are.
        is_whole = all(
            stream.opened and not stream.error and not stream.truncated for p in parts for stream in p.streams
        )
        return msgspec.structs.replace(found, total=len(distinct) if request.count and is_whole else None)

    async def groups(self, request: PageRequest, *, search: str | None = None) -> RowList[GroupRow]:
        """As `users`; a group belongs to one source."""
        order: Order[GroupRow] = Backward(ByName()) if request.backward else ByName()
        fingerprint = _fingerprint("groups", request, search, None)
        resumed = resumed_at(self._cursors, fingerprint, request)
        wanted = None if search is None else folded(search)

        def admit(row: GroupRow) -> GroupRow | None:
            names = (row.group.name, row.group.native_id, *row.group.aliases)
            return row if wanted is None or any(wanted in folded(name) for name in names) else None

        parts: list[Part[GroupRow]] = []
        for source in self._sources:
            part: Part[GroupRow] = Part(source)
            parts.append(part)
            asked = request.sources is None or source.key in request.sources
            if asked and Listing.GROUPS in source.connector.info.listings:
                self._add(part, self._groups(part, request, search), admit, order, resumed)
            else:
                part.skipped = True
        return await page_of_parts(parts, order, self._cursors, fingerprint, resumed, request)

    async def members(self, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        """People in a group, by name. The report says so where the source does not tell."""
        order: Order[PersonRow] = Backward(ByName()) if request.backward else ByName()
        fingerprint = _fingerprint("members", request, None, group)
        resumed = resumed_at(self._cursors, fingerprint, request)
        parts: list[Part[PersonRow]] = []
        for source in self._sources:
            part: Part[PersonRow] = Part(source)
            parts.append(part)
            if source.key == group.source and Listing.MEMBERS in source.connector.info.listings:
                self._add(part, self._members(part, request, group.native_id), lambda row: row, order, resumed)
            else:
                part.skipped = True
        found = await page_of_parts(parts, order, self._cursors, fingerprint, resumed, request)
        # A source that does not tell its members has not none.
        return found if any(part.streams for part in parts) else msgspec.structs.replace(found, total=None)

    def _add(
        self,
        part: Part[Row],
        rows: Callable[[], Awaitable[Held[Row]]],
        admit: Callable[[Row], Row | None],
        order: Order[Row],
        resumed: ListPosition | None,
        name: str | None = None,
    ) -> None:
        name = name or f"{part.source.key}:0"
        part.sorts = FilterPlacement.GATEWAY
        part.streams.append(
            HeldStream(
                name=name,
                source=part.source.key,
                order=order,
                rows=rows,
                admit=admit,
                last=None if resumed is None else resumed.last,
                resume=None if resumed is None else resumed.streams.get(name),
            )
        )

    def _accounts(
        self, part: Part[PersonRow], request: PageRequest, search: str | None, assignable_to: Task | None
    ) -> Callable[[], Awaitable[Held[PersonRow]]]:
        connector = part.source.connector

        async def rows() -> Held[PersonRow]:
            held = await self._reader.whole(
                part,
                "drain users",
                (search, None if assignable_to is None else assignable_to.ref),
                lambda limit, after: connector.list_users(
                    search=search, assignable_to=assignable_to, limit=limit, after=after
                ),
                kind=Kind.DIRECTORY,
                fresh=request.fresh,
            )
            return Held([self._row(part.source.key, user) for user in held.items], held.truncated)

        return rows

    def _members(
        self, part: Part[PersonRow], request: PageRequest, group_id: str
    ) -> Callable[[], Awaitable[Held[PersonRow]]]:
        connector = part.source.connector

        async def rows() -> Held[PersonRow]:
            held = await self._reader.whole(
                part,
                "drain members",
                group_id,
                lambda limit, after: connector.list_members(group_id, limit=limit, after=after),
                kind=Kind.DIRECTORY,
                fresh=request.fresh,
            )
            return Held([self._row(part.source.key, user) for user in held.items], held.truncated)

        return rows

    def _groups(
        self, part: Part[GroupRow], request: PageRequest, search: str | None
    ) -> Callable[[], Awaitable[Held[GroupRow]]]:
        connector = part.source.connector

        async def rows() -> Held[GroupRow]:
            held = await self._reader.whole(
                part,
                "drain groups",
                search,
                lambda limit, after: connector.list_groups(search=search, limit=limit, after=after),
                kind=Kind.DIRECTORY,
                fresh=request.fresh,
            )
            return Held([_group_row(part.source.key, group) for group in held.items], held.truncated)

        return rows

    def _configured(self, source: str | None) -> Callable[[], Awaitable[Held[PersonRow]]]:
        """People of the configuration; only those linked to `source` unless that is None."""

        async def rows() -> Held[PersonRow]:
            return Held(
                [
                    _person_row(person)
                    for person in self._people.values()
                    if source is None or person.identity(source) is not None
                ]
            )

        return rows

    def _row(self, source: str, user: User) -> PersonRow:
        person = self._linked.get(NativeRef(source, user.native_id))
        if person is not None:
            return PersonRow(PEOPLE, person.key, person.name, person, user)
        return PersonRow(source, user.native_id, user.name or user.username or user.native_id, None, user)


def _person_row(person: Caller) -> PersonRow:
    return PersonRow(PEOPLE, person.key, person.name, person, None)


def _group_row(source: str, group: Group) -> GroupRow:
    return GroupRow(source, group)


def _found(search: str, person: Caller | None, user: User | None) -> bool:
    """Part of a name, user name or mail address, case and accents ignored."""
    texts = [] if person is None else [person.name, person.email, person.key]
    if user is not None:
        texts += [user.name, user.username, user.email]
    wanted = folded(search)
    return any(wanted in folded(text) for text in texts if text)


def _fingerprint(what: str, request: PageRequest, search: str | None, target: NativeRef | None) -> str:
    seen = (what, None if request.sources is None else sorted(request.sources), search, target)
    return hashlib.blake2b(msgspec.json.encode(seen), digest_size=9).hexdigest()

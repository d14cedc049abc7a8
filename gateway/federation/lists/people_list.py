"""Lists of people and groups over all sources, by name. A person appears once, in however many sources they are linked."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import InputError
from connectors.sdk.model import NativeRef, Task, TaskRef, User
from connectors.sdk.query import Page
from connectors.sdk.row_test import Words
from gateway.federation.authorization import KnownAccounts
from gateway.federation.cache import CachedResult, Kind, fingerprint
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.full_scan import N, Snapshot
from gateway.federation.lists.list_reader import ListReader, has_listing
from gateway.federation.lists.page import PageBuilder
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.row_stream import Admit, FetchAll, ScannedStream, StreamSpec
from gateway.federation.lists.sort_order import ByName, in_direction
from gateway.federation.lists.source_report import Contribution
from gateway.federation.sources import Source, SourceReader
from gateway.people import KeptAccounts, People
from schema.ports import FilterPlacement, GroupRow, PageRequest, PersonRow, RowList

Row = TypeVar("Row", PersonRow, GroupRow)

PEOPLE = "@"
"""In place of a source: people of the book."""

# People who are listed at most; more are found by a search.
MOST_PEOPLE = 2_000

LAST_LETTER = chr(0x10FFFF)


class PeopleLists:
    """Merged lists of people and groups over `sources`, in configuration order."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        reader: SourceReader,
        cursors: CursorCodec,
        people: People,
        visible_task: Callable[[Caller, TaskRef], Awaitable[Task | None]],
        known: KnownAccounts,
    ) -> None:
        """`visible_task` reads a task; it may raise ConnectorError. `known` is told which accounts are out of use."""
        self._sources = sources
        self._reader = ListReader(reader, kind=Kind.DIRECTORY)
        self._cursors = cursors
        self._people = people
        self._visible_task = visible_task
        self._known = known

    async def users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        """People of all sources, each once; those without a name come last.

        `search`: each of its words is a part of a name, user name or mail address.
        `assignable_to`: only people of that task's source and, where it can tell, those whom it accepts as owner:
        accounts out of use, technical ones and those without a name are not offered.
        Raises InputError for a cursor that does not fit or a task that the caller cannot see, and
        ConnectorError when that task cannot be read. The total is None unless every list was read to its end.
        """
        task = None if assignable_to is None else await self._assignable(caller, assignable_to)
        page: PageBuilder[PersonRow] = self._page("users", request, search, assignable_to)
        distinct: set[tuple[str, str]] = set()
        words = Words(search or "")

        def admit(row: PersonRow) -> PersonRow | None:
            if not _is_found(words, row.person, row.user):
                return None
            if task is not None and not _is_offered(row):
                return None
            distinct.add((row.source, row.native_id))
            return row

        contributions: list[Contribution[PersonRow]] = []
        for source in self._sources.values():
            contribution: Contribution[PersonRow] = Contribution(source)
            contributions.append(contribution)
            if task is not None and source.key != task.source:
                contribution.is_skipped = True
            elif has_listing(source, Listing.USERS, None):
                _add(contribution, self._accounts(contribution, request, search, task), admit, page)
            else:
                # Without a directory: the people who are linked to the source.
                _add(contribution, self._people_in(source.key, search), admit, page)
        if task is None and contributions:
            all_people = StreamId(PEOPLE, StreamKind.LOCAL)
            _add(contributions[0], self._people_in(None, search), admit, page, all_people)
        found = await page.build(contributions)
        # A person of several sources counts once, so the total is known only where all lists were read to their end.
        is_known = all(
            stream.opened and stream.error is None and not stream.truncated
            for contribution in contributions
            for stream in contribution.streams
        )
        return structs.replace(found, total=len(distinct) if request.count and is_known else None)

    async def groups(self, request: PageRequest, *, search: str | None = None) -> RowList[GroupRow]:
        """Groups of all sources. Raises InputError for a cursor that does not fit."""
        page: PageBuilder[GroupRow] = self._page("groups", request, search, None)
        words = Words(search or "")

        def admit(row: GroupRow) -> GroupRow | None:
            return row if words.are_in((row.group.name, row.group.native_id, *row.group.aliases)) else None

        contributions: list[Contribution[GroupRow]] = []
        for source in self._sources.values():
            contribution: Contribution[GroupRow] = Contribution(source)
            contributions.append(contribution)
            if has_listing(source, Listing.GROUPS, request.sources):
                _add(contribution, self._groups(contribution, request, search), admit, page)
            else:
                contribution.is_skipped = True
        return await page.build(contributions)

    async def members(self, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        """People in a group. The total is None if its source cannot list members.

        Raises InputError for a cursor that does not fit.
        """
        page: PageBuilder[PersonRow] = self._page("members", request, None, group)
        contributions: list[Contribution[PersonRow]] = []
        for source in self._sources.values():
            contribution: Contribution[PersonRow] = Contribution(source)
            contributions.append(contribution)
            if has_listing(source, Listing.MEMBERS, frozenset({group.source})):
                _add(contribution, self._members(contribution, request, group.native_id), lambda row: row, page)
            else:
                contribution.is_skipped = True
        found = await page.build(contributions)
        has_members = any(contribution.streams for contribution in contributions)
        return found if has_members else structs.replace(found, total=None)

    async def _assignable(self, caller: Caller, ref: TaskRef) -> Task:
        task = await self._visible_task(caller, ref)
        if task is None:
            raise InputError("assignableTo names no task that you can see", field=("assignableTo",))
        return task

    def _page(self, what: str, request: PageRequest, search: str | None, target: NativeRef | None) -> PageBuilder[Row]:
        order = in_direction(ByName[Row](_sort_name), backward=request.backward)
        return PageBuilder(self._cursors, order, fingerprint(what, request.sources, search, target), request)

    def _accounts(
        self, contribution: Contribution[PersonRow], request: PageRequest, search: str | None, task: Task | None
    ) -> FetchAll[PersonRow]:
        connector = contribution.source.connector

        async def fetch() -> Snapshot[PersonRow]:
            is_for_all = task is None and contribution.source.acts_as == "service"
            kept = self._people.accounts(contribution.source.key) if is_for_all and not request.fresh else None
            if kept is not None:
                return self._kept(contribution, kept, search)
            snapshot = await self._found(
                contribution,
                "list all users",
                None if task is None else task.ref,
                lambda word, limit, after: connector.list_users(
                    search=word, assignable_to=task, limit=limit, after=after
                ),
                search,
                fresh=request.fresh,
            )
            self._known.note_accounts(contribution.source.key, snapshot.rows)
            return snapshot.of(lambda user: self._row(contribution.source.key, user))

        return fetch

    def _members(
        self, contribution: Contribution[PersonRow], request: PageRequest, group_id: str
    ) -> FetchAll[PersonRow]:
        connector = contribution.source.connector

        async def fetch() -> Snapshot[PersonRow]:
            snapshot = await self._reader.scan(
                contribution,
                "list all members",
                group_id,
                lambda limit, after: connector.list_members(group_id, limit=limit, after=after),
                fresh=request.fresh,
                of_one=True,
            )
            return snapshot.of(lambda user: self._row(contribution.source.key, user))

        return fetch

    def _groups(
        self, contribution: Contribution[GroupRow], request: PageRequest, search: str | None
    ) -> FetchAll[GroupRow]:
        connector = contribution.source.connector

        async def fetch() -> Snapshot[GroupRow]:
            snapshot = await self._found(
                contribution,
                "list all groups",
                None,
                lambda word, limit, after: connector.list_groups(search=word, limit=limit, after=after),
                search,
                fresh=request.fresh,
            )
            return snapshot.of(lambda group: GroupRow(contribution.source.key, group))

        return fetch

    async def _found(
        self,
        contribution: Contribution[Row],
        operation: str,
        about: Hashable,
        page_of: Callable[[str | None, int, str | None], Awaitable[Page[N]]],
        search: str | None,
        *,
        fresh: bool,
    ) -> Snapshot[N]:
        """The whole directory, which all searches share; the gateway finds names in any spelling and order.

        Of a directory beyond `scan_limit` the vendor is asked for the longest word too.
        """
        whole: Snapshot[N] = await self._reader.scan(
            contribution, operation, (None, about), lambda limit, after: page_of(None, limit, after), fresh=fresh
        )
        word = max((search or "").split(), key=len, default=None)
        if word is None or not whole.truncated:
            return whole
        found: Snapshot[N] = await self._reader.scan(
            contribution, operation, (word, about), lambda limit, after: page_of(word, limit, after), fresh=fresh
        )
        rows = {row.native_id: row for row in (*whole.rows, *found.rows)}
        return Snapshot(list(rows.values()), truncated=True, pages=whole.pages + found.pages)

    def _kept(
        self, contribution: Contribution[PersonRow], kept: KeptAccounts, search: str | None
    ) -> Snapshot[PersonRow]:
        """The accounts of a directory that the book of people keeps up to date: it is not read once more.

        What the reader account of a source reads is shown to no person.
        """
        source = contribution.source
        most = source.connector.settings.scan_limit
        found = list(islice(kept.find(search), most + 1))
        read_at = source.connector.clock() - timedelta(seconds=kept.age)
        contribution.note(CachedResult(value=None, fetched_at=read_at, age=kept.age, from_cache=True))
        self._known.note_accounts(source.key, found)
        rows = [self._row(source.key, user) for user in found[:most]]
        return Snapshot(rows, truncated=len(found) > most or not kept.is_whole)

    def _people_in(self, source: str | None, search: str | None) -> FetchAll[PersonRow]:
        """People of the book; with a `source`, those who are linked to it."""

        async def fetch() -> Snapshot[PersonRow]:
            linked = (
                person for person in self._people.find(search) if source is None or person.identity(source) is not None
            )
            found = list(islice(linked, MOST_PEOPLE + 1))
            rows = [PersonRow(PEOPLE, person.key, person.name, person, None) for person in found[:MOST_PEOPLE]]
            return Snapshot(rows, truncated=len(found) > MOST_PEOPLE)

        return fetch

    def _row(self, source: str, user: User) -> PersonRow:
        person = self._people.by_native_ref(NativeRef(source, user.native_id))
        if person is not None:
            return PersonRow(PEOPLE, person.key, person.name, person, user)
        return PersonRow(source, user.native_id, user.name or user.username or user.email or user.native_id, None, user)


def _add(
    contribution: Contribution[Row],
    fetch: FetchAll[Row],
    admit: Admit[Row],
    page: PageBuilder[Row],
    stream: StreamId | None = None,
) -> None:
    stream = stream or StreamId(contribution.source.key, StreamKind.SCANNED)
    contribution.sorts = FilterPlacement.GATEWAY
    source = contribution.source
    spec = StreamSpec(
        stream,
        page.order,
        admit,
        page.start_of(stream),
        error_of=lambda raised: source.error_of(raised, "list people"),
    )
    contribution.streams.append(ScannedStream(spec, fetch))


def _is_found(words: Words, person: Caller | None, user: User | None) -> bool:
    """Whether each word of `search` is a part of a name, user name or mail address."""
    texts = [] if person is None else [person.name, person.email, person.key]
    if user is not None:
        texts += [user.name, user.username, user.email]
    return words.are_in([text for text in texts if text])


def _is_offered(row: PersonRow) -> bool:
    """Whether the account can be meant as the owner of a task: in use, no technical one, and with a name.

    An account that the configuration links to a person is that person's, whatever else it is used for.
    """
    user = row.user
    if user is None:
        return True
    is_persons = row.person is not None or not user.is_service
    return _is_named(row) and user.is_active is not False and is_persons


def _is_named(row: PersonRow) -> bool:
    user = row.user
    return row.person is not None or (user is not None and bool(user.name or user.username or user.email))


def _sort_name(row: PersonRow | GroupRow) -> str:
    """Accounts without a name come last, by id."""
    is_nameless = isinstance(row, PersonRow) and not _is_named(row)
    return LAST_LETTER + row.name if is_nameless else row.name

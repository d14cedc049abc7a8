"""Reads the whole directory of a source, for the book of people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import anyio
import anyio.lowlevel
from msgspec import structs

from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import Group, User
from connectors.sdk.query import Page
from gateway.federation.lists.full_scan import Identified, N, full_scan
from gateway.federation.lists.list_reader import scan_page
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, in_context
from gateway.people import DirectoryRecord

T = TypeVar("T")

# Accounts, and groups, of one source that are read at most.
MOST_ACCOUNTS = 50_000
MOST_GROUPS = 1_000
# Memberships of all groups together, and characters of one account's or group's texts, that are taken at most.
MOST_MEMBERSHIPS = 200_000
MOST_CHARACTERS = 1_000
# Seconds that one read of a directory may take.
MOST_SECONDS = 900.0
MOST_SECONDS_AT_A_PACE = 3_600.0
# Groups whose members are read at the same time.
GROUPS_AT_ONCE = 4
# Seconds that one request may wait for the limits of the source while no person waits for its answer.
PATIENCE = 60.0
READ_DIRECTORY = "read directory"


class DirectoryScan:
    """Page by page, after everything else that the source is asked, unless a person waits for it."""

    def __init__(
        self, sources: Mapping[str, Source], *, pause: Callable[[float], Awaitable[None]] = anyio.sleep
    ) -> None:
        self._sources = sources
        self._pause = pause

    async def __call__(
        self, source: str, *, with_groups: bool, is_awaited: Callable[[], bool], pace: float = 0.0
    ) -> DirectoryRecord:
        """Raises ConnectorError, also where only one page could not be read."""

        async def rest() -> None:
            if pace > 0 and not is_awaited():
                await self._pause(pace)

        scan = _Scan(self._sources[source], is_awaited, rest=rest)
        try:
            with anyio.fail_after(MOST_SECONDS if pace == 0 else MOST_SECONDS_AT_A_PACE):
                return await scan.record(with_groups=with_groups)
        except TimeoutError:
            raise UpstreamTimeoutError("its directory does not come to an end").at(source, READ_DIRECTORY) from None
        except Exception as raised:  # noqa: BLE001 whatever a connector raises becomes one error
            raise self._sources[source].error_of(raised, READ_DIRECTORY) from None

    async def groups(self, source: str) -> Sequence[Group]:
        """The groups of the source. Raises ConnectorError."""
        scan = _Scan(self._sources[source], lambda: True)
        try:
            return (await scan.all(scan.connector.list_groups, most=MOST_GROUPS))[0]
        except Exception as raised:  # noqa: BLE001 whatever a connector raises becomes one error
            raise self._sources[source].error_of(raised, READ_DIRECTORY) from None


async def _no_rest() -> None:
    pass


class _Scan:
    """`rest` is awaited before each request but the first."""

    def __init__(
        self, source: Source, is_awaited: Callable[[], bool], *, rest: Callable[[], Awaitable[None]] = _no_rest
    ) -> None:
        # The reader account reads it where there is one: no person asks.
        with in_context(CallContext(by_reader=True)):
            self.connector = source.connector
        self._source, self._is_awaited, self._rest = source, is_awaited, rest
        self._has_asked = False
        self._memberships = 0

    async def record(self, *, with_groups: bool) -> DirectoryRecord:
        accounts, is_whole = await self.all(self.connector.list_users, most=MOST_ACCOUNTS)
        groups: dict[str, tuple[Group, ...]] = {}
        if with_groups:
            found, has_all = await self.all(self.connector.list_groups, most=MOST_GROUPS)
            is_whole = await self.add_members(found, groups) and has_all and is_whole
        return DirectoryRecord(accounts=accounts, groups=groups, is_whole=is_whole)

    async def all(self, page_of: Callable[..., Awaitable[Page[N]]], *, most: int) -> tuple[Sequence[N], bool]:
        """All rows, and whether none is missing. A row that cannot be read, or is too long, belongs to no person: it is not
        missed.
        """

        async def page(limit: int, after: str | None) -> Page[N]:
            found: Page[N] = await self._asked(partial(page_of, limit=limit, after=after))
            return structs.replace(found, items=[row for row in found.items if _is_short(row)])

        info = self.connector.info
        found = await full_scan(page, page_limit=info.directory_page or scan_page(info), scan_limit=most)
        if found.error is not None:
            raise found.error
        if found.odd:
            self._source.note_odd(READ_DIRECTORY, found.odd)
        return found.rows, not found.truncated

    async def add_members(self, groups: Sequence[Group], found: dict[str, tuple[Group, ...]]) -> bool:
        """Adds to `found` the groups of each account; whether none is missing."""
        is_whole = True

        async def add(group: Group) -> None:
            nonlocal is_whole
            members, has_all = await self.all(partial(self.connector.list_members, group.native_id), most=MOST_ACCOUNTS)
            is_whole = is_whole and has_all and self._take(len(members))
            if not is_whole:
                return
            for member in members:
                found[member.native_id] = (*found.get(member.native_id, ()), group)

        for start in range(0, len(groups), GROUPS_AT_ONCE):
            if not is_whole:
                break
            async with anyio.create_task_group() as together:
                for group in groups[start : start + GROUPS_AT_ONCE]:
                    together.start_soon(add, group)
        return is_whole

    def _take(self, memberships: int) -> bool:
        self._memberships += memberships
        return self._memberships <= MOST_MEMBERSHIPS

    async def _asked(self, call: Callable[[], Awaitable[T]]) -> T:
        # A connector may answer from memory: the rest of the gateway must not wait for the whole directory.
        await anyio.lowlevel.checkpoint()
        if self._has_asked:
            await self._rest()
        self._has_asked = True
        is_awaited = self._is_awaited()
        priority = Priority.INTERACTIVE if is_awaited else Priority.BACKGROUND
        context = CallContext(priority=priority, by_reader=True)
        with in_context(context.with_deadline(self.connector.settings.deadline if is_awaited else PATIENCE)):
            return await self._source.read(READ_DIRECTORY, call)


def _is_short(row: User | Group | Identified) -> bool:
    match row:
        case User():
            texts: Sequence[str | None] = (row.native_id, row.name, row.username, row.email)
        case Group():
            texts = (row.native_id, row.name, *row.aliases)
        case _:
            texts = (row.native_id,)
    return sum(len(text) for text in texts if text is not None) <= MOST_CHARACTERS

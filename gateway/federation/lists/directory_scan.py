"""Reads the whole directory of a source, for the book of people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import anyio

from connectors.sdk.model import Group
from connectors.sdk.query import Page
from gateway.federation.lists.full_scan import N, full_scan
from gateway.federation.lists.list_reader import scan_page
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, Priority, in_context
from gateway.people import DirectoryRecord

T = TypeVar("T")

# Accounts, and groups, of one source that are read at most.
MOST_ACCOUNTS = 50_000
MOST_GROUPS = 1_000
# Groups whose members are read at the same time.
GROUPS_AT_ONCE = 4
# Seconds that one request may wait for the limits of the source while no person waits for its answer.
PATIENCE = 60.0
READ_DIRECTORY = "read directory"


class DirectoryScan:
    """Page by page, after everything else that the source is asked, unless a person waits for it."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    async def __call__(self, source: str, *, with_groups: bool, is_awaited: Callable[[], bool]) -> DirectoryRecord:
        """Raises ConnectorError, also where only one page could not be read."""
        scan = _Scan(self._sources[source], is_awaited)
        try:
            return await scan.record(with_groups=with_groups)
        except Exception as raised:  # noqa: BLE001 whatever a connector raises becomes one error
            raise self._sources[source].error_of(raised, READ_DIRECTORY) from None

    async def groups(self, source: str) -> Sequence[Group]:
        """The groups of the source. Raises ConnectorError."""
        scan = _Scan(self._sources[source], lambda: True)
        try:
            return (await scan.all(scan.connector.list_groups, most=MOST_GROUPS))[0]
        except Exception as raised:  # noqa: BLE001 whatever a connector raises becomes one error
            raise self._sources[source].error_of(raised, READ_DIRECTORY) from None


class _Scan:
    def __init__(self, source: Source, is_awaited: Callable[[], bool]) -> None:
        self.connector = source.connector
        self._source, self._is_awaited = source, is_awaited

    async def record(self, *, with_groups: bool) -> DirectoryRecord:
        accounts, is_whole = await self.all(self.connector.list_users, most=MOST_ACCOUNTS)
        groups: dict[str, tuple[str, ...]] = {}
        if with_groups:
            found, has_all = await self.all(self.connector.list_groups, most=MOST_GROUPS)
            is_whole = await self.add_members(found, groups) and has_all and is_whole
        return DirectoryRecord(accounts=accounts, groups=groups, is_whole=is_whole)

    async def all(self, page_of: Callable[..., Awaitable[Page[N]]], *, most: int) -> tuple[Sequence[N], bool]:
        """All rows, and whether none is missing. A row that cannot be read belongs to no person, and is not missed."""

        async def page(limit: int, after: str | None) -> Page[N]:
            return await self._asked(partial(page_of, limit=limit, after=after))

        found = await full_scan(page, page_limit=scan_page(self.connector.info), scan_limit=most)
        if found.error is not None:
            raise found.error
        if found.odd:
            self._source.note_odd(READ_DIRECTORY, found.odd)
        return found.rows, not found.truncated

    async def add_members(self, groups: Sequence[Group], found: dict[str, tuple[str, ...]]) -> bool:
        """Adds to `found` the ids and names of the groups of each account; whether none is missing."""
        is_whole = True

        async def add(group: Group) -> None:
            nonlocal is_whole
            members, has_all = await self.all(partial(self.connector.list_members, group.native_id), most=MOST_ACCOUNTS)
            is_whole = is_whole and has_all
            names = tuple(dict.fromkeys((group.native_id, group.name, *group.aliases)))
            for member in members:
                found[member.native_id] = (*found.get(member.native_id, ()), *names)

        for start in range(0, len(groups), GROUPS_AT_ONCE):
            async with anyio.create_task_group() as together:
                for group in groups[start : start + GROUPS_AT_ONCE]:
                    together.start_soon(add, group)
        return is_whole

    async def _asked(self, call: Callable[[], Awaitable[T]]) -> T:
        is_awaited = self._is_awaited()
        context = CallContext(priority=Priority.INTERACTIVE if is_awaited else Priority.BACKGROUND)
        with in_context(context.with_deadline(self.connector.settings.deadline if is_awaited else PATIENCE)):
            return await self._source.read(READ_DIRECTORY, call)

"""Users and groups. UiPath has no directory; it lists the users, groups and robots that may work in a folder."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Raw

from connectors.sdk import Decoded, Group, KeysetCursor, Page, User, distinct, drain_by_offset, split_rows
from connectors.uipath import mapping, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.formats import MOST_ROWS

T = TypeVar("T", User, Group)
LoginRow = tuple[Decoded[wire.UserLogin], Raw]

# Folders that are read for one answer, and the most pages (of MOST_ROWS) of one folder.
MOST_FOLDERS = 20
MOST_PAGES = 5
# Folders of one page, and the most pages, of the list of folders.
FOLDER_PAGE_SIZE = 200
MOST_FOLDER_PAGES = 5


class Directory:
    """Every page reads its folders completely, because a person may be in several. `configured` are the source's folders."""

    def __init__(self, client: UiPathClient, configured: tuple[int, ...]) -> None:
        self._client = client
        self._configured = configured

    async def list_users(self, *, folder: int | None, limit: int, after: str | None) -> Page[User]:
        """The users of a folder, or of the source's folders, but of at most `MOST_FOLDERS`."""
        return await self._list(mapping.user_of, folder=folder, limit=limit, after=after)

    async def list_groups(self, *, limit: int, after: str | None) -> Page[Group]:
        """The groups of the source's folders, but of at most `MOST_FOLDERS`."""
        return await self._list(mapping.group_of, folder=None, limit=limit, after=after)

    async def _list(
        self, read: Callable[[wire.UserLogin], T | None], *, folder: int | None, limit: int, after: str | None
    ) -> Page[T]:
        cursor = KeysetCursor.parse(after)
        folders = [folder] if folder is not None else list(self._configured) or await self._list_folders()
        rows = [row for each in folders[:MOST_FOLDERS] for row in await self._logins(each)]
        logins = split_rows(rows)
        found = [entry for login in logins.records if (entry := read(login)) is not None]
        rest = [entry for entry in distinct(found, _native_id) if _native_id(entry) > cursor.last]
        rest.sort(key=_native_id)
        page = rest[: max(limit, 1)]
        following = str(KeysetCursor(_native_id(page[-1]))) if len(rest) > len(page) else None
        return Page(items=tuple(page), next_cursor=following, odd=logins.odd)

    async def _logins(self, folder: int) -> list[LoginRow]:
        async def page(skip: int) -> list[LoginRow]:
            return (await self._client.list_folder_users(folder, top=MOST_ROWS, skip=skip)).rows

        logins, _ = await drain_by_offset(page, page_size=MOST_ROWS, most_pages=MOST_PAGES)
        return logins

    async def _list_folders(self) -> list[int]:
        """The ids of the folders that the account may see, at most `FOLDER_PAGE_SIZE` times `MOST_FOLDER_PAGES`."""

        async def page(skip: int) -> list[wire.Folder | None]:
            listing = await self._client.list_folders(filter=None, top=FOLDER_PAGE_SIZE, skip=skip)
            return [row.record for row, _ in listing.rows]

        rows, _ = await drain_by_offset(page, page_size=FOLDER_PAGE_SIZE, most_pages=MOST_FOLDER_PAGES)
        return list(dict.fromkeys(row.id for row in rows if row is not None))


def _native_id(entry: User | Group) -> int:
    return int(entry.native_id)

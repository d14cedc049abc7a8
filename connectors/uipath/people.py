"""Users and groups. UiPath has no directory; it lists the users, groups and robots that may work in a folder."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Raw

from connectors.sdk import (
    Access,
    ConnectorError,
    Decoded,
    Group,
    GroupRef,
    KeysetCursor,
    OddRow,
    Page,
    RejectedError,
    User,
    distinct,
    get_each,
    split_rows,
)
from connectors.uipath import mapping, wire
from connectors.uipath.client import Rows, UiPathClient, drain_rows
from connectors.uipath.formats import MOST_ROWS

T = TypeVar("T", User, Group)
LoginRow = tuple[Decoded[wire.UserLogin], Raw]

# Folders that are read for one answer, and the most pages (of MOST_ROWS) of one folder.
MOST_FOLDERS = 20
MOST_PAGES = 5
# Users that these may give together.
MOST_USERS = MOST_FOLDERS * MOST_PAGES * MOST_ROWS
# Folders whose users are read from time to time.
MOST_WATCHED = 100
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

    async def groups_by_id(self, ids: Sequence[str]) -> dict[str, Group]:
        """As `list_groups`: the vendor has no read of one group."""
        if not ids:
            return {}
        groups, _, _ = await self._read(mapping.group_of, None)
        return {group.native_id: group for group in groups if group.native_id in ids}

    async def access(self) -> dict[str, Access]:
        """Who may see and edit the tasks of each folder, but of at most `MOST_WATCHED` folders.

        Folders whose users the account may not read are absent.
        """
        folders = list(self._configured) or (await self._list_folders())[0]
        found = await get_each(map(str, folders[:MOST_WATCHED]), self._access_to)
        for error in found.values():
            if isinstance(error, ConnectorError) and not isinstance(error, RejectedError):
                raise error
        return {folder: access for folder, access in found.items() if isinstance(access, Access)}

    async def _access_to(self, folder: str) -> Access:
        logins = split_rows((await self._logins(int(folder)))[0]).records
        users = frozenset(user.native_id for login in logins if (user := mapping.user_of(login)) is not None)
        groups = [group for login in logins if (group := mapping.group_of(login)) is not None]
        names = [(group.native_id, name) for group in groups for name in (group.name, *group.aliases)]
        return Access(users, tuple(GroupRef(native_id=key, name=name) for key, name in names))

    async def _list(
        self, read: Callable[[wire.UserLogin], T | None], *, folder: int | None, limit: int, after: str | None
    ) -> Page[T]:
        cursor = KeysetCursor.parse(after)
        found, is_whole, odd = await self._read(read, folder)
        rest = [entry for entry in found if _native_id(entry) > cursor.last]
        page = rest[: max(limit, 1)]
        following = str(KeysetCursor(_native_id(page[-1]))) if len(rest) > len(page) else None
        return Page(items=tuple(page), next_cursor=following, truncated=not is_whole, odd=odd)

    async def _read(
        self, read: Callable[[wire.UserLogin], T | None], folder: int | None
    ) -> tuple[list[T], bool, Sequence[OddRow]]:
        """The users or groups of a folder, or of all folders, by id; whether these are all; and rows that do not fit."""
        if folder is not None:
            folders, is_whole = [folder], True
        elif self._configured:
            folders, is_whole = list(self._configured), True
        else:
            folders, is_whole = await self._list_folders()
        is_whole = is_whole and len(folders) <= MOST_FOLDERS
        rows: list[LoginRow] = []
        for each in folders[:MOST_FOLDERS]:
            more, has_all = await self._logins(each)
            is_whole = is_whole and has_all
            rows += more
        logins = split_rows(rows)
        found = [entry for login in logins.records if (entry := read(login)) is not None]
        return sorted(distinct(found, _native_id), key=_native_id), is_whole, logins.odd

    async def _logins(self, folder: int) -> tuple[list[LoginRow], bool]:
        """And whether these are all."""

        async def page(skip: int) -> Rows[wire.UserLogin]:
            return await self._client.list_folder_users(folder, top=MOST_ROWS, skip=skip)

        return await drain_rows(page, most_pages=MOST_PAGES)

    async def _list_folders(self) -> tuple[list[int], bool]:
        """The ids of the folders that the account may see, and whether these are all.

        At most `FOLDER_PAGE_SIZE` times `MOST_FOLDER_PAGES`.
        """

        async def page(skip: int) -> Rows[wire.Folder]:
            return await self._client.list_folders(filter=None, top=FOLDER_PAGE_SIZE, skip=skip)

        rows, is_whole = await drain_rows(page, most_pages=MOST_FOLDER_PAGES)
        return list(dict.fromkeys(row.record.id for row, _ in rows if row.record is not None)), is_whole


def _native_id(entry: User | Group) -> int:
    return int(entry.native_id)

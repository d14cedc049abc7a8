"""People and groups: there is no directory, only those who may work in a folder."""

from collections.abc import Callable
from typing import TypeVar

from connectors.sdk import Group, Page, User, ValidationFailedError
from connectors.uipath import mapping, odata, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.folders import Folders
from connectors.uipath.native_id import number

T = TypeVar("T", User, Group)

# Folders that are read for one answer, and pages of a folder.
MOST_FOLDERS = 20
MOST_PAGES = 5


class Directory:
    """Read whole for each page, at most `MOST_FOLDERS` folders: a person of two folders is one person."""

    def __init__(self, client: UiPathClient, folders: Folders, configured: tuple[int, ...]) -> None:
        self._client = client
        self._folders = folders
        self._configured = configured

    async def list_users(self, *, folder: int | None, limit: int, after: str | None) -> Page[User]:
        """Those who may work in that folder, or in any that the source shows."""
        return await self._list(mapping.user_of, folder=folder, limit=limit, after=after)

    async def list_groups(self, *, limit: int, after: str | None) -> Page[Group]:
        return await self._list(mapping.group_of, folder=None, limit=limit, after=after)

    async def _list(
        self, read: Callable[[wire.UserLogin], T | None], *, folder: int | None, limit: int, after: str | None
    ) -> Page[T]:
        last = 0 if after is None else number(after)
        if last is None:
            raise ValidationFailedError("the cursor is not one of this list", field=("after",))
        folders = [folder] if folder is not None else list(self._configured) or await self._folders.list_ids()
        found: dict[int, T] = {}
        for each in folders[:MOST_FOLDERS]:
            for login in await self._logins(each):
                entry = read(login)
                if entry is not None and login.id is not None and login.id > last:
                    found.setdefault(login.id, entry)
        ids = sorted(found)
        page = ids[: max(limit, 1)]
        return Page(
            items=tuple(found[native_id] for native_id in page),
            next_cursor=str(page[-1]) if len(ids) > len(page) else None,
        )

    async def _logins(self, folder: int) -> list[wire.UserLogin]:
        found: list[wire.UserLogin] = []
        for page in range(MOST_PAGES):
            listing = await self._client.list_folder_users(folder, top=odata.MOST_ROWS, skip=page * odata.MOST_ROWS)
            found += [row for row, _ in listing.rows]
            if len(listing.rows) < odata.MOST_ROWS:
                break
        return found

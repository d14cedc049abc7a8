"""The directory: users and groups of the organisation."""

from collections.abc import Iterable, Mapping, Sequence

from connectors.epilot import wire
from connectors.epilot.client import DirectoryClient
from connectors.epilot.paging import MOST_ROWS, cut, nothing, page_of
from connectors.sdk import ConnectorError, Group, NotFoundError, OffsetCursor, Page, User, distinct, get_each


class Directory:
    """The connector's reads of users and groups."""

    def __init__(self, client: DirectoryClient) -> None:
        self._client = client

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        """One call for each id. A user that could not be read is absent; if none could be read, the error is raised."""
        found = await get_each(ids, self._client.user)
        users = {
            native_id: user
            for native_id, row in found.items()
            if not isinstance(row, ConnectorError) and (user := user_from_wire(row)) is not None
        }
        _raise_if_all_failed(users, found.values())
        return users

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """As `get_users`."""
        found = await get_each(ids, self._client.group)
        groups = {
            native_id: group_from_wire(row) for native_id, row in found.items() if not isinstance(row, ConnectorError)
        }
        _raise_if_all_failed(groups, found.values())
        return groups

    async def list_users(self, *, search: str | None, limit: int, after: str | None) -> Page[User]:
        cursor, limit = OffsetCursor.parse(after), min(limit, MOST_ROWS)
        rows = await self._client.users(search=search, limit=limit, offset=cursor.offset)
        return page_of(_users(rows)[:limit], cursor, rows=rows[:limit], total=None)

    async def list_groups(self, *, search: str | None, limit: int, after: str | None) -> Page[Group]:
        cursor, limit = OffsetCursor.parse(after), min(limit, MOST_ROWS)
        answer = await self._client.groups(search=search, limit=limit, offset=cursor.offset)
        rows = answer.groups[:limit]
        groups = tuple(group_from_wire(row) for row in distinct(rows, lambda row: row.id))
        return page_of(groups, cursor, rows=rows, total=answer.total)

    async def list_members(self, group_id: str, *, limit: int, after: str | None) -> Page[User]:
        """One call gives all members."""
        cursor = OffsetCursor.parse(after)
        try:
            group = await self._client.group(group_id, hydrate=True)
        except NotFoundError:
            return nothing()
        rows = [wire.User(id=row) if isinstance(row, str) else row for row in group.users or () if row is not None]
        return cut(_users(rows), cursor, limit=limit)


def user_from_wire(row: wire.User) -> User | None:
    """None for a record without an id."""
    if not row.id:
        return None
    active = None if row.status is None else row.status == "Active"
    return User(native_id=row.id, name=row.display_name, email=row.email, is_active=active)


def group_from_wire(row: wire.Group) -> Group:
    return Group(
        native_id=row.id,
        name=row.name or row.id,
        aliases=(row.abbreviation,) if row.abbreviation else (),
        member_count=None if row.users is None else len(row.users),
    )


def _users(rows: Iterable[wire.User]) -> list[User]:
    users = [user for row in rows if (user := user_from_wire(row)) is not None]
    return distinct(users, lambda user: user.native_id)


def _raise_if_all_failed(found: Mapping[str, object], rows: Iterable[object]) -> None:
    for row in rows:
        if not found and isinstance(row, ConnectorError):
            raise row

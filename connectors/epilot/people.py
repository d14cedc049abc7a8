"""The directory: users and groups of the organisation."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Raw

from connectors.epilot import wire
from connectors.epilot.client import DirectoryClient
from connectors.epilot.paging import MOST_ROWS, cut, nothing
from connectors.sdk import (
    Announced,
    ConnectorError,
    Decoded,
    Group,
    MalformedResponseError,
    NotFoundError,
    OffsetCursor,
    Page,
    User,
    decode_json,
    decode_record,
    decode_rows,
    distinct,
    get_each,
    split_rows,
)


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
        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.User], Raw]]:
            raws = (await self._client.users(search=search, limit=size, offset=offset))[:size]
            return Announced([(decode_record(raw, wire.User), raw) for raw in raws])

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=MOST_ROWS, key=_key)
        found = split_rows(page.rows)
        return page.page(_users(found.records), odd=found.odd)

    async def list_groups(self, *, search: str | None, limit: int, after: str | None) -> Page[Group]:
        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.Group], Raw]]:
            answer = await self._client.groups(search=search, limit=size, offset=offset)
            return Announced([(decode_record(raw, wire.Group), raw) for raw in answer.groups[:size]], answer.total)

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=MOST_ROWS, key=_key)
        found = split_rows(page.rows)
        return page.page([group_from_wire(row) for row in found.records], odd=found.odd)

    async def list_members(self, group_id: str, *, limit: int, after: str | None) -> Page[User]:
        """One call gives all members."""
        cursor = OffsetCursor.parse(after)
        try:
            group = await self._client.group(group_id, hydrate=True)
        except NotFoundError:
            return nothing()
        found = decode_rows((raw for raw in group.users or () if bytes(raw) != b"null"), _read_member)
        users = _users(found.records)
        return await cut(users, cursor, limit=limit, key=lambda user: user.native_id, odd=found.odd)


def _read_member(raw: Raw) -> Decoded[wire.User]:
    """A member of a group is an id or a record."""
    try:
        return Decoded(wire.User(id=decode_json(raw, str)))
    except MalformedResponseError:
        return decode_record(raw, wire.User)


def _key(row: tuple[Decoded[wire.User] | Decoded[wire.Group], Raw]) -> str | bytes:
    """The id, or the bytes of a record whose id cannot be read."""
    found, raw = row
    return (None if found.record is None else found.record.id) or bytes(raw)


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

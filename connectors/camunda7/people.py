"""Users, groups and members of the engine's directory. It may be empty: owners and candidates are free texts."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Raw

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.paging import BATCH
from connectors.sdk import (
    Announced,
    Decoded,
    DecodedRows,
    Group,
    OffsetCursor,
    Page,
    Task,
    User,
    decode_record,
    decode_rows,
    drain_by_offset,
    page_of_names,
)

Params = Mapping[str, str | int]

PAGE = 200
MOST_PAGES = 10


async def users_by_id(client: Camunda7Client, ids: Iterable[str]) -> dict[str, User]:
    found: dict[str, User] = {}
    for batch in _batches(ids):
        raws = await client.list_users({"idIn": ",".join(batch), "maxResults": len(batch)})
        found.update((user.native_id, user) for user in _users(raws)[0])
    return found


async def groups_by_id(client: Camunda7Client, ids: Iterable[str]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for batch in _batches(ids):
        raws = await client.list_groups({"idIn": ",".join(batch), "maxResults": len(batch)})
        found.update((group.native_id, group) for group in _groups(raws)[0])
    return found


async def named_users(client: Camunda7Client, names: Sequence[str], *, limit: int, after: str | None) -> Page[User]:
    """A page of the users with these names, which are sorted."""
    return await page_of_names(names, lambda some: _described(client, some), limit=limit, after=after)


async def _described(client: Camunda7Client, names: Sequence[str]) -> list[User]:
    """A user of each name, in this order. A user that the directory does not know has only the name."""
    known = await users_by_id(client, names)
    return [known.get(name) or User(native_id=name, username=name) for name in names]


async def users(client: Camunda7Client, filter: Params, *, limit: int, after: str | None) -> Page[User]:
    async def read(offset: int, size: int) -> Announced[Raw]:
        raws = await client.list_users({**filter, "firstResult": offset, "maxResults": size})
        return Announced(raws, await client.count_users(filter))

    page = await OffsetCursor.parse(after).page(read, limit=limit, most=PAGE)
    found, rows = _users(page.rows)
    return page.page(found, odd=rows.odd)


async def groups(client: Camunda7Client, *, limit: int, after: str | None) -> Page[Group]:
    async def read(offset: int, size: int) -> Announced[Raw]:
        raws = await client.list_groups({"firstResult": offset, "maxResults": size})
        return Announced(raws, await client.count_groups({}))

    page = await OffsetCursor.parse(after).page(read, limit=limit, most=PAGE)
    found, rows = _groups(page.rows)
    return page.page(found, odd=rows.odd)


async def candidates(client: Camunda7Client, task: Task) -> list[str]:
    """Names of the candidate users and of the members of the candidate groups, sorted. Empty if they are not known."""
    names = {user.native_id for user in task.candidate_users or ()}
    for group in task.candidate_groups or ():
        members = await _members(client, group.native_id)
        if members is None:
            return []
        names |= members
    return sorted(names)


async def _members(client: Camunda7Client, group: str) -> frozenset[str] | None:
    """The members of a group; None if there are too many to read, or none: the directory may not know the group."""

    async def one_page(offset: int) -> Announced[Raw]:
        filter: Params = {"memberOfGroup": group}
        raws = await client.list_users({**filter, "firstResult": offset, "maxResults": PAGE})
        return Announced(raws, await client.count_users(filter))

    raws, is_whole = await drain_by_offset(one_page, most_pages=MOST_PAGES)
    names = frozenset(user.native_id for user in _users(raws)[0])
    return names if is_whole and names else None


def _users(raws: Iterable[Raw]) -> tuple[list[User], DecodedRows[wire.User]]:
    def read(raw: Raw) -> Decoded[wire.User]:
        return decode_record(raw, wire.User)

    rows = decode_rows(raws, read)
    return [
        User(
            native_id=row.id,
            username=row.id,
            name=" ".join(filter(None, (row.first_name, row.last_name))) or None,
            email=row.email or None,
        )
        for row in rows.records
    ], rows


def _groups(raws: Iterable[Raw]) -> tuple[list[Group], DecodedRows[wire.Group]]:
    def read(raw: Raw) -> Decoded[wire.Group]:
        return decode_record(raw, wire.Group)

    rows = decode_rows(raws, read)
    return [
        Group(native_id=row.id, name=row.name or row.id, aliases=(row.name,) if row.name else ())
        for row in rows.records
    ], rows


def _batches(ids: Iterable[str]) -> list[list[str]]:
    """An id with a comma cannot be asked for."""
    wanted = [each for each in dict.fromkeys(ids) if each and "," not in each]
    return [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]

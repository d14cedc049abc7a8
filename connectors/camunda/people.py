"""Users and groups of the cluster's directory. Under OIDC it may be empty: assignees and candidates are free texts then."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import TypeVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda import wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.paging import batches, drain_search, page_of, page_request
from connectors.camunda.settings import CamundaCredentials, CamundaSettings
from connectors.sdk import (
    BasicCredentials,
    ConnectorError,
    DecodedRows,
    DirectoryFact,
    Group,
    NotFoundError,
    Page,
    Task,
    User,
    decode_record,
    decode_rows,
    distinct,
    get_each,
    page_of_names,
)

T = TypeVar("T")


def directory_facts(settings: CamundaSettings) -> frozenset[DirectoryFact]:
    """What the gateway itself can read of the directory: without an account of any kind, nothing."""
    if settings.acts_as == "service" or settings.reader is not None:
        return frozenset(DirectoryFact)
    return frozenset({DirectoryFact.NAMES_AS_IDS})


async def users_by_name(client: CamundaClient, names: Iterable[str]) -> dict[str, User]:
    found: dict[str, User] = {}
    for batch in batches(names):
        rows, _ = await drain_search(partial(_search_users, client, batch), limit=len(batch) + 1)
        found.update((user.native_id, user) for user in _users(_rows(rows, wire.User)))
    return found


async def groups_by_id(client: CamundaClient, ids: Iterable[str]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for batch in batches(ids):
        rows, _ = await drain_search(partial(_search_groups, client, batch), limit=len(batch) + 1)
        found.update((group.native_id, group) for group in _groups(_rows(rows, wire.Group)))
    return found


async def users(client: CamundaClient, *, limit: int, after: str | None) -> Page[User]:
    answer = await client.search_users(page=page_request(limit, after))
    rows = _rows(answer.items, wire.User)
    return page_of(_users(rows), answer, limit=limit, after=after, odd=rows.odd)


async def groups(client: CamundaClient, *, limit: int, after: str | None) -> Page[Group]:
    answer = await client.search_groups(page=page_request(limit, after))
    rows = _rows(answer.items, wire.Group)
    return page_of(_groups(rows), answer, limit=limit, after=after, odd=rows.odd)


async def members(client: CamundaClient, group_id: str, *, limit: int, after: str | None) -> Page[User]:
    """Two calls: the search of members gives user names only, the directory the rest."""
    try:
        answer = await client.search_users_for_group(group_id, page=page_request(limit, after))
    except NotFoundError:
        return Page(items=())
    rows = _rows(answer.items, wire.User)
    found = await _described(client, [user.native_id for user in _users(rows)])
    return page_of(found, answer, limit=limit, after=after, odd=rows.odd)


async def candidates(client: CamundaClient, task: Task) -> list[str]:
    """Names of the candidate users and of the members of the candidate groups, sorted.

    Empty if the directory cannot tell them: there are no candidates, it knows none of the groups, or a group has too many
    members.
    """
    names = {user.native_id for user in task.candidate_users or ()}
    found = await get_each(
        (group.native_id for group in task.candidate_groups or ()), lambda group_id: _all_members(client, group_id)
    )
    for group in found.values():
        if isinstance(group, ConnectorError):
            raise group
        if group is None:
            return []
        names |= group
    return sorted(names)


def with_account(page: Page[User], credentials: CamundaCredentials) -> Page[User]:
    """The page, in which the source's own account is a technical one.

    Only an account of `basic` credentials is a user of the cluster. The directory says of no user whether it is in use.
    """
    if not isinstance(credentials, BasicCredentials):
        return page
    account = credentials.username
    return replace(page, items=[replace(user, is_service=user.native_id == account) for user in page.items])


async def _search_users(client: CamundaClient, names: Sequence[str], page: dict[str, object]) -> wire.SearchPage[Raw]:
    return await client.search_users(page=page, usernames=names)


async def _search_groups(client: CamundaClient, ids: Sequence[str], page: dict[str, object]) -> wire.SearchPage[Raw]:
    return await client.search_groups(page=page, group_ids=ids)


async def _all_members(client: CamundaClient, group_id: str) -> frozenset[str] | None:
    """The user names of a group; None if there are too many to read."""
    rows, is_whole = await drain_search(lambda page: client.search_users_for_group(group_id, page=page))
    return frozenset(user.native_id for user in _users(_rows(rows, wire.User))) if is_whole else None


async def named_users(client: CamundaClient, names: Sequence[str], *, limit: int, after: str | None) -> Page[User]:
    """A page of the users with these names, which are sorted."""
    return await page_of_names(names, lambda some: _described(client, some), limit=limit, after=after)


async def _described(client: CamundaClient, names: Sequence[str]) -> list[User]:
    """A user of each name, in this order. A user that the directory does not know has only the name."""
    known = await users_by_name(client, names)
    return [known.get(name) or User(native_id=name, username=name) for name in names]


def _rows(raws: Iterable[Raw], type_: type[T]) -> DecodedRows[T]:
    return decode_rows(raws, lambda raw: decode_record(raw, type_))


def _users(found: DecodedRows[wire.User]) -> list[User]:
    """Server 8.8 does not promise that a row has a user name; rows without one are left out."""
    users = (
        User(native_id=row.username, username=row.username, name=row.name, email=row.email)
        for row in found.records
        if row.username
    )
    return distinct(users, attrgetter("native_id"))


def _groups(found: DecodedRows[wire.Group]) -> list[Group]:
    """The name is an alias: tasks should name a group by its id, but some name it by its name."""
    groups = (
        Group(native_id=row.group_id, name=row.name or row.group_id, aliases=(row.name,) if row.name else ())
        for row in found.records
        if row.group_id
    )
    return distinct(groups, attrgetter("native_id"))

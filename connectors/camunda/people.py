"""The cluster's directory. Under OIDC it may be empty: assignees and candidates are free texts then."""

from collections.abc import Iterable, Sequence

from connectors.camunda import paging, wire
from connectors.camunda.client import CamundaClient
from connectors.sdk import ConnectorError, CountAccuracy, Group, NotFoundError, Page, Task, User, get_each

# Ids that one search names at once.
BATCH = 100
# Members that one call asks for, and the most calls for one group.
MEMBERS = 1000
MOST_PAGES = 10


async def users_by_name(client: CamundaClient, names: Iterable[str]) -> dict[str, User]:
    found: dict[str, User] = {}
    for batch in batches(names):
        rows = await client.search_users(page={"limit": len(batch)}, usernames=batch)
        found.update((user.native_id, user) for user in _users(rows.items))
    return found


async def groups_by_id(client: CamundaClient, ids: Iterable[str]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for batch in batches(ids):
        rows = await client.search_groups(page={"limit": len(batch)}, group_ids=batch)
        found.update((group.native_id, group) for group in _groups(rows.items))
    return found


async def users(client: CamundaClient, *, limit: int, after: str | None) -> Page[User]:
    rows = await client.search_users(page=paging.asked(limit, after))
    return paging.page_of(_users(rows.items), rows.page, rows=len(rows.items), limit=limit, after=after)


async def groups(client: CamundaClient, *, limit: int, after: str | None) -> Page[Group]:
    rows = await client.search_groups(page=paging.asked(limit, after))
    return paging.page_of(_groups(rows.items), rows.page, rows=len(rows.items), limit=limit, after=after)


async def members(client: CamundaClient, group_id: str, *, limit: int, after: str | None) -> Page[User]:
    """The search names them only; the directory says the rest, one call more."""
    try:
        rows = await client.search_users_for_group(group_id, page=paging.asked(limit, after))
    except NotFoundError:
        return Page(items=())
    people = await _described(client, [user.native_id for user in _users(rows.items)])
    return paging.page_of(people, rows.page, rows=len(rows.items), limit=limit, after=after)


async def candidates(client: CamundaClient, task: Task) -> list[str]:
    """Names of the candidate users and of the members of the candidate groups, sorted.

    Empty where the cluster cannot tell: no candidates, only groups that its directory does not know, or too many members.
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


async def named(client: CamundaClient, names: Sequence[str], *, limit: int, after: str | None) -> Page[User]:
    """A page of these people; the cursor is the last name."""
    rest = [name for name in names if after is None or name > after]
    chosen = rest[:limit]
    return Page(
        items=await _described(client, chosen),
        next_cursor=chosen[-1] if len(rest) > limit else None,
        total=len(names),
        total_accuracy=CountAccuracy.EXACT,
    )


def batches(ids: Iterable[str]) -> list[list[str]]:
    distinct = list(dict.fromkeys(ids))
    return [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]


async def _all_members(client: CamundaClient, group_id: str) -> frozenset[str] | None:
    names: set[str] = set()
    after: str | None = None
    for _ in range(MOST_PAGES):
        rows = await client.search_users_for_group(group_id, page=paging.asked(MEMBERS, after))
        names.update(user.native_id for user in _users(rows.items))
        after = paging.next_cursor(rows.page, rows=len(rows.items), limit=MEMBERS, after=after)
        if after is None:
            return frozenset(names)
    return None


async def _described(client: CamundaClient, names: Sequence[str]) -> list[User]:
    known = await users_by_name(client, names)
    return [known.get(name) or User(native_id=name, username=name) for name in names]


def _users(rows: Iterable[wire.User]) -> list[User]:
    """Each once; server 8.8 does not promise that a row has a user name."""
    found = {
        row.username: User(native_id=row.username, username=row.username, name=row.name, email=row.email)
        for row in rows
        if row.username
    }
    return list(found.values())


def _groups(rows: Iterable[wire.Group]) -> list[Group]:
    """Tasks may name a group by its name although they should by its id: the name is an alias."""
    found = {
        row.group_id: Group(
            native_id=row.group_id, name=row.name or row.group_id, aliases=(row.name,) if row.name else ()
        )
        for row in rows
        if row.group_id
    }
    return list(found.values())

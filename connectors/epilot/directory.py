"""People and groups of the organisation, one method a call."""

from connectors.epilot import wire
from connectors.epilot.apis import Api
from connectors.sdk import Answer, MalformedResponseError, NotFoundError

USERS = "/v2/users"
USER = USERS + "/{}"
GROUPS = "/v1/groups"
GROUP = GROUPS + "/{}"


class DirectoryClient:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def me(self) -> wire.User:
        """With an access token of an organisation this is the token, not a person."""
        return (await self._api.read("GET", USERS + "/me")).decode(wire.User)

    async def user(self, user_id: str) -> wire.User:
        """No 404 is described: an answer without content is nobody either."""
        answer = await self._api.read("GET", USER, user_id)
        if answer.body.strip() in {b"", b"null", b"{}"}:
            raise NotFoundError("no such user in this organisation", native_status=answer.status)
        found = answer.decode(wire.User)
        if found.id not in {None, user_id}:
            raise MalformedResponseError("answered with another user")
        return found

    async def users(self, *, search: str | None, limit: int, offset: int) -> tuple[wire.User, ...]:
        """A page may be shorter than asked for: limits are not described, only an empty page is the end."""
        answer = await self._api.read("GET", USERS, params=_page(search, limit, offset))
        return answer.decode(wire.Users).results

    async def groups(self, *, search: str | None, limit: int, offset: int) -> wire.Groups:
        return (await self._api.read("GET", GROUPS, params=_page(search, limit, offset))).decode(wire.Groups)

    async def group(self, group_id: str, *, hydrate: bool = False) -> wire.Group:
        """With the people in it when hydrated, else with their ids."""
        params = {"hydrate": "true"} if hydrate else None
        return self._group(await self._api.read("GET", GROUP, group_id, params=params), group_id)

    async def groups_of_user(self, user_id: str) -> tuple[wire.Group, ...]:
        return (await self._api.read("GET", USER + "/groups", user_id)).decode(tuple[wire.Group, ...])

    async def next_in_group(self, group_id: str) -> wire.Group:
        """Advance the group's rotation of people by one."""
        return self._group(await self._api.write("POST", GROUP + "/user:next", group_id), group_id)

    @staticmethod
    def _group(answer: Answer, group_id: str) -> wire.Group:
        found = answer.decode(wire.Group)
        if found.id != group_id:
            raise MalformedResponseError("answered with another group", maybe_applied=answer.is_write)
        return found


def _page(search: str | None, limit: int, offset: int) -> dict[str, str | int]:
    page: dict[str, str | int] = {"limit": limit, "offset": offset}
    return page if not search else {"query": search, **page}

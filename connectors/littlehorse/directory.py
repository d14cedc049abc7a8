"""People and groups of the identity provider, and which of its ids stand for the kernel's names."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from connectors.littlehorse import wire
from connectors.littlehorse.client import LittlehorseClient, Side
from connectors.littlehorse.mapping import group_from_wire, group_name, user_from_wire, user_id_of
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.sdk import ConnectorError, Group, NotFoundError, Page, User, ValidationFailedError, get_each

# People that one search gives at most: the identity provider finds parts of addresses too.
MOST_FOUND = 100


class Directory:
    """Read by admins; where the bridge has no identity adapter it is empty, and names are sent as they are."""

    def __init__(
        self, client: LittlehorseClient, settings: LittlehorseSettings, *, user: Side, admin: Side | None
    ) -> None:
        self._client = client
        self._claim = settings.options.user_id_claim
        self._adapter = settings.options.identity_adapter
        self._user = user
        self._admin = admin

    async def user_key(self, native_id: str) -> str:
        """What assigning takes for a person; ValidationFailedError when the identity provider does not know them."""
        if not self._adapter or self._claim == "SUB":
            return native_id
        user = await self._find(self._side(), native_id)
        if user is None or not user.id:
            raise ValidationFailedError("the bridge knows no such user", field=("userId",))
        return user.id

    async def group_keys(self, name: str) -> list[str]:
        """What assigning and filtering take for a group; several where names differ by case only."""
        if not self._adapter:
            return [name]
        folded = name.casefold()
        groups = await self._client.list_groups(self._side())
        return [
            group.id
            for group in groups
            if group.id and (group.id == name or (group_name(group) or "").casefold() == folded)
        ]

    async def group_key(self, name: str) -> str:
        """As `group_keys`, the one; the exact name wins."""
        if not self._adapter:
            return name
        groups = await self._client.list_groups(self._side())
        exact = [group.id for group in groups if group.id and name in {group.id, group_name(group)}]
        if not exact:
            raise ValidationFailedError("the bridge knows no such group", field=("groupId",))
        return exact[0]

    async def groups(self) -> list[Group]:
        """All of the realm, or the person's own where there is no admin account; by name."""
        if not self._adapter:
            return []
        wired = await self._client.list_groups(self._admin or self._user)
        groups = (group_from_wire(each) for each in wired)
        found = {group.native_id: group for group in groups if group is not None}
        return [found[name] for name in sorted(found)]

    async def groups_page(self, *, limit: int, after: str | None) -> Page[Group]:
        """A part of `groups`: the bridge does not page them."""
        start = _offset(after)
        groups = await self.groups()
        end = start + limit
        return Page(items=tuple(groups[start:end]), next_cursor=str(end) if end < len(groups) else None)

    async def users(self, *, group: str | None = None, limit: int, after: str | None) -> Page[User]:
        """People of the realm, or members of a group; none where there is no directory or no such group."""
        if self._admin is None or not self._adapter:
            return Page(items=())
        start = _offset(after)
        params: dict[str, str | int] = {"first_result": start, "max_results": limit}
        if group is not None:
            keys = await self.group_keys(group)
            if not keys:
                return Page(items=())
            params["user_group_id"] = keys[0]
        wired = await self._client.list_users(self._admin, params)
        users = (user_from_wire(each, self._claim) for each in wired)
        found = {user.native_id: user for user in users if user is not None}
        return Page(items=tuple(found.values()), next_cursor=str(start + limit) if len(wired) >= limit else None)

    async def find(self, ids: Sequence[str]) -> Mapping[str, User]:
        """Those found, by id; one call each."""
        if not self._adapter or self._admin is None:
            return {}
        side = self._admin

        async def get(native_id: str) -> User:
            wired = await self._find(side, native_id)
            user = None if wired is None else user_from_wire(wired, self._claim)
            if user is None:
                raise NotFoundError("no such user")
            return replace(user, native_id=native_id)

        found: dict[str, User] = {}
        for native_id, each in (await get_each(filter(None, ids), get)).items():
            if isinstance(each, ConnectorError):
                raise each
            found[native_id] = each
        return found

    async def _find(self, side: Side, native_id: str) -> wire.User | None:
        """By the claim that makes the kernel's ids, else by the identity provider's own id (authors of comments)."""
        if self._claim == "SUB" or (self._claim == "EMAIL" and "@" not in native_id):
            return await self._client.get_user(side, native_id)
        name = "email" if self._claim == "EMAIL" else "username"
        found = await self._client.list_users(side, {name: native_id, "first_result": 0, "max_results": MOST_FOUND})
        folded = native_id.casefold()
        return next((user for user in found if (user_id_of(user, self._claim) or "").casefold() == folded), None)

    def _side(self) -> Side:
        if self._admin is None:
            raise ValidationFailedError("people and groups are looked up by an admin account, which is not configured")
        return self._admin


def _offset(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= 9):
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return int(after)

"""Users and groups of the identity provider, and its ids for the kernel's users and groups."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from connectors.littlehorse import wire
from connectors.littlehorse.client import LittlehorseClient, Side
from connectors.littlehorse.errors import asked_as_person
from connectors.littlehorse.mapping import (
    group_from_wire,
    group_name,
    user_from_wire,
    user_id_of,
    user_ref,
)
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.sdk import (
    Announced,
    Comment,
    ConnectorError,
    DecodedRows,
    Group,
    NotFoundError,
    OddRow,
    OffsetCursor,
    Page,
    UnsupportedActionError,
    User,
    UserRef,
    ValidationFailedError,
    current_call,
    distinct,
    get_each,
    name_key,
)

# Users that one search returns at most. The identity provider also finds parts of addresses.
MOST_FOUND = 100

# Authors of a task's comments that are looked up, one call each.
MOST_AUTHORS = 20


class Directory:
    """The source's users and groups, read by the admin account.

    A bridge without an identity adapter has no directory: lists are empty, and it takes the kernel's names as they are.
    `admin` is None if the source has no admin account; `user` is the person of the token, or the account.
    """

    def __init__(
        self, client: LittlehorseClient, settings: LittlehorseSettings, *, user: Side, admin: Side | None
    ) -> None:
        self._client = client
        self._claim = settings.options.user_id_claim
        self._adapter = settings.options.identity_adapter
        self._user = user
        self._admin = admin
        # The names and ids of the groups at the latest look; None before the first one.
        self._known_groups: frozenset[str] | None = None

    def knows_group(self, name: str) -> bool | None:
        """Whether the directory had the group at the latest look; None if that is not known. From memory."""
        return None if self._known_groups is None else name in self._known_groups

    async def user_filter(self, native_id: str) -> str | None:
        """The id of a person for a filter of lists; None for a person whom the identity provider does not know."""
        if not self._adapter or self._claim == "SUB":
            return native_id
        user = await self._find(self._side(), native_id)
        return None if user is None else user.id or None

    async def user_key(self, native_id: str) -> str:
        """The id of a person for an assignment; ValidationFailedError if the identity provider does not know the person."""
        if not self._adapter or self._claim == "SUB":
            return native_id
        user = await self._find(self._side(), native_id)
        if user is None or not user.id:
            raise ValidationFailedError("the bridge knows no such user", field=("userId",))
        return user.id

    async def group_keys(self, name: str) -> list[str]:
        """The ids of a group for a filter. There are several if names differ by case only, and none for an unknown group."""
        if not self._adapter:
            return [name]
        key = name_key(name)
        groups = await self._all_groups(self._side())
        return [
            group.id
            for group in groups.records
            if group.id and (group.id == name or name_key(group_name(group) or "") == key)
        ]

    async def group_key(self, name: str, *, field: tuple[str, ...] = ()) -> str:
        """The id of the group with exactly this name, for an assignment.

        For an unknown group ValidationFailedError with the `field` that named it; without a field it is the task's own group,
        and the error is UnsupportedActionError.
        """
        if not self._adapter:
            return name
        groups = await self._all_groups(self._side())
        exact = [group.id for group in groups.records if group.id and name in {group.id, group_name(group)}]
        if exact:
            return exact[0]
        if field:
            raise ValidationFailedError("the bridge's directory has no such group", field=field)
        raise unlisted_group(name)

    async def own_group_keys(self) -> tuple[list[str], tuple[OddRow, ...]]:
        """The groups of the person of the token, as the bridge takes them in filters, and groups that cannot be read.

        Without an identity adapter these are the names in the gateway's configuration.
        """
        if self._adapter:
            with asked_as_person():
                groups = await self._client.list_groups(self._user)
            return sorted({group.id for group in groups.records if group.id}), groups.odd
        caller = current_call().authority
        return ([] if caller is None or caller.identity is None else sorted(caller.identity.groups)), ()

    async def account(self) -> wire.User | None:
        """The user of the admin account; None without one, and without a directory."""
        if self._admin is None or not self._adapter:
            return None
        return await self._client.get_me(Side(self._admin.credentials))

    async def groups(self) -> tuple[list[Group], tuple[OddRow, ...]]:
        """All groups of the realm, sorted by name. Without an admin account, the groups of the person of the token."""
        if not self._adapter:
            return [], ()
        wired = await self._all_groups(self._admin or self._user)
        groups = (group for each in wired.records if (group := group_from_wire(each)) is not None)
        return sorted(distinct(groups, _native_id), key=_native_id), wired.odd

    async def groups_page(self, *, limit: int, after: str | None) -> Page[Group]:
        """A page of `groups`, cut here: the bridge does not page them."""
        cursor = OffsetCursor.parse(after)
        groups, odd = await self.groups()

        async def read(offset: int, size: int) -> Announced[Group]:
            return Announced(groups[offset : offset + size], len(groups))

        page = await cursor.page(read, limit=limit, most=limit + 1, key=_native_id)
        return page.page(page.rows, is_capped=bool(odd), odd=odd)

    async def users(self, *, group: str | None = None, limit: int, after: str | None) -> Page[User]:
        """Users of the realm, or the members of a group. Empty if there is no directory or no such group."""
        if self._admin is None or not self._adapter:
            return Page(items=())
        cursor = OffsetCursor.parse(after)
        side, within = self._admin, dict[str, str | int]()
        if group is not None:
            keys = await self.group_keys(group)
            if not keys:
                return Page(items=())
            within["user_group_id"] = keys[0]

        async def read(offset: int, size: int) -> Announced[wire.User | OddRow]:
            # The bridge does not count users.
            wired = await self._client.list_users(side, {"first_result": offset, "max_results": size, **within})
            return Announced([*wired.records, *wired.odd])

        page = await cursor.page(read, limit=limit, most=MOST_FOUND, key=_key)
        rows = (row for row in page.rows if isinstance(row, wire.User))
        users = (user for each in rows if (user := user_from_wire(each, self._claim)) is not None)
        odd = tuple(row for row in page.rows if isinstance(row, OddRow))
        return page.page(distinct(users, _native_id), odd=odd)

    async def find(self, ids: Sequence[str]) -> Mapping[str, User]:
        """The users found, by id. One call for each id."""
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

    async def named(self, comments: tuple[Comment, ...]) -> tuple[Comment, ...]:
        """With authors by the kernel's ids: the bridge names them by the identity provider's.

        One call for each author, for `MOST_AUTHORS` of them; an author who cannot be looked up stays as shown. Without an
        admin account one call, and only the person of the token is known.
        """
        ids = [comment.author.native_id for comment in comments if comment.author is not None]
        if self._claim != "EMAIL" or not self._adapter or not ids:
            return comments
        authors = await (self._own_name() if self._admin is None else self._names(self._admin, ids))
        return tuple(
            comment
            if comment.author is None
            else replace(comment, author=authors.get(comment.author.native_id, comment.author))
            for comment in comments
        )

    async def _names(self, side: Side, ids: Sequence[str]) -> dict[str, UserRef]:
        async def get(native_id: str) -> UserRef:
            user = user_ref(wired := await self._client.get_user(side, native_id), self._claim)
            if user is None:
                raise NotFoundError("no such user")
            return replace(user, username=wired.username or None)

        found = await get_each(list(dict.fromkeys(ids))[:MOST_AUTHORS], get)
        return {native_id: user for native_id, user in found.items() if isinstance(user, UserRef)}

    async def _own_name(self) -> dict[str, UserRef]:
        try:
            me = await self._client.get_me(self._user)
        except ConnectorError:
            return {}
        user = user_ref(me, self._claim)
        return {} if user is None or not me.id else {me.id: replace(user, username=me.username or None)}

    async def _all_groups(self, side: Side) -> DecodedRows[wire.UserGroup]:
        groups = await self._client.list_groups(side)
        if side.is_admin:
            names = ({group.id, group_name(group)} for group in groups.records)
            self._known_groups = frozenset(name for each in names for name in each if name)
        return groups

    async def _find(self, side: Side, native_id: str) -> wire.User | None:
        """By the claim that the kernel's ids are made of, or by the identity provider's id, which authors of comments have."""
        if self._claim == "SUB" or (self._claim == "EMAIL" and "@" not in native_id):
            return await self._client.get_user(side, native_id)
        name = "email" if self._claim == "EMAIL" else "username"
        found = await self._client.list_users(side, {name: native_id, "first_result": 0, "max_results": MOST_FOUND})
        key = name_key(native_id)
        return next((user for user in found.records if name_key(user_id_of(user, self._claim) or "") == key), None)

    def _side(self) -> Side:
        if self._admin is None:
            raise ValidationFailedError("looking up users and groups needs an admin account, and none is configured")
        return self._admin


def unlisted_group(name: str) -> UnsupportedActionError:
    """Groups below others, and groups that were renamed, are in tasks but not in the directory."""
    return UnsupportedActionError(
        f"the task's group {name!r} is not in the bridge's directory, so the account cannot assign the task within it; a "
        "task admin may assign it with keepGroup: false"
    )


def _key(row: wire.User | OddRow) -> str:
    return row.key if isinstance(row, OddRow) else row.id or repr(row)


def _native_id(record: User | Group) -> str:
    return record.native_id

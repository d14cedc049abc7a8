"""Accounts and groups of the sources' directories, by ref."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Group, NativeRef, User
from schema.core.loader import Loader


class UserByRefLoader(Loader[NativeRef, User]):
    """Accounts by ref. None if the directory does not have the account."""

    async def find(self, keys: Sequence[NativeRef]) -> Mapping[NativeRef, User | ConnectorError]:
        return dict(await self._federation.get_users(keys))


class GroupByRefLoader(Loader[NativeRef, Group]):
    """Groups by ref. None if the directory does not have the group."""

    async def find(self, keys: Sequence[NativeRef]) -> Mapping[NativeRef, Group | ConnectorError]:
        return dict(await self._federation.get_groups(keys))

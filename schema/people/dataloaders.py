"""People and groups of the vendors' directories, by ref."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Group, NativeRef, User
from schema.core.loader import Loader


class UserByRefLoader(Loader[NativeRef, User]):
    """None for who is in no directory: the graph keeps the id."""

    async def find(self, keys: Sequence[NativeRef]) -> Mapping[NativeRef, User | ConnectorError]:
        return dict(await self._federation.get_users(keys))


class GroupByRefLoader(Loader[NativeRef, Group]):
    """None for what is in no directory: the graph keeps the id."""

    async def find(self, keys: Sequence[NativeRef]) -> Mapping[NativeRef, Group | ConnectorError]:
        return dict(await self._federation.get_groups(keys))

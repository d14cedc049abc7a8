"""Users and groups of the vendors' directories by id."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import anyio

from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Group, NativeRef, User
from gateway.federation.authorization import KnownAccounts
from gateway.federation.cache import Kind, Tag
from gateway.federation.sources import Source, SourceReader

V = TypeVar("V")
Get = Callable[[Connector[Any], Sequence[str]], Awaitable[Mapping[str, V]]]


class DirectoryReader:
    """Reads each source's users or groups in one batch. What could not be loaded is absent: rows show a stub instead."""

    def __init__(self, sources: Mapping[str, Source], *, reader: SourceReader, known: KnownAccounts) -> None:
        """`known` has the names of accounts and groups that no directory tells."""
        self._sources = sources
        self._reader = reader
        self._known = known

    async def users(self, refs: Sequence[NativeRef]) -> dict[NativeRef, User]:
        found = await self._batches(refs, "get users", lambda connector, ids: connector.get_users(ids))
        for ref, account in found.items():
            self._known.note_accounts(ref.source, [account])
        named = ((ref, self._known.named(ref)) for ref in refs if ref not in found)
        return found | {ref: user for ref, user in named if user is not None}

    async def groups(self, refs: Sequence[NativeRef]) -> dict[NativeRef, Group]:
        found = await self._batches(refs, "get groups", lambda connector, ids: connector.get_groups(ids))
        named = ((ref, self._known.named_group(ref)) for ref in refs if ref not in found)
        return found | {ref: group for ref, group in named if group is not None}

    async def _batches(self, refs: Sequence[NativeRef], operation: str, get: Get[V]) -> dict[NativeRef, V]:
        by_source: dict[str, set[str]] = {}
        for ref in refs:
            if ref.source in self._sources:
                by_source.setdefault(ref.source, set()).add(ref.native_id)
        found: dict[NativeRef, V] = {}

        async def load(key: str, ids: tuple[str, ...]) -> None:
            source = self._sources[key]
            try:
                shared = await self._reader.read(
                    source, operation, ids, lambda: get(source.connector, ids), about=Tag(key, Kind.DIRECTORY)
                )
            except ConnectorError:
                return  # the source's status shows it
            found.update(
                {NativeRef(key, native_id): shared.value[native_id] for native_id in ids if native_id in shared.value}
            )

        if len(by_source) == 1:
            ((key, ids),) = by_source.items()
            await load(key, tuple(sorted(ids)))
            return found
        async with anyio.create_task_group() as group:
            for key, ids in by_source.items():
                group.start_soon(load, key, tuple(sorted(ids)))
        return found

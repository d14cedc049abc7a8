"""Reads of a source through the cache. Lists and objects make their cache keys here and nowhere else."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import anyio

from connectors.sdk.errors import ConnectorError
from connectors.sdk.settings import CacheSettings
from gateway.federation.cache import Cache, CachedResult, CacheKey, Kind, Parts, Tag
from gateway.federation.sources.batch import Batch, FetchMany
from gateway.federation.sources.source import Source
from gateway.federation.traffic import Priority, current_context

T = TypeVar("T")

# Seconds without a further read after which the reads of writes that travel together are sent.
TOGETHER_SECONDS = 0.05


class SourceReader:
    """Reads sources within their deadline. The kind of the tag decides for how many seconds an answer is fresh."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def read(
        self,
        source: Source,
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        *,
        about: Tag,
        fresh: bool = False,
        may_revalidate: bool = False,
        ttl: Callable[[T], float] | None = None,
        failure_of: Callable[[T], ConnectorError | None] = lambda _: None,
    ) -> CachedResult[T]:
        """The answer of `fetch`, shared with equal reads: the same source, credential scope, operation and arguments.

        `may_revalidate`: an answer a little older than fresh is returned at once while it is read again. `ttl` replaces
        the seconds of the kind. `failure_of` names the failure that ended an incomplete answer; it becomes the status
        of the source. Raises the ConnectorError of `fetch` where no older answer may stand in for it.
        """

        async def fetched() -> T:
            value = await source.read(operation, fetch, is_about_one=about.native_id is not None)
            failure = failure_of(value)
            if failure is not None:
                source.record_failure(failure.at(source.key, operation))
            return value

        settings = source.connector.settings.cache
        seconds = fresh_seconds(settings, about)
        context, scope = current_context(), source.scope
        key = CacheKey(source.key, scope, operation, arguments)
        parts = context.parts if isinstance(context.parts, Parts) else None
        if parts is not None:
            # Before the answer is given: if it is a kept one, it is this one.
            mark = None if fresh else self._cache.mark(key)
            if mark is None:
                parts.spoil()
            else:
                parts.note(key, mark)
        return await self._cache.get_or_fetch(
            key,
            fetched,
            ttl=ttl or (lambda _: seconds),
            tags=[about],
            max_stale=settings.max_stale_seconds,
            revalidate=settings.revalidate_seconds if may_revalidate else 0.0,
            max_wait=source.max_wait,
            fresh=fresh,
            asked_at=context.asked_at,
            earlier=context.records_of(source.key, scope),
            decides=context.priority is Priority.WRITE,
        )

    async def read_each(
        self,
        source: Source,
        operation: str,
        ids: Collection[str],
        fetch: FetchMany[T],
        *,
        kind: Kind,
        fresh: bool = False,
    ) -> dict[str, CachedResult[T | None] | ConnectorError]:
        """Single things by native id, each kept on its own. What has to be read costs one call of `fetch` together.

        The value is None for an unknown id; what could not be read has its error.
        """

        async def fetched(wanted: Sequence[str]) -> Mapping[str, T | ConnectorError]:
            try:
                return await fetch(wanted)
            except Exception as raised:  # noqa: BLE001 whatever a connector raises becomes one error for all ids
                raise source.error_of(raised, operation) from None

        batches = current_context().batches
        batch: Batch[T] = (
            Batch(fetched)
            if batches is None
            else batches.of((source.key, operation), lambda: Batch(fetched, pause=TOGETHER_SECONDS))
        )
        found: dict[str, CachedResult[T | None] | ConnectorError] = {}

        async def one(native_id: str) -> None:
            try:
                found[native_id] = await self.read(
                    source,
                    operation,
                    native_id,
                    lambda: batch.get(native_id),
                    about=Tag(source.key, kind, native_id),
                    fresh=fresh,
                )
            except ConnectorError as error:
                found[native_id] = error

        async with anyio.create_task_group() as group:
            for native_id in dict.fromkeys(ids):
                group.start_soon(one, native_id)
        return found

    @property
    def changes(self) -> int:
        """The number of the last write through this gateway or another replica."""
        return self._cache.changes

    def is_outdated(self, number: int, about: Tag) -> bool:
        """Whether a write was made after that number which answers with this tag must show."""
        return self._cache.is_outdated(number, about)

    def fallback(
        self, source: Source, operation: str, arguments: Hashable, error: ConnectorError
    ) -> CachedResult[Any] | None:
        """An older answer to the same question, to be given because of `error`; None without one. Makes no call."""
        if isinstance(parts := current_context().parts, Parts):
            parts.spoil()
        key = CacheKey(source.key, source.scope, operation, arguments)
        return self._cache.fallback(key, error, max_stale=source.connector.settings.cache.max_stale_seconds)

    def cached(self, source: Source, operation: str, arguments: Hashable) -> Any | None:
        """The value of a fresh answer in the cache, None without one. Makes no call."""
        key = CacheKey(source.key, source.scope, operation, arguments)
        found = self._cache.peek(key)
        if isinstance(parts := current_context().parts, Parts):
            parts.note(key, self._cache.mark(key))
        return None if found is None else found.value


def fresh_seconds(settings: CacheSettings, about: Tag) -> float:
    """For how many seconds answers about such a thing are fresh."""
    match about.kind:
        case Kind.TASK_LIST:
            return settings.list_seconds
        case Kind.TASK:
            return settings.detail_seconds
        case Kind.FLOW | Kind.FLOW_LIST:
            return settings.flow_seconds
        case Kind.DIRECTORY | Kind.DEFINITION:
            return settings.directory_seconds
        case None:
            raise TypeError("an answer is about things of one kind")

"""Reads of a source through the cache. Lists and objects make their cache keys here and nowhere else."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from connectors.sdk.errors import ConnectorError
from connectors.sdk.settings import CacheSettings
from gateway.federation.cache import Cache, CachedResult, CacheKey, Kind, Tag
from gateway.federation.sources.source import Source

T = TypeVar("T")


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
            value = await source.read(operation, fetch)
            failure = failure_of(value)
            if failure is not None:
                source.record_failure(failure.at(source.key, operation))
            return value

        settings = source.connector.settings.cache
        seconds = fresh_seconds(settings, about)
        return await self._cache.get_or_fetch(
            CacheKey(source.key, source.scope, operation, arguments),
            fetched,
            ttl=ttl or (lambda _: seconds),
            tags=[about],
            max_stale=settings.max_stale_seconds,
            revalidate=settings.revalidate_seconds if may_revalidate else 0.0,
            max_wait=source.max_wait,
            fresh=fresh,
        )

    def cached(self, source: Source, operation: str, arguments: Hashable) -> Any | None:
        """The value of a fresh answer in the cache, None without one. Makes no call."""
        found = self._cache.peek(CacheKey(source.key, source.scope, operation, arguments))
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

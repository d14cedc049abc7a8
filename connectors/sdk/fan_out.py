"""Many single reads side by side, for vendors that cannot read several records in one call."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import TypeVar

import anyio

from connectors.sdk.errors import ConnectorError, NotFoundError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

# Requests of one batch that one source gets at the same time.
BATCH_CONCURRENCY = 8


async def get_each(ids: Iterable[K], get: Callable[[K], Awaitable[T]]) -> dict[K, T | ConnectorError]:
    """`get` for each distinct id, one call each. An id that was not found is absent; one that failed has its error.

    An exception of another kind is a bug in `get`; the first one is raised as it is.
    """
    found: dict[K, T | ConnectorError] = {}
    limiter = anyio.CapacityLimiter(BATCH_CONCURRENCY)

    async def one(native_id: K) -> None:
        async with limiter:
            try:
                found[native_id] = await get(native_id)
            except NotFoundError:
                return
            except ConnectorError as error:
                found[native_id] = error

    try:
        async with anyio.create_task_group() as group:
            for native_id in dict.fromkeys(ids):
                group.start_soon(one, native_id)
    except ExceptionGroup as bugs:
        raise bugs.exceptions[0] from None
    return found

"""Many single calls side by side, for vendors without a batch."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

from connectors.sdk.errors import ConnectorError, NotFoundError

T = TypeVar("T")

# Requests of one batch that are under way at once at one source.
BATCH_CONCURRENCY = 8


async def get_each(ids: Iterable[str], get: Callable[[str], Awaitable[T]]) -> dict[str, T | ConnectorError]:
    """`get` for each distinct id: what was not found is absent, what failed is its error. One call per id."""
    found: dict[str, T | ConnectorError] = {}
    limiter = anyio.CapacityLimiter(BATCH_CONCURRENCY)

    async def one(native_id: str) -> None:
        async with limiter:
            try:
                found[native_id] = await get(native_id)
            except NotFoundError:
                return
            except ConnectorError as error:
                found[native_id] = error

    async with anyio.create_task_group() as group:
        for native_id in dict.fromkeys(ids):
            group.start_soon(one, native_id)
    return found

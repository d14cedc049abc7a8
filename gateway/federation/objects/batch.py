"""Single reads side by side."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

from connectors.sdk.errors import ConnectorError

T = TypeVar("T")
V = TypeVar("V")


async def read_each(refs: Iterable[T], read: Callable[[T], Awaitable[V | None]]) -> dict[T, V | ConnectorError]:
    """`read` for each distinct ref, all at once. None leaves the ref out; a ConnectorError replaces the value."""
    found: dict[T, V | ConnectorError] = {}

    async def one(ref: T) -> None:
        try:
            value = await read(ref)
        except ConnectorError as error:
            found[ref] = error
        else:
            if value is not None:
                found[ref] = value

    async with anyio.create_task_group() as group:
        for ref in dict.fromkeys(refs):
            group.start_soon(one, ref)
    return found

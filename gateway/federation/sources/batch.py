"""Single reads that become one call: those that need an answer of the source at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.errors import ConnectorError

T = TypeVar("T")

LONGEST_PAUSE = 1.0

FetchMany = Callable[[Sequence[str]], Awaitable[Mapping[str, T | ConnectorError]]]
"""Values by native id. An unknown id is absent; one that could not be read has its error."""


class _Call(Struct, Generic[T], eq=False):
    ids: list[str]
    found: "asyncio.Future[Mapping[str, T | ConnectorError]]"


class Batch(Generic[T]):
    """The first to ask waits until all the others that are ready to run have asked, and calls for all of them.

    With `pause` it waits until nothing more was asked for that many seconds, for a second at most.
    """

    def __init__(self, fetch: FetchMany[T], *, pause: float = 0.0) -> None:
        self._fetch = fetch
        self._pause = pause
        self._next: _Call[T] | None = None

    async def get(self, native_id: str) -> T | None:
        """The value, None for an unknown id. Raises the ConnectorError of the id, or what the call raises."""
        call = self._next
        if call is None:
            call = self._next = _Call([native_id], asyncio.get_running_loop().create_future())
            await self._run(call)
        else:
            call.ids.append(native_id)
        value = (await asyncio.shield(call.found)).get(native_id)
        if isinstance(value, ConnectorError):
            raise value
        return value

    async def _run(self, call: _Call[T]) -> None:
        try:
            await asyncio.sleep(self._pause)
            asked, waited = 1, self._pause
            while self._pause and asked < len(call.ids) and waited < LONGEST_PAUSE:
                asked, waited = len(call.ids), waited + self._pause
                await asyncio.sleep(self._pause)
            self._next = None
            call.found.set_result(await self._fetch(tuple(call.ids)))
        except asyncio.CancelledError:
            call.found.cancel()
            raise
        except Exception as error:  # noqa: BLE001 it is raised to each that asked
            call.found.set_exception(error)
        finally:
            if self._next is call:
                self._next = None

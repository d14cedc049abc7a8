"""Looks at a source's own account: when it is opened, and again from time to time."""

import asyncio

import anyio
import pytest

from connectors.sdk.caller import Access
from connectors.sdk.errors import ConnectorError, ForbiddenError, UnavailableError
from gateway.federation.sources import Source, account
from gateway.federation.sources.account import AccountWatch
from gateway.federation.traffic import Priority, current_context
from gateway.shared.memory import memory_state
from tests.gateway.federation.memory_source import MemoryConnector


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "SOON", 0.0)
    monkeypatch.setattr(account, "LATER", 1000.0)


@pytest.mark.parametrize("first", [False, UnavailableError("is down"), TimeoutError()])
async def test_it_looks_again_soon_if_something_is_missing(first: bool | Exception) -> None:
    """Or if it could not be found out. After a look that found nothing missing it waits long."""
    found: list[bool | Exception] = [True, first]
    enough = asyncio.Event()

    async def look() -> bool:
        assert current_context().priority is Priority.BACKGROUND
        result = found.pop()
        if not found:
            enough.set()
        if isinstance(result, Exception):
            raise result
        return result

    watch = AccountWatch(look)
    await watch.start(within=5)
    with anyio.fail_after(5):
        await enough.wait()
    await anyio.sleep(0.01)
    await watch.aclose()

    assert [] == found


async def test_a_vendor_that_refuses_to_tell_is_not_asked_again_soon() -> None:
    """The account may lack the right to read itself."""
    looks: list[None] = []

    async def look() -> bool:
        looks.append(None)
        raise ForbiddenError("no")

    watch = AccountWatch(look)
    await watch.start(within=5)
    await anyio.sleep(0.01)
    await watch.aclose()

    assert 1 == len(looks)


async def test_the_start_does_not_wait_for_long() -> None:
    """A source that hangs must not keep the gateway from starting."""
    watch = AccountWatch(lambda: asyncio.sleep(60, result=True))
    with anyio.fail_after(2):
        await watch.start(within=0.01)
        await watch.aclose()


@pytest.mark.parametrize(("error", "left"), [(ForbiddenError("no"), {}), (UnavailableError("away"), {"f": Access()})])
async def test_rights_are_those_of_the_last_answer(error: ConnectorError, left: dict[str, Access]) -> None:
    """There are none if the vendor refuses to tell them. They are looked at again soon in any case."""
    connector = MemoryConnector("north")
    connector.note_access({"f": Access()})
    looks = asyncio.Event()

    async def look() -> None:
        if len(seen) == 2:
            looks.set()
        seen.append(1)
        raise error

    seen: list[int] = []
    connector.look_at_access = look  # type: ignore[method-assign]
    source = Source(connector, rate_limits=memory_state().rate_limits)
    await source.start(within=5)
    with anyio.fail_after(5):
        await looks.wait()
    await source.aclose()

    assert connector.info.access == left

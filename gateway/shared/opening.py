"""Opens the state that the configuration names: in memory, or over Redis or Valkey.

What speaks to Redis is imported only where an address is named: its library is an extra.
"""

# ruff: noqa: PLC0415 - the extra may be missing
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from connectors.sdk.errors import GatewayUnavailableError
from gateway.shared.memory import MemoryLeases, memory_state
from gateway.shared.port import SharedState


@asynccontextmanager
async def open_shared_state(
    url: str | None, *, name: str, replicas: int, decode_tag: Callable[[bytes], Hashable]
) -> AsyncIterator[SharedState]:
    """`name` is that of all replicas in the engine; `decode_tag` makes a tag of what msgspec made of it.

    The gateway waits in the background for an engine that is away. Raises GatewayUnavailableError if `url` is no address of Redis.
    """
    if url is None:
        yield memory_state()
        return
    fault = shared_fault(url)
    if fault is not None:
        raise GatewayUnavailableError(fault)
    from gateway.shared.redis import RedisInvalidationLog, RedisRateLimits, open_redis

    async with open_redis(url, name=name, replicas=replicas) as engine:
        yield SharedState(
            invalidations=RedisInvalidationLog(engine, decode_tag),
            rate_limits=RedisRateLimits(engine),
            # Over all replicas, targets are held in the journal.
            leases=MemoryLeases(),
        )


def shared_fault(url: str | None) -> str | None:
    """Why the address cannot be used, whether or not the engine is there; None if it can."""
    if url is None:
        return None
    try:
        from gateway.shared.redis import is_address
    except ImportError:
        return "[shared] url needs the extra `shared`: python -m pip install 'taskgate[shared]'"
    # It has the password, so it is not quoted.
    return None if is_address(url) else "[shared] url is not the address of a Redis server"

"""The stand-ins in a process of their own."""

import asyncio
import logging
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop

from sandbox.server import serve
from sandbox.stand_in import StandIn


def serve_until_closed(
    pipe: Connection,
    other_end: Connection,
    chosen: Sequence[StandIn],
    told: Callable[[Mapping[str, str]], object],
    *,
    latency_ms: float = 0.0,
) -> None:
    """Serve until the other end of `pipe` is closed there. First send what `told` makes of the addresses."""
    other_end.close()

    async def served() -> None:
        async with serve(chosen, host="127.0.0.1", base_port=0, latency_ms=latency_ms) as urls:
            pipe.send(told(urls))
            await asyncio.to_thread(pipe.poll, None)

    # Replies of abandoned requests are cut off at the end; that is expected.
    logging.disable()
    uvloop.run(served())


@contextmanager
def started(method: str, target: Callable[..., None], *args: object) -> Iterator[Any]:
    """A process that runs `target(pipe, other_end, *args)`, and what it sends first. It ends with the block.

    A fork saves importing everything a second time, but must be made before threads and the event loop.
    """
    making: Any = multiprocessing.get_context(method)
    ours, theirs = making.Pipe()
    process = making.Process(target=target, args=(theirs, ours, *args), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(timeout=5)
        process.terminate()

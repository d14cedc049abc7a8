"""The end of a gateway while requests arrive."""

import asyncio
import signal
import time
from pathlib import Path

from benchmarks.door_parts.process import served

CONFIGURATION = """
[gateway]
secret = "a secret of the benchmark, long enough"
profile = "development"

[gateway.connections]
head_seconds = 2
body_seconds = 2
answer_seconds = 2

[auth]
mode = "demo"
default_person = "alice"

[[people]]
key = "alice"
name = "Alice"
"""
BODY = b'{"query": "{ __typename }"}'
POST = (
    b"POST /graphql HTTP/1.1\r\nhost: gateway.test\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
    % (len(BODY), BODY)
)


async def ended(folder: Path) -> tuple[int, int, float]:
    """One end of a gateway under load: requests sent, requests lost, seconds to the end."""
    sent = lost = 0
    async with served(folder, CONFIGURATION) as gateway:
        is_over = False

        async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent, lost
            sent += 1
            try:
                writer.write(POST.replace(b"host", b"connection: close\r\nhost"))
                lost += b'"__typename":"Query"' not in await reader.read()
            except ConnectionError:
                lost += 1
            writer.close()

        async def client(number: int) -> None:
            while not is_over:
                try:
                    connection = await asyncio.open_connection("127.0.0.1", gateway.port)
                except OSError:
                    return
                if number % 2:
                    # The connection waits for a moment.
                    await asyncio.sleep(0.002)
                await ask(*connection)

        clients = [asyncio.create_task(client(number)) for number in range(4)]
        await asyncio.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        await asyncio.wait_for(gateway.process.wait(), 30)
        took = time.monotonic() - began
        is_over = True
        await asyncio.gather(*clients)
    return sent, lost, took

"""A gateway in a process of its own."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Gateway:
    """A gateway process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def connections(self) -> int:
        files = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return sum(1 for file in files if file.is_symlink() and str(file.readlink()).startswith("socket:"))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def served(folder: Path, configuration: str) -> AsyncIterator[Gateway]:
    """A gateway with this configuration, as `taskgate serve` starts it."""
    config, port = folder / "taskgate.toml", free_port()
    config.write_text(configuration)
    code = "from gateway.cli import app; app()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "serve", "--config", str(config), "--port", str(port),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    gateway = Gateway(process, port)
    try:
        async with asyncio.timeout(180):
            while True:
                if process.returncode is not None:
                    raise RuntimeError("the gateway ended before it could be reached")
                with contextlib.suppress(OSError):
                    await livez(port)
                    break
                await asyncio.sleep(0.05)
        yield gateway
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def livez(port: int) -> float:
    """Milliseconds to the answer, with a connection of its own."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /livez HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError("no answer")
    return (time.perf_counter() - began) * 1000

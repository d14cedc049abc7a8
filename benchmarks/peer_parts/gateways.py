"""The gateways, each in processes of its own, over one backend."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
MODULES = PEERS / "node_modules"
STAMP = MODULES / ".installed"
TAILCALL = MODULES / "@tailcallhq" / "core-linux-x64-gnu" / "bin" / "tailcall"
_TICKS = os.sysconf("SC_CLK_TCK")
_CONFIGURATION = """
[gateway]
secret = "a secret of the benchmark, long enough"
profile = "development"
admission = {{ lag_seconds = 10 }}  # refusals of a busy gateway are the subject of another benchmark

[auth]
mode = "demo"
default_person = "carol"

[[people]]
key = "carol"
name = "Carol"
roles = ["task_admin"]

[[sources]]
key = "backend"
name = "Backend"
vendor = "backend"
base_url = "{backend}"
credentials = {{ kind = "bearer", token = "secret" }}
limits = {{ concurrency = 50 }}
cache = {{ list_seconds = 3600, directory_seconds = 3600 }}
"""


class Kind(StrEnum):
    TASKGATE = "taskgate"
    HIVE = "Mesh + Hive"
    TAILCALL = "Tailcall"


class Gateway(Struct, frozen=True):
    """`keeps`: answers are kept, as far as the gateway can."""

    kind: Kind
    pid: int
    port: int
    keeps: bool

    def cpu(self) -> float:
        """CPU seconds so far, of the process and of those that it started."""
        return sum(_seconds(pid) for pid in self._tree())

    def memory(self) -> float:
        """MiB in use now."""
        return sum(_resident(pid) for pid in self._tree())

    def _tree(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
                found.extend(int(child) for child in children.split())
        return found


def installed() -> str | None:
    """Why the peers cannot be run; None if they can. Fetches them from npm once."""
    if STAMP.exists():
        return None
    if shutil.which("npm") is None:
        return "Node.js is not installed"
    arguments = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    npm = ["npm", "install", *arguments, "--fetch-retries=1"]
    done = subprocess.run(npm, cwd=PEERS, capture_output=True, check=False)  # noqa: S603 no words of others
    if done.returncode:
        return "npm cannot fetch the packages"
    STAMP.touch()
    return None


def configured(backend: str, folder: Path) -> Path:
    """The configuration of taskgate. Its connector is found as that of any other distribution, if `folder` is on the path."""
    found = folder / "backend-1.dist-info"
    found.mkdir(exist_ok=True)
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: backend\nVersion: 1\n", encoding="utf-8")
    entry = "[taskgate.connectors]\nbackend = benchmarks.peer_parts.connector:BackendConnector\n"
    (found / "entry_points.txt").write_text(entry, encoding="utf-8")
    file = folder / "taskgate.toml"
    file.write_text(_CONFIGURATION.format(backend=backend), encoding="utf-8")
    return file


@contextmanager
def taskgate(backend: str, folder: Path, switches: Mapping[str, str]) -> Iterator[Gateway]:
    """`taskgate serve` over the connector of this benchmark."""
    file = configured(backend, folder)
    port = _free_port()
    arguments = ["serve", "--config", str(file), "--port", str(port)]
    environment = {"PYTHONPATH": f"{folder}:{ROOT}", **switches}
    with _started(
        [sys.executable, "-c", "from gateway.cli import app; app()", *arguments], folder, environment, port
    ) as pid:
        yield Gateway(Kind.TASKGATE, pid, port, keeps=True)


@contextmanager
def tailcall(backend: str, folder: Path, *, keeps: bool) -> Iterator[Gateway]:
    """Its answers of the backend are kept with `keeps`."""
    port = _free_port()
    template = (PEERS / "tailcall.graphql").read_text(encoding="utf-8")
    file = folder / f"tailcall-{keeps}.graphql"
    cache = ", httpCache: 1000" if keeps else ""
    file.write_text(
        template.replace("PORT", str(port)).replace("HTTP_CACHE", cache).replace("BACKEND", backend), encoding="utf-8"
    )
    TAILCALL.chmod(0o755)
    # No telemetry, and no look for a newer version.
    environment = {"TAILCALL_TRACKER": "false", "TAILCALL_LOG_LEVEL": "error", "CI": "true"}
    with _started([str(TAILCALL), "start", str(file)], folder, environment, port) as pid:
        yield Gateway(Kind.TAILCALL, pid, port, keeps)


@contextmanager
def hive(backend: str, folder: Path, *, keeps: bool) -> Iterator[Gateway]:
    """A supergraph by Mesh, served by Hive Gateway. Whole answers are kept with `keeps`."""
    supergraph = folder / "supergraph.graphql"
    programs = MODULES / ".bin"
    environment = {"BACKEND": backend, "NODE_ENV": "production"}
    if not supergraph.exists():
        subprocess.run(  # noqa: S603 the pinned package
            [str(programs / "mesh-compose"), "-c", "mesh.config.mjs", "-o", str(supergraph)],
            cwd=PEERS,
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
    port = _free_port()
    more = {"PORT": str(port), **({"KEEP": "1"} if keeps else {})}
    arguments = ["supergraph", str(supergraph), "-c", "gateway.config.mjs"]
    with _started([str(programs / "hive-gateway"), *arguments], PEERS, {**environment, **more}, port) as pid:
        yield Gateway(Kind.HIVE, pid, port, keeps)


@contextmanager
def _started(command: list[str], folder: Path, environment: Mapping[str, str], port: int) -> Iterator[int]:
    process = subprocess.Popen(  # noqa: S603 the gateways' own programs
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise SystemExit(f"{process.args!r} does not serve")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

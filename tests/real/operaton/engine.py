"""A real Operaton: its artefacts fetched by Maven once, started on loopback with a database of its own, stopped or killed.

Every obstacle is an EngineError, whose text is one line for people.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.real.engine import EngineError, cache

APP = Path(__file__).parent / "app"
USER, PASSWORD = "demo", "demo-of-the-real-engine"
PREFIX = "/engine-rest"
FIRST_PORT = 31720
# Maven's own time, and the engine's: a machine may be busy with other things.
FETCH_S, START_S = 420, 600


class Engine:
    """The engine's process. Its data outlive it, until the block of `running` ends."""

    def __init__(self, folder: Path, work: Path, port: int) -> None:
        self._folder = folder
        self._work = work
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self.ready_after_s = 0.0

    @property
    def address(self) -> str:
        """With `/engine-rest`."""
        return f"http://127.0.0.1:{self._port}{PREFIX}"

    def start(self, *, is_durable: bool = False) -> None:
        """Start it, and wait until it is ready.

        `is_durable`: a commit is in the file when it is answered, so that it survives SIGKILL. That costs much of the time.
        """
        began = time.monotonic()
        url = f"jdbc:h2:file:{self._work / 'data'};DB_CLOSE_DELAY=-1;WRITE_DELAY={0 if is_durable else 10_000}"
        command = [
            java(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx512m",
            "-cp",
            f"{self._folder / 'classes'}{os.pathsep}{self._folder / 'lib'}/*",
            "app.App",
            f"--server.port={self._port}",
            "--basic=true",
            f"--spring.datasource.url={url}",
        ]
        with (self._work / "engine.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._work, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        # One client: each would read the certificates that the machine trusts.
        with httpx2.Client(timeout=5) as client:
            while time.monotonic() - began < START_S:
                if self._process.poll() is not None:
                    raise EngineError(f"never ready: the engine ended with exit code {self._process.returncode}")
                try:
                    if client.get(f"{self.address}/engine").status_code == 200:
                        self.ready_after_s = time.monotonic() - began
                        return
                except httpx2.TransportError:
                    pass
                time.sleep(0.5)
        raise EngineError(f"never ready: {self.address}/engine did not answer 200 within {START_S} s")

    def kill(self) -> None:
        """As `kill -9` does: nothing is finished or written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, way: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(way)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def java() -> str:
    found = shutil.which("java")
    if found is None:
        raise EngineError("no Java: Operaton needs Java 17 or newer on the path")
    return found


def prepared() -> Path:
    """The folder with the engine's libraries and our ten lines of Java, made once outside of the tree."""
    content = b"".join(path.read_bytes() for path in sorted(APP.iterdir()))
    folder = cache() / f"operaton-{hashlib.sha256(content).hexdigest()[:12]}"
    if (folder / "complete").is_file():
        return folder
    maven, compiler = shutil.which("mvn"), shutil.which("javac")
    java()
    if maven is None or compiler is None:
        raise EngineError("no engine: Maven (mvn) and a JDK (javac) are needed to prepare it; install them")
    folder.mkdir(parents=True, exist_ok=True)
    for path in APP.iterdir():
        shutil.copy(path, folder)
    copy = "dependency:copy-dependencies"
    _run([maven, "-B", "-q", copy, f"-DoutputDirectory={folder / 'lib'}", "-DincludeScope=runtime"], folder)
    _run([compiler, "-cp", f"{folder / 'lib'}/*", "-d", str(folder / "classes"), "App.java"], folder)
    shutil.copy(APP / "application.yaml", folder / "classes")
    (folder / "complete").touch()
    return folder


@contextmanager
def running(folder: Path, work: Path, port: int | None = None, *, is_durable: bool = False) -> Iterator[Engine]:
    """A started engine; after the block it has ended. `work` gets its data and its log."""
    made = Engine(folder, work, _free(port or int(os.environ.get("OPERATON_PORT", FIRST_PORT))))
    try:
        made.start(is_durable=is_durable)
        yield made
    finally:
        made.stop()


def _run(command: list[str], folder: Path) -> None:
    try:
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_S)
    except subprocess.TimeoutExpired:
        raise EngineError(f"no engine: {Path(command[0]).name} did not end within {FETCH_S} s") from None
    if told.returncode:
        lines = [line for line in (told.stdout + told.stderr).splitlines() if "ERROR" in line or "error" in line]
        # Without addresses: they are those of the machine's settings.
        reason = (lines or ["it did not say why"])[0].split("http", 1)[0].strip()
        raise EngineError(f"no engine: {Path(command[0]).name} failed ({reason[:200]})")


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EngineError(
                f"port taken: 127.0.0.1:{port} is not free ({error.strerror}); set OPERATON_PORT to a free one"
            ) from error
    return port

"""A real Keycloak from its published archive: fetched once, unpacked, started on loopback in development mode, stopped.

Every obstacle is an EngineError, whose text is one line for people. All data are in a temporary folder.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.real.engine import EngineError, _java_homes, _major, _reason, cache

VERSION = "26.5.6"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
PROGRAM = "bin/kc.sh"
OLDEST_JAVA = 17
ADMIN = "admin"
# The first start builds the server, which takes minutes on a busy machine.
PATIENCE_S = 1200.0


@dataclass(slots=True)
class Keycloak:
    """The running server, from `folder`. `pause` stops it from answering, as a server that hangs; `go_on` ends that. `stop`
    ends it, and `start` begins it again with the same address and data.
    """

    address: str
    admin_password: str
    folder: Path
    process: subprocess.Popen[bytes]
    start: Callable[[], None]

    def stop(self) -> None:
        self.go_on()
        _stop(self.process)

    def pause(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def java_home() -> Path:
    """The oldest installed Java that fits."""
    versions = {home: major for home in _java_homes() if (major := _major(home)) is not None and major >= OLDEST_JAVA}
    if not versions:
        raise EngineError(
            f"no Java: Keycloak {VERSION} needs Java {OLDEST_JAVA} or newer; install one or set JAVA_HOME"
        )
    return min(versions, key=lambda home: versions[home])


def archive() -> Path:
    """The archive: `$KEYCLOAK_ARCHIVE`, else the kept one, else fetched by Maven from its registry."""
    if given := os.environ.get("KEYCLOAK_ARCHIVE"):
        if not Path(given).is_file():
            raise EngineError(f"no archive: KEYCLOAK_ARCHIVE names {given}, which is no file")
        return Path(given)
    kept = cache() / f"keycloak-quarkus-dist-{VERSION}.zip"
    if not kept.is_file():
        _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    instead = f"put {kept.name} into {kept.parent} or name it in KEYCLOAK_ARCHIVE"
    maven = shutil.which("mvn")
    if maven is None:
        raise EngineError(f"no archive: Maven (mvn) is not installed to fetch {ARTIFACT}; install it, or {instead}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"fetching {ARTIFACT}, 165 MB\n")
    # In another folder, so that an incomplete download is never taken for the archive.
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        command = [maven, "--quiet", "--batch-mode", "--update-snapshots", "dependency:copy"]
        told = subprocess.run(
            [*command, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        fetched = Path(folder) / kept.name
        if told.returncode or not fetched.is_file():
            raise EngineError(f"no archive: Maven could not fetch {ARTIFACT} ({_reason(told.stdout)}); {instead}")
        fetched.replace(kept)


def unpacked(packed: Path) -> Path:
    """The folder of the server, unpacked once next to the kept archives. Its first start builds the server there."""
    stamp = packed.stat()
    folder = cache() / f"keycloak-{VERSION}-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not folder.is_dir():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as fresh:
            try:
                with zipfile.ZipFile(packed) as content:
                    content.extractall(fresh)
            except (zipfile.BadZipFile, OSError) as error:
                raise EngineError(f"no archive: {packed} cannot be unpacked ({error})") from error
            [top] = list(Path(fresh).iterdir()) or [Path(fresh)]
            top.replace(folder)
    program = folder / PROGRAM
    if not program.is_file():
        raise EngineError(f"no archive: {packed} holds no {PROGRAM}")
    # The archive's format keeps no rights that Python would restore.
    for script in program.parent.glob("*.sh"):
        script.chmod(0o755)
    return folder


@contextmanager
def running(folder: Path, java: Path) -> Iterator[Keycloak]:
    """The server while the block runs. After that no process of it is left."""
    port, management = _free_port(), _free_port()
    password = secrets.token_urlsafe(12)
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="taskgate-keycloak-") as work:
        log = Path(work) / "server.log"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("KC_", "KEYCLOAK_"))},
            "JAVA_HOME": str(java),
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
            "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx700m",
            "JAVA_OPTS_APPEND": f"-Djava.io.tmpdir={work} -XX:TieredStopAtLevel=1",
        }
        command = [
            str(folder / PROGRAM),
            "start-dev",
            "--http-host=127.0.0.1",
            f"--http-port={port}",
            f"--http-management-port={management}",
            "--health-enabled=true",
            "--cache=local",
            "--db=dev-file",
            f"--db-url=jdbc:h2:file:{work}/people;NON_KEYWORDS=VALUE",
        ]

        def begun() -> subprocess.Popen[bytes]:
            with log.open("ab") as written:
                return subprocess.Popen(
                    command,
                    cwd=work,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

        def begin_again() -> None:
            server.process = begun()
            _await_ready(server, log)

        server = Keycloak(address, password, folder, begun(), begin_again)
        try:
            _await_ready(server, log)
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(server: Keycloak, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise EngineError(
                f"never ready: Keycloak ended with exit code {server.process.returncode} ({_last_line(log)})"
            )
        try:
            if httpx2.get(f"{server.address}/realms/master/.well-known/openid-configuration", timeout=10).is_success:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.5)
    raise EngineError(f"never ready: Keycloak did not answer within {PATIENCE_S:g} s ({_last_line(log)})")


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    complaints = [line for line in lines if "ERROR" in line]
    return ([*lines, *complaints] or ["it said nothing"])[-1][:300]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group, first with SIGTERM."""
    for way, patience_s in ((signal.SIGTERM, 60), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, way)
        except ProcessLookupError:
            return
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        break
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

"""A real Camunda from its published archive: fetched once, unpacked, started on loopback, stopped.

Every obstacle is an EngineError, whose text is one line for people.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

VERSION = "8.9.2"
ARTIFACT = f"io.camunda:camunda-zeebe:{VERSION}:tar.gz"
PROGRAM = "bin/camunda"
READY = "/v2/status"
OLDEST_JAVA, NEWEST_JAVA = 21, 25
USER, PASSWORD = "demo", "s3cr3t-of-demo"

_JVM_FOLDERS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"))
_VERSION_OF_JAVA = re.compile(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)')


# The exit code if an engine cannot be had, or started, on this machine. Nothing is said about the connector then.
NOT_THERE = 75


class EngineError(Exception):
    """The engine cannot be fetched, started or reached. The text is one line."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports on loopback, consecutive from `rest`."""

    rest: int

    @property
    def named(self) -> dict[str, int]:
        names = ("REST", "management", "gRPC", "command", "internal")
        return {name: self.rest + offset for offset, name in enumerate(names)}


def cache() -> Path:
    """The folder of downloads, outside of the tree."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taskgate"


def _major(home: Path) -> int | None:
    """The major version of the Java installed there; None without one."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    release = home / "release"
    told = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    found = _VERSION_OF_JAVA.search(told)
    if found is None:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
        found = _VERSION_OF_JAVA.search(answer.stderr + answer.stdout)
    return None if found is None else int(found[1])


def _java_homes() -> Iterator[Path]:
    if configured := os.environ.get("JAVA_HOME"):
        yield Path(configured)
    for folder in _JVM_FOLDERS:
        for home in sorted(folder.glob("*")):
            yield home / "Contents" / "Home" if (home / "Contents" / "Home").is_dir() else home
    if found := shutil.which("java"):
        yield Path(found).resolve().parents[1]


def java_home() -> Path:
    """The newest installed Java that the engine supports."""
    versions = {home: major for home in _java_homes() if (major := _major(home)) is not None}
    fitting = {home: major for home, major in versions.items() if OLDEST_JAVA <= major <= NEWEST_JAVA}
    if fitting:
        return max(fitting, key=lambda home: fitting[home])
    wanted = f"Camunda {VERSION} needs a Java from {OLDEST_JAVA} to {NEWEST_JAVA}; install one or set JAVA_HOME"
    if not versions:
        raise EngineError(f"no Java: {wanted}")
    there = ", ".join(str(major) for major in sorted(set(versions.values())))
    raise EngineError(f"no fitting Java, only {there}: {wanted}")


def is_archive_there() -> bool:
    """Whether an archive is given or kept, so that nothing is fetched."""
    return "CAMUNDA_ARCHIVE" in os.environ or (cache() / f"camunda-zeebe-{VERSION}.tar.gz").is_file()


def archive() -> Path:
    """The engine's archive: `$CAMUNDA_ARCHIVE`, else the kept one, else fetched by Maven from its registry."""
    if given := os.environ.get("CAMUNDA_ARCHIVE"):
        if not Path(given).is_file():
            raise EngineError(f"no archive: CAMUNDA_ARCHIVE names {given}, which is no file")
        return Path(given)
    kept = cache() / f"camunda-zeebe-{VERSION}.tar.gz"
    if not kept.is_file():
        _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    instead = f"put {kept.name} into {kept.parent} or name it in CAMUNDA_ARCHIVE"
    maven = shutil.which("mvn")
    if maven is None:
        raise EngineError(f"no archive: Maven (mvn) is not installed to fetch {ARTIFACT}; install it, or {instead}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"fetching {ARTIFACT}, some 400 MB\n")
    # In another folder, so that an incomplete download is never taken for the archive.
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        command = [
            maven,
            "--quiet",
            "--batch-mode",
            "--update-snapshots",
            "dependency:copy",
            f"-Dartifact={ARTIFACT}",
            f"-DoutputDirectory={folder}",
        ]
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        fetched = Path(folder) / kept.name
        if told.returncode or not fetched.is_file():
            raise EngineError(f"no archive: Maven could not fetch {ARTIFACT} ({_reason(told.stdout)}); {instead}")
        fetched.replace(kept)


def _reason(told: str) -> str:
    """Maven's first error line, without its prefix and suffix."""
    first = next((line for line in told.splitlines() if "ERROR" in line), "it did not say why")
    cause = re.sub(r"\x1b\[[0-9;]*m|\[ERROR\]", "", first).split(": ", 1)[-1].strip()
    return re.sub(r" ?\((?:https?|file):[^)]*\)|https?://\S+|-> \[Help \d+\]", "", cause).strip()


def unpacked(packed: Path) -> Path:
    """The folder of the engine, unpacked once next to the kept archives."""
    stamp = packed.stat()
    folder = cache() / f"{packed.name.removesuffix('.tar.gz')}-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not folder.is_dir():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as fresh:
            try:
                with tarfile.open(packed, "r:gz") as content:
                    content.extractall(fresh, filter="data")
            except (tarfile.TarError, EOFError, OSError) as error:
                raise EngineError(f"no archive: {packed} cannot be unpacked ({error})") from error
            [top] = list(Path(fresh).iterdir()) or [Path(fresh)]
            top.replace(folder)
    if not (folder / PROGRAM).is_file():
        raise EngineError(f"no archive: {packed} holds no {PROGRAM}")
    return folder


def _configuration(ports: Ports, data: Path) -> str:
    """The documented configuration for a single broker with H2, on loopback, where all users must sign in."""
    port = ports.named
    # The archive's own settings use the unified names, which override the older names of zeebe.broker.
    return f"""
server: {{address: 127.0.0.1, port: {port["REST"]}}}
management: {{server: {{address: 127.0.0.1, port: {port["management"]}}}}}
camunda:
  api:
    grpc: {{address: 127.0.0.1, port: {port["gRPC"]}}}
  cluster:
    network:
      host: 127.0.0.1
      advertised-host: 127.0.0.1
      command-api: {{port: {port["command"]}}}
      internal-api: {{port: {port["internal"]}}}
  database: {{type: rdbms}}
  data:
    primary-storage:
      directory: "{data}"
      log-stream: {{log-segment-size: 16MB}}
    secondary-storage:
      type: rdbms
      rdbms:
        url: "jdbc:h2:mem:camunda;DB_CLOSE_DELAY=-1;MODE=PostgreSQL"
        username: sa
        password: ""
        flush-interval: PT0.5S
        queue-size: 1000
  security:
    initialization:
      users: [{{username: {USER}, password: {PASSWORD}, name: Demo, email: demo@example.com}}]
      default-roles: {{admin: {{users: [{USER}]}}}}
    authentication: {{method: basic, unprotected-api: false}}
    authorizations: {{enabled: true}}
"""


def _must_be_free(ports: Ports) -> None:
    for name, port in ports.named.items():
        with socket.socket() as probe:
            # Old connections of an engine that was just stopped do not block its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise EngineError(
                    f"port taken: 127.0.0.1:{port} ({name}) is not free ({error.strerror}); set CAMUNDA_PORT to the first of five free ones"
                ) from error


@contextmanager
def running(folder: Path, java: Path, ports: Ports, *, patience_s: float = 180) -> Iterator[str]:
    """The engine's address while the block runs. After that no process and no data of it are left."""
    _must_be_free(ports)
    address = f"http://127.0.0.1:{ports.rest}"
    with tempfile.TemporaryDirectory(prefix="taskgate-camunda-") as work:
        configuration, log = Path(work) / "application.yaml", Path(work) / "engine.log"
        configuration.write_text(_configuration(ports, Path(work) / "data"), encoding="utf-8")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CAMUNDA_", "ZEEBE_"))},
            "JAVA_HOME": str(java),
            "JAVA_OPTS": "-Xmx1g -Djava.io.tmpdir=" + work,
            "SPRING_PROFILES_ACTIVE": "broker,consolidated-auth",
            "SPRING_CONFIG_ADDITIONALLOCATION": f"file:{configuration}",
        }
        with log.open("wb") as written:
            process = subprocess.Popen(
                [folder / PROGRAM],
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _await_ready(process, address, log, patience_s)
            yield address
        finally:
            _stop(process)


def _await_ready(process: subprocess.Popen[bytes], address: str, log: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineError(f"never ready: the engine ended with exit code {process.returncode} ({_complaint(log)})")
        try:
            if httpx2.get(f"{address}{READY}", timeout=5).status_code == 204:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.25)
    raise EngineError(f"never ready: {address}{READY} did not answer 204 within {patience_s:g} s ({_complaint(log)})")


def _complaint(log: Path) -> str:
    """The engine's last error."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    causes = [
        line.strip() for line in lines if re.match(r"\s*(Caused by:|Error:|APPLICATION FAILED|\S*Exception:)", line)
    ]
    return (causes or [line.strip() for line in lines if line.strip()] or ["it said nothing"])[-1][:300]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group, first with SIGTERM."""
    for way, patience_s in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, way)
        except ProcessLookupError:
            pass
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        break
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

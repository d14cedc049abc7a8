"""Real PostgreSQL and Redis for tests: on loopback, their data in a temporary folder, not as root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


class EngineServer:
    """One server process, which a test may kill and start again on the same port and data."""

    def __init__(self, command: list[str], *, port: int, user: str | None, is_ready: Callable[[], bool]) -> None:
        self.port = port
        self._command, self._user, self._is_ready = command, user, is_ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(600):
            if self._is_ready():
                return
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._command[0]} ended at once")
            time.sleep(0.05)
        raise RuntimeError(f"{self._command[0]} does not answer")

    def kill(self) -> None:
        """As a crash: all its processes at once."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _account() -> str | None:
    """The account for a server: None is this one. PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("there is no account but root for a PostgreSQL server")


@contextmanager
def _folder(account: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="taskgate-engine-"))
    try:
        if account is not None:
            shutil.chown(folder, account)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def postgres_server() -> Iterator[EngineServer]:
    """Skips the test where PostgreSQL is not installed. Its account is `taskgate`, without a password."""
    initdb, postgres = _postgres_binary("initdb"), _postgres_binary("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    account = _account()
    with _folder(account) as folder:
        data = str(folder / "data")
        subprocess.run(
            [initdb, "--pgdata", data, "--username=taskgate", "--auth=trust", "--no-sync", "--encoding=UTF8"],
            check=True,
            user=account,
            capture_output=True,
            cwd=folder,
        )
        port = _free_port()
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(port), "fsync": "off"}
        options |= {"autovacuum": "off", "shared_buffers": "16MB"}
        command = [postgres, "-D", data, *(f"--{name}={value}" for name, value in options.items())]
        server = EngineServer(command, port=port, user=account, is_ready=lambda: _is_open(port))
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def redis_server() -> Iterator[EngineServer]:
    """Redis, or Valkey. Skips the test where neither is installed. Nothing is kept on the disk."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        pytest.skip("neither Redis nor Valkey is installed: apt-get install redis-server")
    with _folder(None) as folder:
        port = _free_port()
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = EngineServer(
            [*command, "--dir", str(folder)], port=port, user=None, is_ready=lambda: _answers_ping(port)
        )
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _is_open(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://taskgate@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False

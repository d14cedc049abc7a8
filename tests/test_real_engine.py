"""How `make test-real` begins and ends, with scripts instead of Java, Maven and the engine."""

import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.real import engine
from tests.real.engine import EngineError, Ports

pytestmark = pytest.mark.server

ROOT = Path(__file__).resolve().parents[1]

SERVES = f"""#!{sys.executable}
import http.server, os, re
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204 if self.path == "/v2/status" else 404)
        self.end_headers()
configuration = open(os.environ["SPRING_CONFIG_ADDITIONALLOCATION"].removeprefix("file:")).read()
port = int(re.search(r"server: .address: 127.0.0.1, port: (\\d+)", configuration)[1])
http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()
"""
# It starts a child process, as the engine's start script could.
HANGS = "#!/bin/sh\nsleep 1234567 &\necho $! > $CHILD\necho 'Starting slowly'\nwait\n"
FAILS = "#!/bin/sh\necho 'INFO starting'\necho 'Caused by: java.lang.IllegalStateException: no such driver'\nexit 3\n"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Java, without Maven and without kept downloads."""
    for name in ("JAVA_HOME", "CAMUNDA_ARCHIVE", "CAMUNDA_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(engine, "_JVM_FOLDERS", (tmp_path / "jvm",))


@pytest.fixture
def ports(own_ports: range) -> Ports:
    """Five ports that are free now."""
    for first in own_ports[::5]:
        try:
            engine._must_be_free(Ports(first))
        except EngineError:
            continue
        return Ports(first)
    raise LookupError("no five ports are free")


@pytest.fixture
def java(tmp_path: Path) -> Callable[[int], Path]:
    def install(version: int) -> Path:
        home = tmp_path / "jvm" / f"jdk-{version}"
        executable(home / "bin" / "java", "#!/bin/sh\n")
        (home / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}.0.1"\n')
        return home

    return install


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def packed(folder: Path, program: str, name: str = "bin/camunda") -> Path:
    """An archive of an engine that is this script."""
    executable(folder / "camunda-zeebe-8.9.2" / name, program)
    made = folder / "camunda-zeebe-8.9.2.tar.gz"
    with tarfile.open(made, "w:gz") as content:
        content.add(folder / "camunda-zeebe-8.9.2", "camunda-zeebe-8.9.2")
    return made


def said(error: pytest.ExceptionInfo[EngineError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_without_java_the_line_says_which_is_needed() -> None:
    with pytest.raises(EngineError) as caught:
        engine.java_home()

    assert said(caught).startswith("no Java: Camunda 8.9")
    assert "from 21 to 25" in said(caught)


def test_too_old_a_java_is_named(java: Callable[[int], Path]) -> None:
    java(17)
    java(11)
    with pytest.raises(EngineError) as caught:
        engine.java_home()

    assert said(caught).startswith("no fitting Java, only 11, 17: ")


def test_the_newest_supported_java_is_used(java: Callable[[int], Path]) -> None:
    """Not a newer one that the engine does not support."""
    java(17)
    java(21)
    newest = java(25)
    java(26)

    assert newest == engine.java_home()


def test_without_maven_the_line_says_where_to_put_the_archive() -> None:
    with pytest.raises(EngineError) as caught:
        engine.archive()

    assert said(caught).startswith("no archive: Maven (mvn) is not installed")
    assert "CAMUNDA_ARCHIVE" in said(caught)


def test_maven_reports_an_archive_that_it_does_not_find(tmp_path: Path) -> None:
    """The line is Maven's, without the address of a registry. No file is kept."""
    line = "[ERROR] Failed to execute goal x: Could not find artifact io.camunda:camunda-zeebe:tar.gz in central (https://registry.test/x) -> [Help 1]"
    executable(tmp_path / "bin" / "mvn", f"#!/bin/sh\necho '{line}'\nexit 1\n")
    with pytest.raises(EngineError) as caught:
        engine.archive()

    assert "(Could not find artifact io.camunda:camunda-zeebe:tar.gz in central)" in said(caught)
    assert [] == list((tmp_path / "cache" / "taskgate").iterdir())


def test_an_archive_is_fetched_once(tmp_path: Path) -> None:
    """It is kept outside of the tree. Later runs do not start Maven."""
    maven = "#!/bin/sh\nfor each; do case $each in -DoutputDirectory=*) folder=${each#*=};; esac; done\n"
    mvn = executable(tmp_path / "bin" / "mvn", maven + f"echo x > $folder/camunda-zeebe-{engine.VERSION}.tar.gz\n")
    fetched = engine.archive()
    mvn.unlink()

    assert fetched == engine.archive() == tmp_path / "cache" / "taskgate" / f"camunda-zeebe-{engine.VERSION}.tar.gz"
    assert not fetched.is_relative_to(ROOT)


@pytest.mark.parametrize("name", ["bin/operate", ""])
def test_an_archive_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    """Of another program, or no archive at all."""
    archive = packed(tmp_path, FAILS, name) if name else executable(tmp_path / "x.tar.gz", "no archive")
    with pytest.raises(EngineError) as caught:
        engine.unpacked(archive)

    assert said(caught).startswith(f"no archive: {archive} ")


def test_a_taken_port_is_named(tmp_path: Path, ports: Ports) -> None:
    """Nothing is started."""
    with (
        socket.create_server(("127.0.0.1", ports.named["gRPC"])),
        pytest.raises(EngineError) as caught,
        engine.running(tmp_path / "absent", tmp_path, ports),
    ):
        pass

    assert said(caught).startswith(f"port taken: 127.0.0.1:{ports.named['gRPC']} (gRPC) is not free")


def test_an_engine_that_ends_early_is_reported_with_its_last_error(tmp_path: Path, ports: Ports) -> None:
    folder = engine.unpacked(packed(tmp_path, FAILS))
    with pytest.raises(EngineError) as caught, engine.running(folder, tmp_path, ports):
        pass

    assert (
        "never ready: the engine ended with exit code 3 (Caused by: java.lang.IllegalStateException: no such driver)"
        == said(caught)
    )


def test_an_engine_that_is_never_ready_is_ended_with_its_children(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHILD", str(tmp_path / "child"))
    monkeypatch.setenv("PATH", os.defpath)
    folder = engine.unpacked(packed(tmp_path, HANGS))
    with pytest.raises(EngineError) as caught, engine.running(folder, tmp_path, ports, patience_s=1):
        pass
    child = int((tmp_path / "child").read_text())

    assert (
        said(caught)
        == f"never ready: http://127.0.0.1:{ports.rest}/v2/status did not answer 204 within 1 s (Starting slowly)"
    )
    assert _ends(child)


def test_a_running_engine_is_stopped_after_the_block(tmp_path: Path, ports: Ports) -> None:
    """Its port is free again."""
    folder = engine.unpacked(packed(tmp_path, SERVES))
    with engine.running(folder, tmp_path, ports) as address:
        assert 204 == httpx2.get(f"{address}/v2/status").status_code

    engine._must_be_free(ports)


def test_the_command_ends_with_one_line_and_a_code(tmp_path: Path) -> None:
    """In this test the archive is missing."""
    fitting = tmp_path / "jdk"
    executable(fitting / "bin" / "java", "#!/bin/sh\n")
    (fitting / "release").write_text('JAVA_VERSION="21.0.1"\n')
    ended = subprocess.run(
        [sys.executable, "-m", "tests.real", "camunda"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "JAVA_HOME": str(fitting), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (1, "") == (ended.returncode, ended.stdout)
    assert ["make test-real: no archive: Maven (mvn) is not installed"] == [
        line.split(" to fetch")[0] for line in ended.stderr.splitlines()
    ]


def _ends(process: int) -> bool:
    """Whether the process ends within seconds of its signal. A zombie counts as ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if "(sleep) Z" in Path(f"/proc/{process}/stat").read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False

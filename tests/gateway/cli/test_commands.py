"""The commands as other programs call them; those that serve run as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
import structlog
from typer.testing import CliRunner

from gateway.cli import app
from schema.api import sdl
from tests.gateway.configuration import write_configuration

PATIENCE_S = 60
STAND_INS = {
    "camunda": 1,
    "uipath": 2,
    "epilot": 3,
    "littlehorse": 4,
    "geotareas": 5,
}  # vendor: port above the sandbox's own


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command says for its whole process where log lines go."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def ports(own_ports: range) -> tuple[int, int]:
    """A free port for the gateway, and one for the sandbox with those above it free too."""
    for base in own_ports[::7]:
        with ExitStack() as taken:
            try:
                for offset in range(7):
                    listener = taken.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base + 6, base
    raise RuntimeError("this machine has no seven free ports in a row")


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from gateway.cli import app; app()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until(process: subprocess.Popen[str], text: str) -> str:
    """What it prints up to the line with `text`; all of it when the process ends before."""
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if text in line:
            break
    return printed


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.output


def test_schema_prints_the_sdl() -> None:
    """Exactly the contract that the repository holds."""

    assert (0, sdl()) == run("schema")


def test_help_names_every_command() -> None:
    """Those that other programs rely on."""
    code, text = run("--help")

    assert code == 0
    assert [name for name in ("demo", "serve", "sandbox", "check", "schema") if name not in text] == []


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_faulty_configuration_is_one_line_and_exit_1(tmp_path: Path, command: str) -> None:
    """Before anything starts."""
    path = write_configuration(tmp_path, gateway="[gateway]\nsecrte = 'never-told'\n")

    assert run(command, "--config", str(path)) == (1, "gateway.secrte: unknown key\n")


def test_check_fails_where_a_source_does_not_answer(tmp_path: Path) -> None:
    """Every source has its row; no password is in it."""
    code, text = run("check", "--config", str(write_configuration(tmp_path)))

    assert code == 1
    assert [key for key in ("camunda", "field", "UPSTREAM_UNAVAILABLE") if key not in text] == []
    assert "never-told" not in text


def test_an_unknown_stand_in_is_one_line_and_exit_1() -> None:
    """The line names those that there are."""
    code, text = run("sandbox", "--vendor", "jira")

    assert code == 1
    assert text.count("\n") == 1
    assert [name for name in STAND_INS if name not in text] == []


def test_demo_once_prints_the_inbox_and_ends(ports: tuple[int, int]) -> None:
    """Addresses, people and the viewer's tasks, earliest due date first and those without one last."""
    port, sandbox_port = ports
    with started("demo", "--once", "--port", str(port), "--sandbox-port", str(sandbox_port)) as process:
        printed = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 0, printed
    assert [name for name in (f":{port}/graphql", "alice", "bob", "carol", *STAND_INS) if name not in printed] == []
    table = printed[printed.index("inbox") :].splitlines()
    dues = [line.split("  ")[0] for line in table if line[:2] == "20" or line.startswith("-  ")]
    assert len(dues) > 1
    assert dues == sorted(dues, key=lambda due: (due == "-", due))


@pytest.mark.parametrize("which", ["gateway", "sandbox", "stand-in"])
def test_a_taken_port_is_one_line_and_exit_1(ports: tuple[int, int], which: str) -> None:
    """The line names the address."""
    port, sandbox_port = ports
    taken = {"gateway": port, "sandbox": sandbox_port, "stand-in": sandbox_port + 1}[which]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", taken))
        listener.listen()
        with started("demo", "--once", "--port", str(port), "--sandbox-port", str(sandbox_port)) as process:
            printed = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 1, printed
    assert printed.count("\n") == 1
    assert f"127.0.0.1:{taken}" in printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_cleanly_when_it_is_told(ports: tuple[int, int], number: signal.Signals) -> None:
    """Exit 0, without a traceback."""
    port, sandbox_port = ports
    with started("demo", "--port", str(port), "--sandbox-port", str(sandbox_port), "--tasks", "3") as process:
        before = lines_until(process, "Ctrl-C")
        process.send_signal(number)
        after = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 0, before + after
    assert "Traceback" not in before + after


def test_serve_reads_what_the_sandbox_wrote(ports: tuple[int, int], tmp_path: Path) -> None:
    """The sandbox's configuration passes `check`, and the gateway over it answers."""
    port, sandbox_port = ports
    config = tmp_path / "taskgate.toml"
    with started("sandbox", "--port", str(sandbox_port), "--tasks", "5", "--config-out", str(config)) as stand_ins:
        lines_until(stand_ins, "geotareas ")
        listed = httpx2.get(f"http://127.0.0.1:{sandbox_port}/", trust_env=False).json()
        code, table = run("check", "--config", str(config))
        with started("serve", "--config", str(config), "--port", str(port)) as gateway:
            printed = lines_until(gateway, "/graphql")
            answer = httpx2.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": "{ viewer { user { displayName } inbox { isComplete } } }"},
                trust_env=False,
                timeout=PATIENCE_S,
            )
            gateway.send_signal(signal.SIGTERM)
            gateway.communicate(timeout=PATIENCE_S)

    assert STAND_INS == {each["vendor"]: int(each["base_url"].rpartition(":")[2]) - sandbox_port for each in listed}
    assert (0, True) == (code, "OK" in table)
    assert answer.json()["data"] == {"viewer": {"user": {"displayName": "Alice Moreno"}, "inbox": {"isComplete": True}}}
    assert gateway.returncode == 0, printed

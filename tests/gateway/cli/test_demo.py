import signal
import socket
import subprocess

import pytest

from tests.effort import some
from tests.gateway.cli.command import PATIENCE_S, STAND_INS, lines_until, started
from tests.tree import ROOT

pytestmark = pytest.mark.server


def test_demo_once_prints_the_inbox_and_ends(ports: tuple[int, int]) -> None:
    """It tells what it does, prints links, people and the viewer's tasks: earliest due date first, tasks without one last.

    Those whose due date is over are marked.
    """
    port, sandbox_port = ports
    with started("demo", "--once", "--port", str(port), "--sandbox-port", str(sandbox_port)) as process:
        printed = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 0, printed
    doing = [line for line in printed.splitlines() if line.endswith(" ...")]
    assert 3 == len(doing)
    assert [
        name
        for name in (f":{port}/graphql", f":{port}/readyz", "alice", "bob", "carol", *STAND_INS)
        if name not in printed
    ] == []
    table = printed[printed.index("inbox") :].splitlines()
    assert "due (UTC)" in printed
    marked = ["overdue" in line for line in table if line[:2] == "20"]
    assert marked == sorted(marked, reverse=True)
    assert any(marked)
    dues = [line.split("  ")[0] for line in table if line[:2] == "20" or line.startswith("-  ")]
    assert len(dues) > 1
    assert dues == sorted(dues, key=lambda due: (due == "-", due))


@pytest.mark.parametrize("which", ["gateway", "sandbox", "stand-in"])
def test_a_taken_port_is_one_line_and_exit_1(ports: tuple[int, int], which: str) -> None:
    """The line names the address and the option of the command, and of make."""
    port, sandbox_port = ports
    taken = {"gateway": port, "sandbox": sandbox_port, "stand-in": sandbox_port + 1}[which]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", taken))
        listener.listen()
        with started("demo", "--once", "--port", str(port), "--sandbox-port", str(sandbox_port)) as process:
            printed = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 1, printed
    [line] = [each for each in printed.splitlines() if not each.endswith(" ...")]
    assert f"127.0.0.1:{taken}" in line
    assert ("--port (make demo PORT=" if which == "gateway" else "--sandbox-port (make demo SANDBOX_PORT=") in line


def test_make_demo_takes_ports() -> None:
    """What it would run."""
    words = ["make", "-n", "demo", "PORT=8010", "SANDBOX_PORT=9200"]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout.rstrip().endswith("taskgate demo --port 8010 --sandbox-port 9200")


@pytest.mark.parametrize("number", some([signal.SIGTERM, signal.SIGINT]))
def test_demo_ends_cleanly_when_it_is_stopped(ports: tuple[int, int], number: signal.Signals) -> None:
    """Exit 0, without a traceback."""
    port, sandbox_port = ports
    with started("demo", "--port", str(port), "--sandbox-port", str(sandbox_port), "--tasks", "3") as process:
        before = lines_until(process, "Ctrl-C")
        process.send_signal(number)
        after = process.communicate(timeout=PATIENCE_S)[0]

    assert process.returncode == 0, before + after
    assert "Traceback" not in before + after

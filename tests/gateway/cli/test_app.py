import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration


def test_help_names_every_command() -> None:
    """Other programs rely on these names."""
    code, text = run("--help")

    assert code == 0
    assert [name for name in ("demo", "serve", "sandbox", "check", "schema") if name not in text] == []


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_faulty_configuration_is_one_line_and_exit_1(tmp_path: Path, command: str) -> None:
    """Nothing is started."""
    path = write_configuration(tmp_path, gateway="[gateway]\nsecrte = 'never-told'\n")

    assert run(command, "--config", str(path)) == (1, "gateway.secrte: unknown key\n")


@pytest.mark.server
def test_commands_are_listed_without_their_heavy_parts() -> None:
    """Importing the commands imports no web framework, no graph and no vendor."""
    code = (
        "import sys, gateway.cli; "
        "print(*[name for name in ('fastapi', 'strawberry', 'pydantic', 'connectors', 'schema', 'sandbox') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "\n"


def test_the_version_is_that_of_the_distribution() -> None:
    assert run("--version") == (0, f"taskgate {version('taskgate')}\n")

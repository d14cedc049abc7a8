"""What `.ci/run` makes of the tests against a real engine, with scripts instead of make, Java and the tests."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

TOOLS = ("bash", "cat", "dirname", "head", "mktemp", "nice", "rm", "sed", "tail", "timeout")
SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "run"


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the script, and programs that it finds. `codes` has the exit codes of the tests' runs, one a line."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "run")
    for name in ("chromium", "java", "javac", "mvn"):
        executable(tmp_path / "bin" / name, "")
    for name in TOOLS:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    executable(tmp_path / "bin" / "make", 'test "$1" != test || exit "${MAKE_TEST:-0}"')
    executable(
        tmp_path / ".venv" / "bin" / "python",
        'case "$*" in *pip-audit*) exit "${INSTALL:-0}";; *dependency_audit*) echo audited; exit "${AUDIT:-0}";; esac; '
        'echo "$@" >> runs; code=$(head -n 1 codes); sed -i 1d codes; exit "$code"',
    )
    return tmp_path


def run(tree: Path, *codes: int, **environment: str) -> tuple[int, str, int]:
    """Exit code, the last line, and how many runs of the engine's tests there were."""
    (tree / "codes").write_text("".join(f"{code}\n" for code in codes))
    done = subprocess.run(
        [str(tree / "bin" / "bash"), str(tree / ".ci" / "run")],
        env={"PATH": str(tree / "bin"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    runs = tree / "runs"
    count = len(runs.read_text().splitlines()) if runs.exists() else 0
    return done.returncode, (done.stdout + done.stderr).splitlines()[-1], count


@pytest.mark.parametrize(
    ("codes", "expected", "says", "runs"),
    [
        ((0,), 0, "passed", 1),
        ((75,), 0, "cannot be had or started", 1),
        ((124,), 0, "not enough time", 1),
        ((1, 0), 0, "passed", 2),
        ((1, 124), 0, "not enough time", 2),
        ((1, 1), 1, "failed", 2),
    ],
)
def test_the_real_engine_fails_a_run_only_if_its_tests_fail_alone_too(
    tree: Path, codes: tuple[int, ...], expected: int, says: str, runs: int
) -> None:
    """A machine without the artefacts, or a slow one, says nothing about the connector."""
    code, told, count = run(tree, *codes)

    assert (expected, runs) == (code, count)
    assert says in told


def test_a_machine_without_maven_tests_the_rest(tree: Path) -> None:
    """And says so."""
    (tree / "bin" / "mvn").unlink()
    code, told, count = run(tree)

    assert (0, 0) == (code, count)
    assert "java, javac or mvn is not installed" in told


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"AUDIT": "1"}, 1), ({"AUDIT": "124"}, 0), ({"INSTALL": "1", "AUDIT": "1"}, 0), ({"MAKE_TEST": "2"}, 2)],
)
def test_an_audit_that_cannot_be_made_fails_no_run(tree: Path, environment: dict[str, str], expected: int) -> None:
    """One that finds something does."""
    code, _, _ = run(tree, 0, **environment)

    assert expected == code


def test_the_other_tests_decide_in_any_case(tree: Path) -> None:
    """Whatever the real engine's tests say."""
    code, _, _ = run(tree, 0, MAKE_TEST="2")

    assert 2 == code

"""What is shipped: the wheel, and the Dockerfile around it."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree and unpacked into an empty folder as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    site = folder / "site"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def run(site: Path, code: str) -> str:
    """`code` with the wheel's packages before everything else, from a folder that is not the tree."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}"],
        cwd=site.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_wheel_holds_every_package_and_is_itself_what_is_imported(installed: Path) -> None:
    """`schema` is also the name of an unrelated distribution: ours must be the one that answers."""
    code = "import gateway, schema, connectors, sandbox, json; print(json.dumps([m.__file__ for m in (gateway, schema, connectors, sandbox)]))"
    for file in json.loads(run(installed, code)):
        assert Path(file).is_relative_to(installed)


def test_the_installed_wheel_prints_the_committed_schema(installed: Path) -> None:
    """From the wheel alone: registry, schema and commands find what they need."""
    code = "from gateway.cli import app; app(['schema'], standalone_mode=False)"

    assert (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8").strip() == run(installed, code)


def test_the_installed_wheel_finds_the_vendors(installed: Path) -> None:
    """Discovery does not depend on the tree."""
    code = "from connectors.sdk.registry import connector_types; from sandbox.registry import stand_ins; print(*sorted(connector_types()), *stand_ins())"

    assert "camunda geotareas camunda geotareas" == run(installed, code)


def test_the_dockerfile_passes_its_linter() -> None:
    """It cannot be built everywhere; at least it is well-formed and follows the usual rules."""
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("hadolint has no wheel for this machine")

    done = subprocess.run([linter, str(ROOT / "Dockerfile")], check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stdout)


def test_the_image_runs_as_nobody_special_and_reports_its_health() -> None:
    """Two stages, a user without rights, a health check, and a command that exists."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    command = json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[0])

    assert 2 == len(re.findall(r"^FROM ", text, re.MULTILINE))
    assert ["10001"] == re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert "/livez" in text
    assert ["taskgate", "serve"] == command[:2]

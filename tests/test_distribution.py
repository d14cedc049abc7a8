"""What is shipped: the wheel and the Dockerfile."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

ROOT = Path(__file__).parent.parent
TODO = ROOT / "tests" / "connectors" / "todo_vendor" / "todo_taskgate"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree and unpacked into an empty folder, as pip would do."""
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
    """Run `code` with the wheel's packages first on the path, outside of the tree."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"],
        cwd=site.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


PROGRAM = """
import connectors, gateway, sandbox, schema, json
from connectors.sdk.registry import connector_types
from gateway.cli import app
from sandbox.registry import stand_ins

print(json.dumps([module.__file__ for module in (connectors, gateway, sandbox, schema)]))
print(*sorted(connector_types()), *stand_ins())
app(["schema"], standalone_mode=False)
"""


def test_the_installed_wheel_needs_no_tree(installed: Path) -> None:
    """`schema` is also the name of an unrelated distribution: ours is imported. The vendors are found, and the committed
    schema is printed.
    """
    files, vendors, schema = run(installed, PROGRAM).split("\n", 2)

    assert [] == [file for file in json.loads(files) if not Path(file).is_relative_to(installed)]
    assert (
        "camunda camunda7 epilot geotareas littlehorse uipath camunda uipath epilot littlehorse geotareas camunda7"
        == vendors
    )
    assert (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8").strip() == schema


def test_the_installed_contract_suite_shows_values(installed: Path, tmp_path: Path) -> None:
    """For a connector outside of the tree, without any configuration of pytest."""
    shutil.copytree(TODO, tmp_path / "todo_taskgate", ignore=shutil.ignore_patterns("__pycache__"))
    connector = tmp_path / "todo_taskgate" / "__init__.py"
    body = "        body = {"
    text = connector.read_text(encoding="utf-8")
    assert text.count(body) == 1
    connector.write_text(text.replace(body, f"        await self.ping()\n{body}"), encoding="utf-8")

    arguments = ["-q", "-p", "no:cacheprovider", "--pyargs", "todo_taskgate.contract", "-k", "moves_the_state"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:0] = {[str(installed), str(tmp_path)]!r}; import pytest; sys.exit(pytest.main({arguments!r}))",
        ],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "connectors/sdk/testing/writes.py" in done.stdout
    assert (
        "an atomic verb must send one write and read nothing before, sent GET /api/me, POST /api/todos/1/complete"
        in done.stdout
    )
    assert "assert [1] == [0]" in done.stdout
    assert "1 failed" in done.stdout


@pytest.mark.parametrize("page", ["graphiql", "inbox"])
def test_the_wheel_holds_the_pages_as_the_tree_does(installed: Path, page: str) -> None:
    """The page and its own files always, npm's files where they were to be had; git ignores these."""

    def files(site: Path) -> list[str]:
        folder = site / "gateway" / page
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.suffix != ".pyc" and path.name != "build_hook.py")

    assert files(ROOT) == files(installed)


def test_a_wheel_is_built_without_npm(tmp_path: Path) -> None:
    """It says what is missing, and so does the page in it."""
    tree, nowhere = tmp_path / "tree", tmp_path / "nowhere"
    nowhere.mkdir()
    for name in ("connectors", "schema", "gateway", "sandbox"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("npm", "__pycache__"))
    for name in ("pyproject.toml", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, tree / name)

    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=tree,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(nowhere)},
    )

    assert (
        "GraphiQL is left out: npm (Node.js) is not on this machine. Everything else works without it." in built.stderr
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = [name for name in wheel.namelist() if name.startswith(("gateway/graphiql/", "gateway/inbox/"))]
    assert {"gateway/graphiql/missing.html", "gateway/inbox/missing.html"} <= set(inside)
    assert [] == [name for name in inside if "/npm/" in name]


def test_the_dockerfile_passes_its_linter() -> None:
    """Tests cannot build it everywhere. This checks that it is well-formed and follows the usual rules."""
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("hadolint has no wheel for this machine")

    done = subprocess.run([linter, str(ROOT / "Dockerfile")], check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stdout)


def test_the_image_runs_as_an_unprivileged_user_and_reports_its_health() -> None:
    """It has two build stages that are not shipped, a health check, and an existing command."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    command = json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[0])

    assert ["graphiql", "build", ""] == re.findall(r"^FROM \S+(?: AS (\S+))?$", text, re.MULTILINE)
    assert ["10001"] == re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert "/livez" in text
    assert ["taskgate", "serve"] == command[:2]

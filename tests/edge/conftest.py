"""Published tools and clients that a company may put before, or point at, the gateway. They are pinned in package.json."""

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, where the packages are installed. `make test-edge` installs them; elsewhere the tests are skipped."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("published tools need Node.js 20 or newer, which is not on this machine")
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package.json").stat().st_mtime:
        pytest.skip("the packages of tests/edge/package.json are not installed: make test-edge installs them")
    return found

"""Node.js, which runs Form.io's own library."""

import os
import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js. Without the packages of package.json the tests fail in CI; elsewhere they are skipped."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Form.io's library needs Node.js 20 or newer, which is not on this machine")
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package.json").stat().st_mtime:
        missing = "the packages of tests/formio/package.json are not installed: run make test, which installs them"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found

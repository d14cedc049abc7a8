"""Stand-ins on a socket, and the vendors' own published clients, which Node.js runs against them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

HERE = Path(__file__).parent
PATIENCE_S = 600


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, which runs the packages of package.json. Without them the tests fail in CI; elsewhere they
    are skipped.
    """
    found = shutil.which("node")
    if found is None:
        pytest.skip("vendors' JavaScript clients need Node.js 20 or newer, which is not on this machine")
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package.json").stat().st_mtime:
        missing = (
            "the packages of tests/vendor_clients/package.json are not installed: run make test, which installs them"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


async def told_by_node(node: str, script: str, given: object, **environment: str) -> Any:
    """The JSON that a script in this folder prints. Its argument is a value as JSON, and its requests use no proxy."""
    with anyio.fail_after(PATIENCE_S):
        done = await anyio.run_process(
            [node, script, orjson.dumps(given).decode()],
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **environment},
        )

    assert 0 == done.returncode, done.stderr.decode() + done.stdout.decode()
    return orjson.loads(done.stdout)

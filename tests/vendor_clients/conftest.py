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
    """The Node.js that runs the packages of package.json; CI may not do without, a developer may."""
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
    """The JSON that a script of this folder prints when it is given a value as JSON. Its requests pass no proxy."""
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

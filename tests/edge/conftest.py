"""Published tools and clients that a company may put before, or point at, the gateway. They are pinned in package.json."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

HERE = Path(__file__).parent
PATIENCE_S = 900


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


async def told_by_node(node: str, script: str, asked: object, *, folder: Path = HERE) -> Any:
    """The JSON that a script of this folder prints, with `asked` as JSON on its standard input."""
    with anyio.fail_after(PATIENCE_S):
        done = await anyio.run_process(
            [node, str(HERE / script)],
            cwd=folder,
            input=orjson.dumps(asked),
            check=False,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "NODE_NO_WARNINGS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    assert 0 == done.returncode, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    # Some packages print lines of their own before.
    return orjson.loads(done.stdout.splitlines()[-1])

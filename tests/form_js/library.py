"""Programs of this folder, which run the vendor's library in Node.js."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

HERE = Path(__file__).parent
PATIENCE_S = 600


def node() -> str:
    """The path of Node.js. Without the packages of package.json the tests fail in CI; elsewhere they are skipped."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("the vendor's form library needs Node.js 20 or newer, which is not on this machine")
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package.json").stat().st_mtime:
        missing = "the packages of tests/form_js/package.json are not installed: run make test, which installs them"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def told(script: str, questions: Iterable[object]) -> list[Any]:
    """The answers of a script to all questions, in one run. Its time zone is UTC."""
    done = subprocess.run(
        [node(), script],
        cwd=HERE,
        input=b"\n".join(map(orjson.dumps, questions)),
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"},
    )
    assert 0 == done.returncode, done.stderr.decode()
    return [orjson.loads(line) for line in done.stdout.splitlines()]

"""Checks the versions in constraints.txt against known vulnerabilities: `python -m tests.dependency_audit`.

Exit code 1 if a pinned version has a vulnerability that a later version mends. Whatever keeps the check from being made
(no network, a registry without advisories, too little time) is one line and exit code 0.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
SECONDS = 120


def report(seconds: float = SECONDS) -> Mapping[str, Any] | None:
    """What pip-audit says; None if it could not be asked in time."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        pins = ["--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip"]
        options = ["--format", "json", "--output", str(out), "--progress-spinner", "off", "--timeout", "15"]
        try:
            subprocess.run(
                [sys.executable, "-m", "pip_audit", *pins, *options], check=False, capture_output=True, timeout=seconds
            )
            found: Mapping[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        return found


def judged(found: Mapping[str, Any] | None) -> tuple[int, Sequence[str]]:
    """The exit code and the lines to print."""
    if found is None:
        return 0, ["dependencies are not audited: pip-audit or its advisories cannot be had here"]
    audited = [each for each in found.get("dependencies", ()) if "skip_reason" not in each]
    if not audited:
        return 0, ["dependencies are not audited: the registry here has no advisories"]
    lines = [
        f"{each['name']} {each['version']}: {fault['id']}, mended in {', '.join(fault.get('fix_versions', ())) or 'no version'}"
        for each in audited
        for fault in each.get("vulns", ())
    ]
    can_be_mended = any(fault.get("fix_versions") for each in audited for fault in each.get("vulns", ()))
    return int(can_be_mended), [*lines, f"dependencies: {len(audited)} audited, {len(lines)} known vulnerabilities"]


if __name__ == "__main__":
    code, told = judged(report())
    print(*told, sep="\n")
    sys.exit(code)

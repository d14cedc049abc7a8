"""`make test-real`: starts the engines and the identity provider, runs their tests in this folder, and stops them.

Operaton and Keycloak are fetched from Maven Central. Camunda 8 is tested if its archive is there: named by CAMUNDA_ARCHIVE, or
kept. Names of engines as arguments choose among them; further arguments are for pytest.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from tests.real.engine import NOT_THERE, EngineError, Ports, archive, is_archive_there, java_home, running, unpacked
from tests.real.keycloak.run import QUIET
from tests.real.keycloak.run import run as keycloak
from tests.real.operaton.engine import prepared

FIRST_PORT = 28080
HERE = Path(__file__).parent
# The exit code of a run that a signal ended.
STOPPED = 130


def _ended(number: int, frame: FrameType | None) -> None:
    """Exit through every `finally`, so that the engine is stopped. pytest ends at this error and at no SystemExit."""
    raise KeyboardInterrupt


def _camunda(arguments: list[str]) -> int:
    ports = Ports(int(os.environ.get("CAMUNDA_PORT", FIRST_PORT)))
    java = java_home()
    folder = unpacked(archive())
    prepared_at = time.monotonic()
    with running(folder, java, ports) as address:
        print(f"{folder.name} is ready at {address} after {time.monotonic() - prepared_at:.1f} s")
        os.environ["CAMUNDA_REAL_ADDRESS"] = address
        others = [f"--ignore={HERE / name}" for name in ("operaton", "keycloak")]
        return int(pytest.main([str(HERE), *others, *QUIET, *arguments]))


def _operaton(arguments: list[str]) -> int:
    """The tests start the engine themselves, because one of them kills it."""
    try:
        print(f"{prepared().name} is prepared")
    except EngineError as error:
        print(f"make test-real: {error}", file=sys.stderr)
        return NOT_THERE
    return int(pytest.main([str(HERE / "operaton"), *arguments]))


PARTS: dict[str, Callable[[list[str]], int]] = {"operaton": _operaton, "keycloak": keycloak, "camunda": _camunda}


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    began = time.monotonic()
    codes: list[int] = []
    chosen = [each for each in arguments if each in PARTS]
    rest = [each for each in arguments if each not in PARTS]
    if not chosen:
        chosen = ["operaton", "keycloak", *(["camunda"] if is_archive_there() else [])]
    try:
        for part in chosen:
            codes.append(PARTS[part](rest))
            if codes[-1] == pytest.ExitCode.INTERRUPTED:
                return STOPPED
    except EngineError as error:
        print(f"make test-real: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make test-real: stopped", file=sys.stderr)
        return STOPPED
    if "camunda" not in chosen:
        print("Camunda 8 was not tested: name its archive in CAMUNDA_ARCHIVE")
    print(f"make test-real took {time.monotonic() - began:.0f} s")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

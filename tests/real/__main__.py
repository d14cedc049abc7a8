"""`make test-real`: starts the engine, runs the tests in this folder against it, and stops it."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import pytest

from tests.real.engine import EngineError, Ports, archive, java_home, running, unpacked

FIRST_PORT = 28080


def _ended(number: int, frame: FrameType | None) -> None:
    """Exit through every `finally`, so that the engine is stopped."""
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    began = time.monotonic()
    try:
        ports = Ports(int(os.environ.get("CAMUNDA_PORT", FIRST_PORT)))
        java = java_home()
        folder = unpacked(archive())
        prepared = time.monotonic()
        with running(folder, java, ports) as address:
            print(f"{folder.name} is ready at {address} after {time.monotonic() - prepared:.1f} s")
            os.environ["CAMUNDA_REAL_ADDRESS"] = address
            code = int(pytest.main([str(Path(__file__).parent), *arguments]))
    except EngineError as error:
        print(f"make test-real: {error}", file=sys.stderr)
        return 1
    print(f"make test-real took {time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

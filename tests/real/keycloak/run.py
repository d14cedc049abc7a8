"""Runs the tests of this folder against a Keycloak that is started for them."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.real.engine import NOT_THERE, EngineError
from tests.real.keycloak.engine import VERSION, Keycloak, archive, java_home, running, unpacked

# Looking whether a server answers imports what pytest would have rewritten before.
QUIET = ("-W", "ignore:Module already imported")

_started: list[Keycloak] = []


def running_server() -> Keycloak:
    """The server of this run."""
    return _started[-1]


def run(arguments: list[str]) -> int:
    """The exit code of pytest; NOT_THERE, with one line, without Java or the archive."""
    try:
        java, folder = java_home(), unpacked(archive())
    except EngineError as error:
        print(f"make test-real: {error}", file=sys.stderr)
        return NOT_THERE
    began = time.monotonic()
    try:
        with running(folder, java) as server:
            print(f"Keycloak {VERSION} is ready at {server.address} after {time.monotonic() - began:.1f} s")
            os.environ["KEYCLOAK_REAL_ADDRESS"] = server.address
            _started.append(server)
            return int(pytest.main([str(Path(__file__).parent), *QUIET, *arguments]))
    except EngineError as error:
        print(f"make test-real: {error}", file=sys.stderr)
        return 1

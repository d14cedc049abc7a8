"""`python -m tests.real.keycloak`: the part of `make test-real` that tests sign-in, alone."""

import signal
import sys
from types import FrameType

from tests.real.keycloak.run import run


def _ended(number: int, frame: FrameType | None) -> None:
    """Exit through every `finally`, so that the server is stopped."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _ended)
    sys.exit(run(sys.argv[1:]))

"""What the tests of commands share: ports, and logging as it was before."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import structlog


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command configures logging for its whole process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def ports(own_ports: range) -> tuple[int, int]:
    """A free port for the gateway, and one for the sandbox; the ports just above the sandbox's are free too."""
    for base in own_ports[::7]:
        with ExitStack() as taken:
            try:
                for offset in range(7):
                    listener = taken.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base + 6, base
    raise RuntimeError("this machine has no seven free ports in a row")

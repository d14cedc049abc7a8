"""Shared by the tests of commands: free ports, and logging that is restored."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import structlog


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Restores logging, which a command configures for its whole process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def ports(own_ports: range) -> tuple[int, int]:
    """A free port for the gateway, and one for the sandbox. The ports just above the sandbox's are free too."""
    for base in own_ports[::8]:
        with ExitStack() as taken:
            try:
                for offset in range(8):
                    listener = taken.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base + 7, base
    raise RuntimeError("this machine has no eight free ports in a row")

"""Async tests of this folder run in virtual time."""

from typing import Any

import pytest

from tests.gateway.federation.traffic.virtual_time import VirtualTimeLoop


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {"loop_factory": VirtualTimeLoop})

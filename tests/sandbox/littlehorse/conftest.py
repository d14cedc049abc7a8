"""A stand-in for the bridge with sixty tasks."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.littlehorse.bridge import Bridge, opened


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async with opened() as bridge:
        yield bridge

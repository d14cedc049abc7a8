"""A gateway process that gets a SIGTERM while requests arrive; `benchmarks/door.py` has many more rounds."""

from pathlib import Path

import pytest

from benchmarks.door_parts import ended

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.mark.parametrize("number", range(2))
async def test_no_request_is_lost_and_the_end_is_near(number: int, tmp_path: Path) -> None:
    """Requests of clients that have connected are answered, also those that were not read yet."""
    sent, lost, seconds = await ended(tmp_path)

    assert sent > 0, number
    assert lost == 0
    assert seconds < 10

"""The deadline narrows from the request down, in the context of whoever asks."""

import anyio

from gateway.federation.traffic import remaining, within


def test_nobody_set_one() -> None:
    """Then there is none."""
    assert remaining(lambda: 0.0) is None


def test_it_narrows_and_never_widens() -> None:
    """A part has no longer than the whole; afterwards the whole's is back."""
    seen = []
    with within(10, monotonic=lambda: 100.0):
        seen.append(remaining(lambda: 101.0))
        with within(2, monotonic=lambda: 101.0):
            seen.append(remaining(lambda: 101.5))
        with within(60, monotonic=lambda: 101.0):
            seen.append(remaining(lambda: 101.5))
        seen.append(remaining(lambda: 120.0))

    assert [9.0, 1.5, 8.5, 0.0] == seen
    assert remaining(lambda: 0.0) is None


async def test_tasks_begun_within_have_it_and_others_do_not() -> None:
    """It travels as context variables do."""
    seen: dict[str, float | None] = {}

    async def look(name: str) -> None:
        await anyio.sleep(1)
        seen[name] = remaining()

    async with anyio.create_task_group() as group:
        group.start_soon(look, "outside")
        with within(10):
            group.start_soon(look, "inside")

    assert {"outside": None, "inside": 9.0} == seen

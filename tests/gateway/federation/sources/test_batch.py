"""Single reads that become one call."""

from collections.abc import Mapping, Sequence

import anyio

from gateway.federation.sources.batch import Batch


async def test_reads_of_one_moment_are_one_call_and_later_ones_another() -> None:
    calls: list[tuple[str, ...]] = []

    async def fetch(ids: Sequence[str]) -> Mapping[str, str]:
        calls.append(tuple(ids))
        return {one: one.upper() for one in ids}

    batch = Batch(fetch)
    found: list[str | None] = []

    async def get(native_id: str) -> None:
        found.append(await batch.get(native_id))

    for ids in ("ab", "c"):
        async with anyio.create_task_group() as group:
            for one in ids:
                group.start_soon(get, one)

    assert ([("a", "b"), ("c",)], ["A", "B", "C"]) == (calls, found)


async def test_with_a_pause_reads_that_come_one_by_one_are_one_call() -> None:
    """It is sent when nothing more was asked for a while."""
    calls: list[int] = []

    async def fetch(ids: Sequence[str]) -> Mapping[str, str]:
        calls.append(len(ids))
        return {}

    batch: Batch[str] = Batch(fetch, pause=0.1)
    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(batch.get, str(number))
            await anyio.sleep(0.02)

    assert [10] == calls

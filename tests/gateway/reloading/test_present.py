"""A request keeps the value that it began with."""

import asyncio

from gateway.reloading import Present


async def test_a_request_keeps_its_value_and_later_ones_get_the_new() -> None:
    """Also in a task that it started, until the request has ended."""
    present, after = Present("old"), asyncio.Event()
    seen: list[str] = []

    async def outliving() -> None:
        seen.append(present.get())
        await after.wait()
        seen.append(present.get())

    with present.pinned() as value:
        started = asyncio.create_task(outliving())
        present.replace("new")
        await asyncio.sleep(0)
        with present.pinned() as inner:
            seen.append(inner)
        assert (value, present.get(), present.newest) == ("old", "old", "new")
    after.set()
    await started

    assert seen == ["old", "new", "new"]
    assert present.get() == "new"


async def test_a_value_is_unused_after_its_last_request() -> None:
    present = Present("old")
    with present.pinned():
        with present.pinned():
            present.replace("new")
            unused = asyncio.create_task(present.unused("old"))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        was_done = unused.done()
    await unused

    assert not was_done
    await present.unused("old")

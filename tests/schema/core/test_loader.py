"""Loaders: batches, failures, and cancellation."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, UpstreamTimeoutError
from connectors.sdk.model import DetailAspect, NativeRef, TaskDetail, TaskRef, User
from schema.core.context import Context
from schema.core.loader import Loader
from schema.core.tasks import TaskByRefLoader
from schema.people.dataloaders import UserByRefLoader
from schema.task.dataloaders import TaskDetailByAspectLoader
from tests.schema.fake_federation import FakeFederation, a_task

YAN = NativeRef("c8", "yan")


class _Broken(Loader[int, int]):
    """A batch that fails as a whole."""

    async def find(self, keys: Sequence[int]) -> Mapping[int, int | ConnectorError]:
        raise RuntimeError("bug")


@pytest.fixture
def context(federation: FakeFederation, alice: Caller) -> Context:
    return Context(alice, federation)


async def test_cancelled_load_does_not_affect_the_others(context: Context, federation: FakeFederation) -> None:
    """Neither loads of the same key that already wait, nor later ones."""
    federation.gate = asyncio.Event()
    federation.users[YAN] = User(native_id="yan", name="Yan")
    loader = context.loader(UserByRefLoader)
    first, second = loader.load(YAN), loader.load(YAN)
    await federation.held.wait()
    first.cancel()
    federation.gate.set()

    assert federation.users[YAN] == await second
    assert federation.users[YAN] == await loader.load(YAN)
    assert [[YAN]] == federation.calls["get_users"]
    assert first.cancelled()


async def test_failure_is_of_one_key_only(context: Context, federation: FakeFederation) -> None:
    """The rest of the batch succeeds."""
    failing = TaskRef("geo", "2")
    federation.add(a_task("1"))
    federation.tasks[failing] = UpstreamTimeoutError("no answer")
    found = await context.loader(TaskByRefLoader).load_many([TaskRef("c8", "1"), failing, TaskRef("c8", "404")])

    assert [federation.tasks[TaskRef("c8", "1")], federation.tasks[failing], None] == found
    with pytest.raises(UpstreamTimeoutError):
        await context.loader(TaskByRefLoader).load(failing)
    assert 1 == len(federation.calls["get_tasks"])


async def test_bug_in_a_batch_is_raised(context: Context) -> None:
    """It is not the failure of a source."""
    with pytest.raises(RuntimeError, match="bug"):
        await _Broken(context).load_many([1, 2])


async def test_aspects_of_a_task_are_joined(context: Context, federation: FakeFederation) -> None:
    """One call for all keys of one turn of the event loop."""
    ref, other = TaskRef("c8", "1"), TaskRef("c8", "2")
    federation.details[ref] = TaskDetail(data=1)
    keys = [(ref, DetailAspect.DATA), (ref, DetailAspect.FORM), (other, DetailAspect.DATA)]
    found = await context.loader(TaskDetailByAspectLoader).load_many(keys)

    assert [TaskDetail(data=1), TaskDetail(data=1), None] == found
    wanted = {ref: frozenset({DetailAspect.DATA, DetailAspect.FORM}), other: frozenset({DetailAspect.DATA})}
    assert [wanted] == federation.calls["get_details"]


class _Slow(Loader[int, int]):
    """A batch that takes a few turns of the event loop. Records its keys."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.batches: list[list[int]] = []

    async def find(self, keys: Sequence[int]) -> Mapping[int, int | ConnectorError]:
        self.batches.append(list(keys))
        for _ in range(3):
            await asyncio.sleep(0)
        return {key: UpstreamTimeoutError("no answer") if key % 7 == 0 else key * key for key in keys if key % 5}


@pytest.mark.slow
async def test_ten_thousand_cancelled_loads_do_not_affect_the_others(context: Context) -> None:
    """Each other load ends with a value, a failure or None. Each key is read once, and no asyncio task is left."""
    rnd, loader = Random(11), _Slow(context)
    before = asyncio.all_tasks()
    staying: list[tuple[int, asyncio.Task[int | None]]] = []
    leaving: list[asyncio.Task[int | None]] = []

    async def ask(key: int) -> int | None:
        return await loader.load(key)

    for _ in range(20_000):
        key = rnd.randrange(400)
        asker = asyncio.create_task(ask(key))
        if rnd.random() < 0.5:
            leaving.append(asker)
        else:
            staying.append((key, asker))
        if rnd.random() < 0.05:
            await asyncio.sleep(0)
            while leaving and rnd.random() < 0.98:
                leaving.pop().cancel()
    for asker in leaving:
        asker.cancel()
    await asyncio.wait([asker for _, asker in staying], timeout=30)
    await asyncio.sleep(0)

    assert all(asker.done() and not asker.cancelled() for _, asker in staying)
    for key, asker in staying:
        error = asker.exception()
        if key % 5 and key % 7 == 0:
            assert isinstance(error, UpstreamTimeoutError)
        else:
            assert (None, key * key if key % 5 else None) == (error, asker.result())
    assert len(staying) < 10_500
    assert 400 == len([key for batch in loader.batches for key in batch])
    assert before == asyncio.all_tasks()

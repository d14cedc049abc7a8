"""Loaders: batches, failures, and cancellation."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, UpstreamTimeoutError
from connectors.sdk.model import DetailAspect, NativeRef, TaskDetail, TaskRef, User
from schema.context import Context
from schema.loader import Loader
from tests.schema.fake_federation import FakeFederation, a_task

YAN = NativeRef("c8", "yan")


class _Broken(Loader[int, int]):
    """A batch that fails as a whole."""

    async def find(self, keys: Sequence[int]) -> Mapping[int, int | ConnectorError]:
        raise RuntimeError("bug")


@pytest.fixture
def context(federation: FakeFederation, alice: Caller) -> Context:
    return Context(alice, federation)


async def test_cancelled_load_does_not_hurt_the_others(context: Context, federation: FakeFederation) -> None:
    """Neither who waits for the same key now, nor who asks later."""
    federation.gate = asyncio.Event()
    federation.users[YAN] = User(native_id="yan", name="Yan")
    loader = context.user_by_ref
    first, second = loader.load(YAN), loader.load(YAN)
    await federation.held.wait()
    first.cancel()
    federation.gate.set()

    assert federation.users[YAN] == await second
    assert federation.users[YAN] == await loader.load(YAN)
    assert [[YAN]] == federation.calls["get_users"]
    assert first.cancelled()


async def test_failure_is_its_own_key_s(context: Context, federation: FakeFederation) -> None:
    """The rest of the batch stands."""
    failing = TaskRef("geo", "2")
    federation.add(a_task("1"))
    federation.tasks[failing] = UpstreamTimeoutError("no answer")
    found = await context.task_by_ref.load_many([TaskRef("c8", "1"), failing, TaskRef("c8", "404")])

    assert [federation.tasks[TaskRef("c8", "1")], federation.tasks[failing], None] == found
    with pytest.raises(UpstreamTimeoutError):
        await context.task_by_ref.load(failing)
    assert 1 == len(federation.calls["get_tasks"])


async def test_bug_in_a_batch_rises() -> None:
    """It is nobody's upstream failure."""
    with pytest.raises(RuntimeError, match="bug"):
        await _Broken().load_many([1, 2])


async def test_aspects_of_a_task_are_united(context: Context, federation: FakeFederation) -> None:
    """One call for all keys of a tick."""
    ref, other = TaskRef("c8", "1"), TaskRef("c8", "2")
    federation.details[ref] = TaskDetail(data=1)
    keys = [(ref, DetailAspect.DATA), (ref, DetailAspect.FORM), (other, DetailAspect.DATA)]
    found = await context.task_detail.load_many(keys)

    assert [TaskDetail(data=1), TaskDetail(data=1), None] == found
    wanted = {ref: frozenset({DetailAspect.DATA, DetailAspect.FORM}), other: frozenset({DetailAspect.DATA})}
    assert [wanted] == federation.calls["get_details"]

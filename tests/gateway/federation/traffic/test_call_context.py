"""The call context: derived, entered and left again, in the task of the caller and in tasks that it starts."""

import anyio
import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.http import Authority, UpstreamCall, current_call, in_call
from gateway.federation.traffic import CallContext, Priority, RequestCost, current_context, in_context
from tests.gateway.federation.traffic.vendor import within

ALICE = Caller(key="alice", name="Alice", identities={})


def test_without_a_request_the_context_is_empty() -> None:
    """It has no caller, deadline or counter. An authority that a connector's test entered stays."""
    alice = Authority(principal="alice", identity=None)
    with in_call(UpstreamCall(authority=alice)):
        entered = current_context()

    assert CallContext() == current_context()
    assert CallContext(authority=alice) == entered


def fail() -> None:
    current_call().count_request()
    raise KeyError


def test_a_context_is_left_again() -> None:
    """Also after an exception. Connectors see their part of the context."""
    cost = RequestCost()
    outer = CallContext(operation="outer")
    with in_context(outer):
        with pytest.raises(KeyError), in_context(outer.counted_by(cost)):
            fail()
        current_call().count_request()

        assert outer is current_context()
    assert (CallContext(), 1) == (current_context(), cost.requests)


def test_every_counter_counts() -> None:
    """The counter of the operation and the counter of one of its lists."""
    operation, part = RequestCost(), RequestCost()
    context = CallContext(counters=(operation,))
    context.count_request()
    context.counted_by(part).count_request()

    assert (2, 1) == (operation.requests, part.requests)


def test_a_deadline_can_only_become_earlier() -> None:
    """A part never has more time than the whole."""
    whole = CallContext().limited_to(10, monotonic=lambda: 100.0)
    narrow = whole.limited_to(2, monotonic=lambda: 101.0)
    wide = whole.limited_to(60, monotonic=lambda: 101.0)

    assert None is CallContext().remaining(lambda: 0.0)
    assert [9.0, 1.5, 8.5, 0.0] == [
        whole.remaining(lambda: 101.0),
        narrow.remaining(lambda: 101.5),
        wide.remaining(lambda: 101.5),
        whole.remaining(lambda: 120.0),
    ]


def test_a_new_deadline_may_be_later() -> None:
    """The deadline of the reader who caused a single flight does not limit the flight."""
    short = CallContext().limited_to(1, monotonic=lambda: 100.0)

    assert 160.0 == short.with_deadline(60, monotonic=lambda: 100.0).deadline


async def test_asyncio_tasks_started_inside_have_the_context() -> None:
    """As with any context variable. Other tasks do not have it."""
    seen: dict[str, float | None] = {}

    async def look(name: str) -> None:
        await anyio.sleep(1)
        seen[name] = current_context().remaining()

    async with anyio.create_task_group() as group:
        group.start_soon(look, "outside")
        with within(10):
            group.start_soon(look, "inside")

    assert {"outside": None, "inside": 9.0} == seen


def test_a_context_does_not_show_the_token() -> None:
    """The context may appear in a traceback."""
    context = CallContext(caller=ALICE, token="s3cret", priority=Priority.WRITE)
    acting = structs.replace(context, authority=Authority(principal="alice", identity=None, token="s3cret"))

    assert "s3cret" not in repr(acting)
    assert "'alice'" in repr(acting)

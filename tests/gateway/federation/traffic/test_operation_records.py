"""Records that the reads of one operation share."""

import asyncio
from collections.abc import Callable

import pytest

from connectors.sdk.errors import UnavailableError
from connectors.sdk.http import UpstreamCall, in_call, read_once
from gateway.federation.traffic import CallContext, OperationRecords, SourceRecords


class Record:
    """Answers "read 1", "read 2", ... once `ready` is set."""

    def __init__(self) -> None:
        self.reads = 0
        self.ready = asyncio.Event()
        self.failure: Exception | None = None

    async def read(self) -> str:
        self.reads += 1
        number = self.reads
        await self.ready.wait()
        if self.failure is not None:
            raise self.failure
        return f"read {number}"


def always(_: float) -> bool:
    return True


async def test_reads_at_the_same_time_share_one_call_and_later_ones_its_record() -> None:
    """By key."""
    records, record = SourceRecords(), Record()
    first = [asyncio.create_task(records.once("a", record.read)) for _ in range(3)]
    await asyncio.sleep(0)
    record.ready.set()

    assert ["read 1"] * 3 == await asyncio.gather(*first)
    assert "read 1" == await records.once("a", record.read)
    assert "read 2" == await records.once("b", record.read)


async def test_a_failure_is_raised_to_all_that_wait_and_is_not_kept() -> None:
    """The next read is a call again."""
    records, record = SourceRecords(), Record()
    record.failure = UnavailableError("down")
    waiting = [asyncio.create_task(records.once("a", record.read)) for _ in range(3)]
    await asyncio.sleep(0)
    record.ready.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)
    record.failure = None

    assert ([UnavailableError] * 3, 1) == ([type(one) for one in failed], record.reads)
    assert "read 2" == await records.once("a", record.read)


async def test_a_read_that_is_given_up_is_done_by_one_that_waits() -> None:
    """The others share that one."""
    records, record = SourceRecords(), Record()
    first, *others = [asyncio.create_task(records.once("a", record.read)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    record.ready.set()

    assert ["read 2", "read 2"] == await asyncio.gather(*others)
    assert first.cancelled()


async def test_the_number_of_records_is_bounded() -> None:
    """The first ones go first."""
    records, record = SourceRecords(most=2), Record()
    record.ready.set()
    for key in "abc":
        await records.once(key, record.read)

    assert ["read 2", "read 3", "read 4"] == [await records.once(key, record.read) for key in "bca"]


@pytest.mark.parametrize(
    ("number", "may_serve", "begins", "read"),
    [
        (7, always, 1.0, "read 1"),
        (8, always, 2.0, "read 2"),
        (7, lambda at: at > 1.0, 2.0, "read 2"),
    ],
    ids=["nothing was written", "something was written", "too old"],
)
async def test_a_call_is_as_old_as_the_records_that_it_may_take(
    number: int, may_serve: Callable[[float], bool], begins: float, read: str
) -> None:
    """After a write through the gateway, and where their time is refused, they are forgotten."""
    records, record = SourceRecords(), Record()
    record.ready.set()
    began = [records.begin(0.0, 7, always), records.begin(1.0, 7, always)]
    await records.once("a", record.read)

    # Until a record is asked for, each call is as old as itself.
    assert [0.0, 1.0] == began
    assert (begins, read) == (records.begin(2.0, number, may_serve), await records.once("a", record.read))


async def test_a_read_that_began_before_records_were_forgotten_is_not_taken() -> None:
    """It ends later, and leaves the new one in its place."""
    records, record = SourceRecords(), Record()
    records.begin(0.0, 1, always)
    old = asyncio.create_task(records.once("a", record.read))
    await asyncio.sleep(0)
    records.begin(1.0, 2, always)
    new = asyncio.create_task(records.once("a", record.read))
    await asyncio.sleep(0)
    record.ready.set()

    assert ["read 1", "read 2", "read 2"] == [await old, await new, await records.once("a", record.read)]


async def test_records_belong_to_one_operation_source_and_scope() -> None:
    """Without an operation, or without the time of its question, nothing is shared."""
    mine = CallContext(asked_at=1.0, operation_records=OperationRecords())
    yours = CallContext(asked_at=1.0, operation_records=OperationRecords())
    found = [
        mine.records_of("north", "alice"),
        yours.records_of("north", "alice"),
        mine.records_of("south", "alice"),
        mine.records_of("north", "bob"),
    ]

    assert 4 == len({id(one) for one in found})
    assert found[0] is mine.records_of("north", "alice")
    assert None is CallContext(asked_at=1.0).records_of("north", "alice")
    assert None is CallContext(operation_records=OperationRecords()).records_of("north", "alice")


async def test_a_connector_reads_for_itself_where_the_call_shares_nothing() -> None:
    """Writes, background refreshes and connectors without a gateway."""
    record = Record()
    record.ready.set()
    alone = [await read_once("a", record.read) for _ in range(2)]
    with in_call(UpstreamCall(records=SourceRecords())):
        shared = [await read_once("a", record.read) for _ in range(2)]

    assert (["read 1", "read 2"], ["read 3", "read 3"]) == (alone, shared)

"""The reader account of a source that acts as the person: it finds out what became of writes, and is for nobody to see."""

from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import ForbiddenError
from connectors.sdk.model import TaskState, UserRef
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, in_context
from schema.ports import ClaimIntent, CompleteIntent, InboxScope, TaskListRequest
from tests.gateway.federation.memory_source import task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, REF, perform
from tests.gateway.federation.writes.test_reconciler import OUTCOMES, World

LOOK = CallContext(operation="look up a write", by_reader=True)


class Read(World):
    """A source that acts as the person, with a reader that sees the same tasks. The reads of each are counted apart."""

    def __init__(self, *, owner: str | None = None, has_reader: bool = True) -> None:
        north = RichConnector("north", [task("north", "1", owner=owner)])
        self.reader = RichConnector("north")
        self.reader.held = north.held
        for one in (north, self.reader):
            one.traces = OUTCOMES
            one.completer = UserRef(native_id="alice")
        super().__init__(north, readers={"north": self.reader} if has_reader else {})

    async def lose_as_person(self, intent: Any, *, applied: bool) -> str:
        """As `lose`; from then on the source acts as the person."""
        lost = await self.lose(intent, applied=applied)
        self.north.settings = self.north.settings.model_copy(update={"acts_as": "viewer"})
        self.north.gets = self.reader.gets = 0
        return lost


async def test_what_became_of_a_write_is_found_out_without_the_person() -> None:
    """The person's own credentials are not used, as there are none."""
    it = Read()
    lost = await it.lose_as_person(ClaimIntent(), applied=True)

    assert (MutationStatus.APPLIED, True) == await it.after(1, lost)
    assert (0, 1) == (it.north.gets, it.reader.gets)


async def test_without_a_reader_it_waits_for_the_person() -> None:
    """The sibling: nothing is read."""
    it = Read(has_reader=False)
    lost = await it.lose_as_person(ClaimIntent(), applied=True)

    assert (MutationStatus.UNKNOWN, False) == await it.after(1, lost)
    assert (0, 0) == (it.north.gets, it.reader.gets)


async def test_the_result_shows_nothing_that_the_reader_read() -> None:
    """Neither the task nor its flow, and no ended task: the author is shown what their own token reads."""
    it = Read(owner="alice")
    lost = await it.lose_as_person(CompleteIntent(outcome="approved"), applied=True)
    await it.after(1, lost)
    record = await it.journal.record(lost)

    assert record is not None
    assert record.result is not None
    assert MutationStatus.APPLIED is record.result.status
    assert (None, None) == (record.result.task, record.result.flow)
    assert [] == list(await it.journal.ended_tasks(most=9))


async def test_a_refusal_does_not_tell_what_the_reader_saw() -> None:
    """Only that the write was not applied."""
    it = Read(owner="alice")
    lost = await it.lose_as_person(CompleteIntent(outcome="approved"), applied=False)
    it.north.held["1"] = structs.replace(
        it.north.held["1"], state=TaskState.COMPLETED, outcome="rejected", completed_by=UserRef(native_id="bob")
    )
    await it.after(1, lost)
    found = await it.find(lost)

    assert MutationStatus.REJECTED is found.status
    assert ["the record shows another change"] == [problem.message.rpartition(": ")[2] for problem in found.problems]


async def test_a_person_is_never_answered_by_the_reader() -> None:
    """Lists, tasks and writes: all with the person's own credentials."""
    it = Read()
    it.north.settings = it.north.settings.model_copy(update={"acts_as": "viewer"})
    # A context that says so by mistake changes nothing, as it has a caller.
    with in_context(CallContext(caller=ALICE, token="t", by_reader=True)):
        await it.sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.ALL_VISIBLE, first=5))
        await it.sources.get_tasks(ALICE, [REF], fresh=True)
        await perform(it.sources, ClaimIntent(), ALICE)

    assert (0, 0, []) == (it.reader.gets, it.reader.lists, it.reader.writes)
    assert ["claim"] == it.north.writes


async def test_what_the_reader_read_is_no_answer_to_a_person() -> None:
    """Not from the cache either: it reads as another account."""
    it = Read()
    it.north.settings = it.north.settings.model_copy(update={"acts_as": "viewer"})
    with in_context(LOOK):
        await it.sources._objects.tasks.vendor_record(REF)
    with in_context(CallContext(caller=ALICE, token="t")):
        await it.sources.get_tasks(ALICE, [REF])

    assert (1, 1) == (it.reader.gets, it.north.gets)


async def test_where_the_reader_fails_the_persons_next_request_helps() -> None:
    """As without a reader."""
    it = Read()
    lost = await it.lose_as_person(ClaimIntent(), applied=True)
    it.reader.fail = ForbiddenError("the account was taken its rights")
    alone = await it.after(1, lost)
    with in_context(CallContext(caller=ALICE, token="t")):
        await it.sources.operation(ALICE, lost)
        await it.reconciler.settled_visits()

    assert (MutationStatus.UNKNOWN, False) == alone
    assert MutationStatus.APPLIED is (await it.find(lost)).status


def source_of(it: Read) -> Source:
    return it.sources._sources["north"]


async def test_the_reader_never_writes() -> None:
    """Whatever asks for it."""
    it = Read()
    source = source_of(it)
    it.north.settings = it.north.settings.model_copy(update={"acts_as": "viewer"})

    async def write() -> None:
        raise AssertionError

    with in_context(LOOK), pytest.raises(RuntimeError, match="never writes"):
        await source.write("claim", write)


async def test_the_health_probe_is_the_readers() -> None:
    """It has credentials; the source itself has only those of a person."""
    it = Read()
    pinged: list[str] = []

    async def ping() -> None:
        pinged.append("reader")

    it.reader.ping = ping  # type: ignore[method-assign]
    await source_of(it)._probe()

    assert ["reader"] == pinged

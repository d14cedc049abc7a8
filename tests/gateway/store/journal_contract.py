"""What every implementation of `gateway.store.Journal` must do. A test class inherits it and provides the two fixtures."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from msgspec import Raw, structs

from connectors.sdk.caller import Identity
from connectors.sdk.capability import Support
from connectors.sdk.commands import Assign, CancelStrategy, IfLate, MutationStatus, TaskAction, Unassign
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Flow, FlowRef, FlowState, Task, TaskRef, TaskState, UserRef
from gateway.store import KEPT_SECONDS, EndedTask, Evidence, Journal, KeptCommand, Record, Stage, Undo
from schema.ports import Operation, Problem, SourceRef, Target, WriteResult

OpenJournal = Callable[[Callable[[], float]], AbstractAsyncContextManager[Journal]]

NOON = 1_780_000_000.0
REF = TaskRef("north", "1")
TASK = Task(
    source="north",
    native_id="1",
    title="Check the invoice",
    state=TaskState.RESERVED,
    rule="test",
    fetched_at=datetime(2026, 6, 15, 9, tzinfo=UTC),
    payload=Raw(b'{"salary":5}'),
)
FLOW = Flow(
    source="north",
    native_id="f1",
    state=FlowState.ACTIVE,
    rule="test",
    fetched_at=TASK.fetched_at,
    payload=Raw(b'{"x":1}'),
)
PROBLEM = Problem(
    code="CAPABILITY_NOT_SUPPORTED",
    message="not that way",
    source="north",
    field=("allow",),
    retry_at=datetime(2026, 6, 15, 9, tzinfo=UTC),
    alternatives=(CancelStrategy.SKIP,),
    native_status=400,
    native_code="E17",
)


def result(operation_id: str = "op-1", status: MutationStatus = MutationStatus.APPLIED) -> WriteResult:
    return WriteResult(
        status=status,
        operation_id=operation_id,
        task=TASK,
        flow=FLOW,
        problems=(PROBLEM,),
        support=Support.EMULATED,
        atomic=True,
        effect="other tasks ended",
        upstream_calls=2,
    )


def ended(operation_id: str = "op-1", *, person: str = "alice") -> EndedTask:
    return EndedTask(
        operation_id=operation_id,
        person=person,
        at=datetime.fromtimestamp(NOON, UTC),
        owners=("alice-17",),
        vendor_owners=("taskgate",),
        task=structs.replace(TASK, payload=None),
    )


async def admit(
    journal: Journal, operation_id: str = "op-1", *, person: str = "alice", key: str | None = "k", target: Target = REF
) -> Record | None:
    return await journal.admit(
        operation_id=operation_id,
        person=person,
        client_key=key,
        fingerprint=f"arguments of {operation_id}",
        source=target.source,
        target=target,
        action=TaskAction.CLAIM,
    )


class Clock:
    """Seconds of the wall clock, or of the monotonic one."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class JournalContract:
    @pytest.fixture
    def open_journal(self) -> OpenJournal:
        """Opens a journal that takes its time from `now`; always on the same storage within one test."""
        raise NotImplementedError

    @pytest.fixture
    async def broken(self) -> Journal:
        """A journal whose storage cannot be used."""
        raise NotImplementedError

    async def test_an_undo_is_kept_until_it_is_dropped(self, open_journal: OpenJournal) -> None:
        """One for each write. Only ids are kept of the task and of the person."""
        task = structs.replace(TASK, assignees=(UserRef(native_id="7", name="Alice"),))
        actor = Identity(native_id="7", email="alice@example.com")
        undo = Undo(
            operation_id="op-1",
            person="alice",
            fingerprint="f",
            target=REF,
            step=KeptCommand.of(Assign(task=task, actor=actor, user_id="99", override=True, options={"a": 1})),
            undo=KeptCommand.of(Unassign(task=task, actor=actor, reason="because")),
            owners=("99",),
            end="Complete",
            late=IfLate.REFUSED,
            noted_at=TASK.fetched_at,
        )
        other = structs.replace(undo, operation_id="op-2", noted_at=TASK.fetched_at + timedelta(seconds=1))
        async with open_journal(lambda: NOON) as journal:
            await journal.note_undo(other)
            await journal.note_undo(structs.replace(undo, is_done=True))
            await journal.note_undo(undo)
            both = await journal.undos()
            await journal.drop_undo("op-1")
            await journal.drop_undo("unknown")
            left = await journal.undos()

        assert ([undo, other], [other]) == (list(both), list(left))
        assert Unassign(task=TASK) == undo.undo.on(TASK)
        assert "alice@" not in repr(undo)
        assert "Check the invoice" not in repr(undo)

    async def test_a_key_is_admitted_once(self, open_journal: OpenJournal) -> None:
        """The second time the earlier write is returned, and nothing is recorded."""
        async with open_journal(Clock()) as journal:
            first, second = await admit(journal), await admit(journal, "op-2")

            assert first is None
            assert second == Record(
                operation_id="op-1",
                fingerprint="arguments of op-1",
                stage=Stage.ADMITTED,
                result=None,
            )
            assert await journal.find("op-2") is None

    async def test_a_key_belongs_to_one_person(self, open_journal: OpenJournal) -> None:
        """The same key of another person is another key."""
        async with open_journal(Clock()) as journal:
            assert [None, None] == [await admit(journal), await admit(journal, "op-2", person="bob")]

    async def test_writes_without_a_key_are_all_admitted(self, open_journal: OpenJournal) -> None:
        """Also several of one person to one task."""
        async with open_journal(Clock()) as journal:
            assert [None, None] == [await admit(journal, key=None), await admit(journal, "op-2", key=None)]

    async def test_of_concurrent_admissions_one_wins(self, open_journal: OpenJournal) -> None:
        """Through two open journals on the same storage, as two processes have them."""
        found: list[Record | None] = []
        async with open_journal(Clock()) as one, open_journal(Clock()) as other:

            async def enter(number: int) -> None:
                found.append(await admit((one, other)[number % 2], f"op-{number}"))

            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(enter, number)

        assert 1 == found.count(None)
        assert 1 == len({record.operation_id for record in found if record is not None})

    async def test_a_repeated_key_finds_the_stage_and_the_result(self, open_journal: OpenJournal) -> None:
        """The whole result except payloads, which may contain form data."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.mark_sent("op-1")
            sent = await admit(journal, "op-2")
            await journal.settle("op-1", result())
            settled = await admit(journal, "op-3")

        assert sent is not None
        assert (Stage.SENT, None) == (sent.stage, sent.result)
        assert settled is not None
        assert Stage.SETTLED is settled.stage
        assert settled.result == structs.replace(
            result(), task=structs.replace(TASK, payload=None), flow=structs.replace(FLOW, payload=None)
        )

    async def test_a_later_result_replaces_the_earlier_one(self, open_journal: OpenJournal) -> None:
        """UNKNOWN first, then the result that a read found."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.settle("op-1", result(status=MutationStatus.UNKNOWN))
            await journal.settle("op-1", result())
            found = await journal.find("op-1")

        assert found is not None
        assert MutationStatus.APPLIED is found.status

    async def test_a_write_that_did_not_happen_frees_its_key(self, open_journal: OpenJournal) -> None:
        """It is found by its id, and is not the last write to its task."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.settle("op-1", result(status=MutationStatus.REJECTED), frees_key=True)
            found = await journal.find("op-1")

            assert found is not None
            assert (MutationStatus.REJECTED, 0) == (found.status, found.attempts)
            assert await journal.last(REF) is None
            assert await admit(journal, "op-2") is None

    async def test_the_writes_without_a_result_are_listed(self, open_journal: OpenJournal) -> None:
        """Oldest first, with their stage and target. One that is settled meanwhile keeps its result."""
        targets: list[Target] = [REF, FlowRef("north", "7"), SourceRef("north")]
        async with open_journal(Clock()) as journal:
            for number, target in enumerate(targets):
                await admit(journal, f"op-{number}", key=None, target=target)
            await admit(journal, "settled", key=None)
            await journal.mark_sent("op-1")
            await journal.settle("settled", result(status=MutationStatus.UNKNOWN))
        async with open_journal(Clock()) as journal:
            found = await journal.open_writes()
            await journal.settle("op-1", result())
            await journal.settle("op-1", result(status=MutationStatus.UNKNOWN), only_open=True)
            later = await journal.find("op-1")

        assert [(f"op-{number}", target) for number, target in enumerate(targets)] == [
            (write.operation_id, write.target) for write in found
        ]
        assert [Stage.ADMITTED, Stage.SENT, Stage.ADMITTED] == [write.stage for write in found]
        assert {("alice", TaskAction.CLAIM)} == {(write.person, write.action) for write in found}
        assert later is not None
        assert MutationStatus.APPLIED is later.status

    async def test_a_write_that_was_given_up_is_not_sent(self, open_journal: OpenJournal) -> None:
        """By another process, as it started."""
        async with open_journal(Clock()) as journal, open_journal(Clock()) as other:
            await admit(journal)
            await other.settle("op-1", result(status=MutationStatus.REJECTED), frees_key=True)

            with pytest.raises(GatewayUnavailableError, match="given up"):
                await journal.mark_sent("op-1")

    async def test_records_survive_a_restart(self, open_journal: OpenJournal) -> None:
        """A write that was sent is not admitted again."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.mark_sent("op-1")
        async with open_journal(Clock()) as journal:
            again = await admit(journal, "op-2")

        assert again is not None
        assert ("op-1", Stage.SENT) == (again.operation_id, again.stage)

    async def test_a_write_is_kept_for_a_day(self, open_journal: OpenJournal) -> None:
        """To the last second, also if other writes are admitted."""
        clock = Clock()
        async with open_journal(clock) as journal:
            await admit(journal)
            clock.now += KEPT_SECONDS - 1
            await admit(journal, "op-2", key="another")

            assert await journal.find("op-1") is not None
            assert await admit(journal, "op-3") is not None

    @pytest.mark.parametrize(
        ("target", "task", "flow"),
        [
            (REF, REF, FLOW.ref),
            (FlowRef("north", "7"), TASK.ref, FlowRef("north", "7")),
            (SourceRef("north"), TASK.ref, FLOW.ref),
        ],
    )
    async def test_an_operation_is_the_write_with_its_result(
        self, open_journal: OpenJournal, target: Target, task: TaskRef, flow: FlowRef
    ) -> None:
        """With its target, and the created object or the changed flow."""
        clock = Clock()
        async with open_journal(clock) as journal:
            await admit(journal, target=target)
            await journal.mark_sent("op-1")
            clock.now += 2
            await journal.settle("op-1", result())
            found = await journal.find("op-1")

        assert found == Operation(
            operation_id="op-1",
            action=TaskAction.CLAIM,
            person="alice",
            status=MutationStatus.APPLIED,
            attempts=1,
            requested_at=datetime.fromtimestamp(NOON, UTC),
            settled_at=datetime.fromtimestamp(NOON + 2, UTC),
            task=task,
            flow=flow,
            problems=(PROBLEM,),
        )

    async def test_an_operation_that_was_only_admitted_is_pending(self, open_journal: OpenJournal) -> None:
        """It has no attempt before it is sent, and no time of settlement."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            admitted = await journal.find("op-1")
            await journal.mark_sent("op-1")
            sent = await journal.find("op-1")

        assert admitted is not None
        assert sent is not None
        assert (MutationStatus.PENDING, 0, None) == (admitted.status, admitted.attempts, admitted.settled_at)
        assert (MutationStatus.PENDING, 1, None) == (sent.status, sent.attempts, sent.settled_at)

    @pytest.mark.parametrize("status", [MutationStatus.UNKNOWN, MutationStatus.PENDING])
    async def test_an_open_result_has_no_time_of_settlement(
        self, open_journal: OpenJournal, status: MutationStatus
    ) -> None:
        """It may become known later."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.settle("op-1", result(status=status))
            found = await journal.find("op-1")

        assert found is not None
        assert (status, None) == (found.status, found.settled_at)

    async def test_the_last_write_to_a_task_is_the_newest_of_that_task(self, open_journal: OpenJournal) -> None:
        """Not a write to another task, or to a flow or task of another source with the same id."""
        clock = Clock()
        others: list[Target] = [TaskRef("north", "2"), FlowRef("north", "1"), TaskRef("south", "1"), SourceRef("north")]
        async with open_journal(clock) as journal:
            before = await journal.last(REF)
            await admit(journal, "op-1", key=None)
            await admit(journal, "op-2", key=None)
            for number, other in enumerate(others):
                clock.now += 1
                await admit(journal, f"other-{number}", key=None, target=other)
            await journal.settle("op-1", result("op-1"))
            await journal.settle("op-2", result("op-2"))
            last = await journal.last(REF)

        assert before is None
        assert last is not None
        assert "op-2" == last.operation_id

    async def test_a_write_by_a_person_who_cannot_see_the_task_is_not_its_last(self, open_journal: OpenJournal) -> None:
        """Nor one that has not been let through yet. A write that was sent is."""
        async with open_journal(Clock()) as journal:
            await admit(journal, "op-1", key=None)
            await journal.mark_sent("op-1")
            await admit(journal, "op-2", key=None)
            await journal.settle("op-2", result("op-2", MutationStatus.REJECTED), was_seen=False)
            await admit(journal, "op-3", key=None)
            last = await journal.last(REF)

        assert last is not None
        assert "op-1" == last.operation_id

    async def test_steps_are_numbered_and_end_with_the_write(self, open_journal: OpenJournal) -> None:
        """Each with its evidence. One that was settled before keeps its status."""
        evidence = Evidence(command="Claim", salt=b"salt", sent_at=TASK.fetched_at, data={b"key": b"value"})
        clock = Clock()
        async with open_journal(clock) as journal:
            await admit(journal)
            numbers = [await journal.mark_sent("op-1", evidence)]
            await journal.settle_step("op-1", 1, MutationStatus.APPLIED)
            clock.now += 1
            numbers.append(await journal.mark_sent("op-1", structs.replace(evidence, command="Complete")))
            before = await journal.steps("op-1")
            await journal.settle("op-1", result(status=MutationStatus.UNKNOWN))
            await admit(journal, "op-2", target=TaskRef("north", "2"), key=None)
            await journal.mark_sent("op-2", evidence)
            after = await journal.steps_to(REF)
            unsettled = await journal.unsettled()

        assert [1, 2] == numbers
        assert [(MutationStatus.APPLIED, "Claim"), (None, "Complete")] == [
            (step.status, step.command) for step in before
        ]
        assert [MutationStatus.APPLIED, MutationStatus.UNKNOWN] == [step.status for step in after]
        assert [True, False] == [step.settled_at is not None for step in after]
        assert evidence == after[0].evidence
        assert [("op-1", MutationStatus.UNKNOWN)] == [
            (write.operation_id, write.result and write.result.status) for write in unsettled
        ]

    async def test_an_unclear_step_before_the_last_stays_so_when_the_write_is_refused(
        self, open_journal: OpenJournal
    ) -> None:
        """It may have been applied, so it still explains what a later look shows. The last one was refused."""
        evidence = Evidence(command="Claim", salt=b"salt", sent_at=TASK.fetched_at)
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.mark_sent("op-1", evidence)
            await journal.mark_sent("op-1", structs.replace(evidence, command="Complete"))
            await journal.settle("op-1", result(status=MutationStatus.REJECTED), earlier={"Claim", "Assign"})
            steps = await journal.steps("op-1")

        assert [MutationStatus.UNKNOWN, MutationStatus.REJECTED] == [step.status for step in steps]
        assert all(step.settled_at is not None for step in steps)

    async def test_a_write_that_nothing_will_ever_prove_is_settled_as_unknown(self, open_journal: OpenJournal) -> None:
        """With a time of settlement."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.mark_sent("op-1")
            await journal.settle("op-1", result(status=MutationStatus.UNKNOWN), is_final=True)
            found = await journal.find("op-1")

            assert [] == await journal.unsettled()
        assert found is not None
        assert (MutationStatus.UNKNOWN, True) == (found.status, found.settled_at is not None)

    async def test_ended_tasks_are_recorded_with_the_result(self, open_journal: OpenJournal) -> None:
        """The newest ones, oldest first; a later result replaces what an earlier one recorded."""
        async with open_journal(Clock()) as journal:
            for number in (1, 2, 3):
                await admit(journal, f"op-{number}", key=None)
                await journal.settle(f"op-{number}", result(f"op-{number}"), ended=ended(f"op-{number}"))
            await journal.settle("op-3", result("op-3"), ended=ended("op-3", person="bob"))
        async with open_journal(Clock()) as journal:
            found = await journal.ended_tasks(most=2)

        assert [ended("op-2"), ended("op-3", person="bob")] == found

    async def test_an_unknown_id_changes_nothing(self, open_journal: OpenJournal) -> None:
        """It is not an error."""
        async with open_journal(Clock()) as journal:
            await admit(journal)
            await journal.mark_sent("op-9")
            await journal.settle("op-9", result("op-9"), ended=ended("op-9"))
            found = await journal.find("op-1")

            assert await journal.find("op-9") is None
            assert [] == await journal.ended_tasks(most=9)
        assert found is not None
        assert 0 == found.attempts

    async def test_storage_that_cannot_be_used_is_one_error(self, broken: Journal) -> None:
        """In every method."""
        calls: list[Callable[[], object]] = [
            lambda: admit(broken),
            lambda: broken.mark_sent("op-1"),
            lambda: broken.settle("op-1", result()),
            lambda: broken.settle_step("op-1", 1, MutationStatus.APPLIED),
            broken.open_writes,
            broken.unsettled,
            lambda: broken.steps("op-1"),
            lambda: broken.steps_to(REF),
            lambda: broken.find("op-1"),
            lambda: broken.last(REF),
            lambda: broken.ended_tasks(most=9),
        ]
        for call in calls:
            with pytest.raises(GatewayUnavailableError):
                await call()  # type: ignore[misc]

"""The traps of the engine's writes."""

from collections.abc import Mapping
from unittest.mock import AsyncMock

import httpx2
import pytest
from msgspec.structs import replace

from connectors.camunda7 import Camunda7Connector
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.traces import was_delegated
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    DeleteTask,
    MutationStatus,
    Release,
    SaveDraft,
    Skip,
    StartFlow,
    SuspendFlow,
    TaskAction,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    IdentityNotLinkedError,
    UnsupportedActionError,
    ValidationFailedError,
    VersionConflictError,
)
from connectors.sdk.model import DetailAspect, TaskPriority, TaskState
from connectors.sdk.testing import Reply, read, read_flow
from sandbox.camunda7.engine import Engine
from tests.connectors.camunda7.conftest import ALICE, BOB, NOW, House


def fault(status: int, type: str, message: str = "", code: int | None = 0) -> Reply:
    return Reply.json({"type": type, "message": message, "code": code}, status=status)


async def test_a_claim_without_a_person_is_never_sent(house: House, connector: Camunda7Connector) -> None:
    """The engine would take the task from its owner."""
    task = await house.task(owner="bob")
    with pytest.raises(IdentityNotLinkedError):
        await connector.perform(Claim(task=task))
    with pytest.raises(ValidationFailedError):
        await connector.perform(Claim(task=task, actor=Identity(native_id=" ")))

    assert [] == house.sent
    assert "bob" == house.record(owner="bob").assignee


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fault(500, "TaskAlreadyClaimedException", "already claimed"), AlreadyAssignedError),
        (fault(500, "OptimisticLockingException", "ENGINE-03005 updated concurrently", 1), ConflictError),
        (fault(500, "NullValueException", "Cannot find task with id x: task is null"), ConflictError),
        (fault(400, "SuspendedEntityInteractionException", "ENGINE-03043 task is suspended."), ConflictError),
    ],
)
async def test_a_refused_claim_was_not_applied(
    house: House, connector: Camunda7Connector, answer: Reply, kind: type[ConnectorError]
) -> None:
    """Although most of these have status 500."""
    task = await house.task()
    with house.transport.failing(answer), pytest.raises(kind) as caught:
        await connector.perform(Claim(task=task, actor=ALICE))

    assert not caught.value.maybe_applied
    assert kind is type(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind", "is_open"),
    [
        (
            fault(500, "RestException", "Cannot submit task form x: ENGINE-03005 Execution failed", 1),
            ConflictError,
            False,
        ),
        (fault(500, "RestException", "Cannot submit task form x: task is null"), ConflictError, False),
        (
            fault(500, "RestException", "…: Invalid value submitted for form field 'amount'"),
            ValidationFailedError,
            False,
        ),
        (fault(500, "RestException", "persistence layer", 10002), ValidationFailedError, False),
        (fault(500, "RestException", "Cannot submit task form x: no such bean"), ConnectorError, True),
        (fault(500, "NullPointerException", "…", None), ConnectorError, True),
    ],
)
async def test_only_known_errors_of_a_completion_are_refusals(
    house: House, connector: Camunda7Connector, answer: Reply, kind: type[ConnectorError], *, is_open: bool
) -> None:
    """Whether another 500 was applied is not known."""
    task = await house.task(owner="alice")
    with house.transport.failing(answer), pytest.raises(kind) as caught:
        await connector.perform(Complete(task=task, actor=ALICE, data={"amount": 3}))

    assert is_open == caught.value.maybe_applied


async def test_an_update_sends_the_whole_task(house: House, connector: Camunda7Connector) -> None:
    """Name, owner and description would be erased otherwise."""
    task = await house.task(owner="alice")
    outcome = await connector.perform(Update(task=task, actor=ALICE, due_at=NOW, priority=TaskPriority.CRITICAL))
    record = house.record(owner="alice")
    [body] = [each for each in house.bodies if "due" in each]

    assert ("Approve invoice", "alice", 100, NOW) == (record.name, record.assignee, record.priority, record.due)
    assert "2026-06-15T09:00:00.000+0000" == body["due"]
    assert {
        "name",
        "description",
        "assignee",
        "owner",
        "delegationState",
        "followUp",
        "parentTaskId",
        "tenantId",
    } < set(body)
    assert (NOW, TaskPriority.CRITICAL, TaskState.RESERVED) == (
        outcome.task.due_at,
        outcome.task.priority,
        outcome.task.state,
    )


async def test_what_was_cleared_is_gone(house: House, connector: Camunda7Connector) -> None:
    """A date and a description; a priority cannot be cleared."""
    task = await house.task()
    clear = frozenset({UpdateField.DUE_AT, UpdateField.DESCRIPTION})
    outcome = await connector.perform(Update(task=task, actor=ALICE, clear=clear))
    with pytest.raises(ValidationFailedError):
        await connector.perform(Update(task=task, actor=ALICE, clear=frozenset({UpdateField.PRIORITY})))

    assert (None, None) == (outcome.task.due_at, outcome.task.description)


async def test_an_update_of_another_version_is_a_conflict(house: House, connector: Camunda7Connector) -> None:
    """Nothing is written."""
    task = await house.task()
    await connector.perform(Update(task=task, actor=ALICE, title="Another"))
    house.transport.requests = []
    with pytest.raises(VersionConflictError):
        await connector.perform(Update(task=task, actor=ALICE, title="A third", expects_version=True))

    assert [] == [each for each in house.sent if each.startswith("PUT")]


async def test_a_title_that_reads_like_a_time_is_a_text(house: House, connector: Camunda7Connector) -> None:
    """The update was applied: it must not be refused because the title is no time when it is read."""
    task = await house.task()
    title = "2026-12-01T00:00:00.000+0000"
    outcome = await connector.perform(Update(task=task, actor=ALICE, title=title))

    assert title == outcome.task.title


@pytest.mark.parametrize(("description", "is_open"), [(None, False), ("Ours", True)])
async def test_a_part_of_an_update_that_is_left_may_be_ours(
    house: House,
    connector: Camunda7Connector,
    monkeypatch: pytest.MonkeyPatch,
    description: str | None,
    *,
    is_open: bool,
) -> None:
    """Another person replaced the title at the same time, and perhaps the description too."""
    task = await house.task()
    record = house.record()
    replace_task = Camunda7Client.replace_task

    async def replaced(client: Camunda7Client, id: str, body: Mapping[str, object]) -> None:
        await replace_task(client, id, body)
        record.name, record.description = "Theirs", description

    monkeypatch.setattr(Camunda7Client, "replace_task", replaced)
    with pytest.raises(ConflictError) as caught:
        await connector.perform(Update(task=task, actor=ALICE, title="Ours", description="Ours"))

    assert is_open == caught.value.maybe_applied


async def test_candidates_change_one_a_request(house: House, connector: Camunda7Connector) -> None:
    """Two are two steps, the new one first; the undo of the first puts the old list back."""
    task = await house.task()
    command = Update(task=task, actor=ALICE, candidate_groups=("legal",))
    first, second = await connector.steps(command)
    undo = connector.undo_of(first, task)
    house.transport.requests = []
    begun = await connector.perform(first)
    ended = await connector.perform(replace(second, task=begun.task))
    writes = [each.rsplit("/", 1)[-1] for each in house.sent if each.startswith("POST") and "identity" in each]

    assert ["identity-links", "delete"] == writes
    assert [("accounting", "legal"), ("legal",)] == [
        tuple(each.native_id for each in outcome.task.candidate_groups or ()) for outcome in (begun, ended)
    ]
    assert isinstance(undo, Update)
    assert ("accounting",) == undo.candidate_groups


async def test_more_changes_of_candidates_than_two_are_refused(house: House, connector: Camunda7Connector) -> None:
    """Before anything is sent."""
    task = await house.task()
    with pytest.raises(ValidationFailedError, match="fewer"):
        await connector.steps(Update(task=task, actor=ALICE, candidate_groups=("legal", "sales")))

    assert [] == [each for each in house.sent if not each.startswith("GET")]


async def test_an_assignment_to_a_group_adds_it_and_then_removes_the_owner(
    house: House, connector: Camunda7Connector
) -> None:
    """Of a task that has no other group."""
    task = await house.task(owner="alice")
    record = house.record(owner="alice")
    record.groups = []
    first, second = await connector.steps(Assign(task=task, actor=ALICE, group_id="legal"))
    begun = await connector.perform(first)
    ended = await connector.perform(replace(second, task=begun.task))

    assert isinstance(second, Unassign)
    assert (["legal"], None) == (record.groups, record.assignee)
    assert TaskState.READY is ended.task.state
    with pytest.raises(AlreadyAssignedError):
        await connector.steps(Assign(task=await house.task(owner="bob"), actor=ALICE, group_id="legal"))


async def test_an_assignment_without_override_is_the_engines_claim(house: House, connector: Camunda7Connector) -> None:
    """It is refused if another person is the owner."""
    task = await house.task(owner="bob")
    with pytest.raises(AlreadyAssignedError):
        await connector.perform(Assign(task=task, actor=ALICE, user_id="alice"))
    outcome = await connector.perform(Assign(task=task, actor=ALICE, user_id="alice", override=True))

    assert ["claim", "assignee"] == [each.rsplit("/", 1)[1] for each in house.sent]
    assert ["alice"] == [user.native_id for user in outcome.task.assignees]


async def test_a_draft_does_not_swallow_the_completion(house: House, connector: Camunda7Connector) -> None:
    """It is one variable of the task, shown on top of the data."""
    task = await house.task(owner="alice")
    record = house.record(owner="alice")
    await connector.perform(SaveDraft(task=task, actor=ALICE, data={"amount": 41, "note": "ask"}))
    draft = await connector.get_detail(task, {DetailAspect.DATA})
    await connector.perform(Complete(task=task, actor=ALICE, data={"amount": 42}))
    flow = record.instance

    assert isinstance(draft.data, dict)
    assert (41, "ask") == (draft.data["amount"], draft.data["note"])
    assert flow is not None
    assert 42 == flow.variables["amount"]["value"]


async def test_a_task_that_is_delegated_meanwhile_is_not_told_as_completed(
    house: House, connector: Camunda7Connector
) -> None:
    """The engine answers as to a completion, and only gives the task back to its owner."""
    task = await house.task(owner="alice")
    record = house.stand_in.store.tasks[task.native_id]
    record.delegation, record.owner = "PENDING", "alice"
    data: dict[str, object] = {"approved": True}
    with pytest.raises(ConflictError, match="delegated") as caught:
        await connector.perform(Complete(task=task, actor=ALICE, data=data))

    assert not caught.value.maybe_applied
    assert record.is_open


@pytest.mark.parametrize(
    ("before", "by", "is_applied"),
    [(None, "bob", False), ("alice", "bob", False), (None, None, False), ("alice", "alice", True)],
    ids=["delegated", "delegated again", "without a log", "delegated long ago"],
)
async def test_a_task_that_another_person_completed_after_our_form_gave_it_back_is_not_ours(
    house: House, connector: Camunda7Connector, before: str | None, by: str | None, *, is_applied: bool
) -> None:
    """Delegated between our read and our form, completed before our second read: the engine's history tells."""
    record = house.record(owner="alice")
    record.owner = before
    task = await read(connector, record.id)
    submit, engine = Camunda7Client.submit_form, Engine(house.stand_in.store)

    async def raced(client: Camunda7Client, id: str, variables: Mapping[str, object]) -> None:
        if not is_applied:
            record.delegation, record.owner = "PENDING", "alice"
        await submit(client, id, variables)
        if by is None:
            house.stand_in.store.operations.clear()
        if not is_applied:
            engine.complete(record, {}, by)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Camunda7Client, "submit_form", raced)
        if is_applied:
            await connector.perform(Complete(task=task, actor=ALICE, data={"approved": True}))
        else:
            with pytest.raises(ConflictError, match="another person") as caught:
                await connector.perform(Complete(task=task, actor=ALICE, data={"approved": True}))
            assert caught.value.maybe_applied

    closed = await read(connector, record.id)
    assert closed.state is TaskState.COMPLETED
    assert was_delegated(closed)


async def test_a_task_without_an_owner_is_completed_at_an_engine_without_a_log(
    house: House, connector: Camunda7Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a task admin. Nothing tells who completed it, and nothing speaks of a delegation."""
    task = await house.task()
    monkeypatch.setattr(Camunda7Client, "list_operations", AsyncMock(return_value=[]))
    outcome = await connector.perform(Complete(task=task, actor=ALICE, data={"approved": True}))

    assert TaskState.COMPLETED is outcome.task.state


@pytest.mark.parametrize("shown", ["another task", "open"])
async def test_a_completion_that_the_next_read_does_not_show_stays_open(
    house: House, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    """Neither an old record nor that of another task is a refusal. The engine keeps no history."""
    connector = house.open(history=False)
    task, row = await house.task(owner="alice"), await connector._reader.current(house.record(owner="alice").id)
    monkeypatch.setattr(
        Camunda7Client, "get_task", AsyncMock(return_value=replace(row, id="x" if shown != "open" else task.native_id))
    )
    with pytest.raises(ConnectorError) as caught:
        await connector.perform(Complete(task=task, actor=ALICE, data={"approved": True}))

    assert caught.value.maybe_applied
    assert not house.stand_in.store.tasks[task.native_id].is_open


async def test_a_delegated_task_is_completed(house: House, connector: Camunda7Connector) -> None:
    """`submit-form` would give it back to its owner."""
    record = house.record(owner="alice")
    record.delegation, record.owner = "PENDING", "bob"
    task = await read(connector, record.id)
    await connector.perform(Complete(task=task, actor=ALICE, data={"amount": 3}))

    assert "completed" == record.reason
    assert house.sent[-1].endswith("/complete")


async def test_values_are_typed(house: House, connector: Camunda7Connector) -> None:
    """An object needs a plugin that this engine lacks; a text has 4,000 characters at most."""
    task = await house.task("inspect_goods")
    data: dict[str, object] = {"yes": True, "few": 3, "many": 1 << 40, "share": 0.5, "text": "x", "none": None}
    with pytest.raises(ValidationFailedError, match="Json"):
        await connector.perform(Complete(task=task, actor=ALICE, data={"list": [1]}))
    with pytest.raises(ValidationFailedError, match="4000"):
        connector.check(Complete(task=task, actor=ALICE, data={"text": "x" * 4001}))
    await connector.perform(Complete(task=task, actor=ALICE, data=data))
    types = {name: each["type"] for name, each in house.bodies[-1]["variables"].items()}

    assert {
        "yes": "Boolean",
        "few": "Integer",
        "many": "Long",
        "share": "Double",
        "text": "String",
        "none": "Null",
    } == types


async def test_a_skip_lets_the_flow_go_on(house: House, connector: Camunda7Connector) -> None:
    """The history calls it a modification; a second skip is refused."""
    task = await house.task()
    await connector.perform(Skip(task=task, actor=ALICE, reason="paid already"))
    found = await read(connector, task.native_id)
    with pytest.raises(ConflictError):
        await connector.perform(Skip(task=task, actor=ALICE))
    titles = [
        each.name for each in house.stand_in.store.tasks.values() if each.instance and each.instance.id == task.flow_id
    ]

    assert TaskState.SKIPPED is found.state
    assert ["Approve invoice", "Prepare bank transfer"] == titles


async def test_a_step_with_several_tasks_is_not_skipped(house: House, connector: Camunda7Connector) -> None:
    """The engine would cancel all of them."""
    task = await house.task()
    record = house.stand_in.store.tasks[task.native_id]
    assert record.instance is not None
    process = house.stand_in.store
    process.tasks["twin"] = type(record)("twin", "Approve", NOW, record.instance, record.step, "approve_invoice:twin")
    with pytest.raises(ConflictError, match="several"):
        await connector.perform(Skip(task=task, actor=ALICE))


async def test_a_task_of_a_flow_is_not_deleted_and_one_without_a_flow_not_skipped(
    house: House, connector: Camunda7Connector
) -> None:
    """Each is refused without a request, and `permittedActions` can say so."""
    task = await house.task()
    lonely = await read(connector, next(t.id for t in house.stand_in.store.tasks.values() if t.instance is None))
    refusal = connector.refusal_of(task, TaskAction.CANCEL, ALICE)

    assert isinstance(refusal, UnsupportedActionError)
    assert ("SKIP", "CANCEL_FLOW") == tuple(refusal.alternatives)
    assert isinstance(connector.refusal_of(lonely, TaskAction.SKIP, ALICE), ConflictError)
    assert connector.refusal_of(lonely, TaskAction.CANCEL, ALICE) is None


async def test_a_deletion_of_a_completed_task_is_a_conflict(house: House, connector: Camunda7Connector) -> None:
    """The engine says yes."""
    lonely = await read(connector, next(t.id for t in house.stand_in.store.tasks.values() if t.instance is None))
    await connector.perform(Complete(task=lonely, actor=ALICE))
    with pytest.raises(ConflictError):
        await connector.perform(DeleteTask(task=lonely, actor=ALICE))


async def test_a_suspension_of_an_ended_flow_is_a_conflict(house: House, connector: Camunda7Connector) -> None:
    """The engine says yes."""
    task = await house.task()
    flow = await read_flow(connector, task.flow_id or "")
    await connector.perform_on_flow(CancelFlow(flow=flow, actor=ALICE))
    with pytest.raises(ConflictError, match="ended"):
        await connector.perform_on_flow(SuspendFlow(flow=flow, actor=ALICE))


async def test_a_cancel_with_a_reason_is_a_batch_where_reasons_are_kept(house: House) -> None:
    """It is accepted, and not done yet. Elsewhere the engine gets no reason."""
    connector = house.open(cancel_reasons=True)
    task = await house.task()
    outcome = await connector.perform(CancelFlowOfTask(task=task, actor=ALICE, reason="no longer needed"))
    at_once = await house.open().perform(CancelFlowOfTask(task=await house.task(), actor=BOB, reason="why"))

    assert (MutationStatus.PENDING, MutationStatus.APPLIED) == (outcome.status, at_once.status)
    assert "no longer needed" == house.stand_in.store.instances[task.flow_id or ""].reason


async def test_a_start_takes_version_key_and_options(house: House, connector: Camunda7Connector) -> None:
    """An unknown version or process is a fault of its argument."""
    started = await connector.perform_on_flow(
        StartFlow(definition_key="invoice", version="3", options={"businessKey": "INV-1"}, data={"amount": 3})
    )
    with pytest.raises(ValidationFailedError) as version:
        await connector.perform_on_flow(StartFlow(definition_key="invoice", version="9"))
    with pytest.raises(ValidationFailedError) as key:
        await connector.perform_on_flow(StartFlow(definition_key="nothing"))

    assert "INV-1" == (await read_flow(connector, started.flow.native_id)).business_key
    assert [("version",), ("definitionKey",)] == [version.value.field, key.value.field]


async def test_a_lost_answer_leaves_a_release_open(house: House, connector: Camunda7Connector) -> None:
    """It may have been applied."""
    task = await house.task(owner="alice")
    with house.transport.failing(httpx2.ReadTimeout), pytest.raises(ConnectorError) as caught:
        await connector.perform(Release(task=task, actor=ALICE))

    assert caught.value.maybe_applied


async def test_a_suspended_task_offers_what_the_engine_accepts(house: House, connector: Camunda7Connector) -> None:
    """A draft, a comment, and the end of its flow."""
    suspended = next(task for task in house.stand_in.store.tasks.values() if task.is_open and task.is_suspended)
    task = await read(connector, suspended.id)
    open_to = {action for action in TaskAction if connector.refusal_of(task, action, ALICE) is None}
    await connector.perform(SaveDraft(task=task, actor=ALICE, data={"note": "x"}))

    assert {"SAVE_DRAFT", "COMMENT", "CANCEL_FLOW", "RESUME_FLOW"} == open_to

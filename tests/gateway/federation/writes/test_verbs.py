"""The further verbs of a task: who may, what is sent, what is known afterwards."""

from datetime import UTC, datetime

import pytest

from connectors.sdk.commands import CancelStrategy, MutationStatus, TaskAction, UpdateField
from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import FlowRef, FlowState, NativeRef, Tag, TaskPriority, TaskRef, TaskState, UserRef
from gateway.federation.service import FederatedSources
from schema.ports import Intent, PersonId, SourceRef, Target, WriteRequest, WriteResult, intents
from tests.gateway.federation.memory_source import FORM, federation, person, task
from tests.gateway.federation.rich_source import RichConnector, flow

ALICE, BOB = person("alice", "north"), person("bob", "north")
CAROL = person("carol", "north", admin=True, groups=())
PEOPLE = [ALICE, BOB, CAROL]
REF, FLOW = TaskRef("north", "1"), FlowRef("north", "f1")
DUE = datetime(2027, 1, 2, tzinfo=UTC)


def codes(result: WriteResult) -> list[str]:
    return [problem.code for problem in result.problems]


async def perform(
    sources: FederatedSources, intent: Intent, caller: object = CAROL, target: Target = REF, key: str | None = None
) -> WriteResult:
    request = WriteRequest(target=target, intent=intent, idempotency_key=key)
    return await sources.perform(caller, request)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("members", "intent", "caller", "written"),
    [
        ({"owner": "alice"}, intents.StartIntent(), ALICE, "start"),
        ({"owner": "alice"}, intents.StartIntent(), BOB, "FORBIDDEN"),
        ({}, intents.StartIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice", "state": TaskState.IN_PROGRESS}, intents.StartIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, intents.SuspendIntent(), ALICE, "suspend"),
        ({"owner": "alice", "state": TaskState.SUSPENDED}, intents.ResumeIntent(), ALICE, "resume"),
        ({"owner": "alice", "state": TaskState.SUSPENDED}, intents.CompleteIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, intents.ResumeIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, intents.UpdateIntent(due_at=DUE), ALICE, "FORBIDDEN"),
        ({"owner": "alice"}, intents.UpdateIntent(due_at=DUE), CAROL, "update"),
        ({"state": TaskState.CREATED}, intents.UpdateIntent(priority=TaskPriority.HIGH), CAROL, "update"),
        ({"state": TaskState.COMPLETED}, intents.UpdateIntent(due_at=DUE), CAROL, "INVALID_STATE"),
        ({}, intents.UpdateIntent(description="more"), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({}, intents.TagIntent(tags=(Tag(name="urgent"),)), CAROL, "tag"),
        ({"owner": "alice"}, intents.SaveDraftIntent(data={}), ALICE, "save_draft"),
        ({}, intents.SaveDraftIntent(data={}), ALICE, "INVALID_STATE"),
        ({"owner": "bob"}, intents.CommentIntent(text="Well"), ALICE, "comment"),
        ({"owner": "alice", "state": TaskState.COMPLETED}, intents.CommentIntent(text="Well"), ALICE, "comment"),
        ({"state": TaskState.COMPLETED}, intents.CommentIntent(text="Well"), ALICE, "FORBIDDEN"),
        ({"state": TaskState.FAILED}, intents.RetryIntent(), CAROL, "retry"),
        ({"state": TaskState.FAILED}, intents.RetryIntent(), ALICE, "FORBIDDEN"),
        ({"owner": "alice"}, intents.RetryIntent(), CAROL, "INVALID_STATE"),
        ({}, intents.CancelIntent(), CAROL, "cancel"),
        ({}, intents.CancelIntent(allow=(CancelStrategy.SKIP,)), CAROL, "skip"),
        ({"owner": "bob"}, intents.UnassignIntent(), CAROL, "unassign"),
        ({"owner": "alice"}, intents.AssignIntent(user=PersonId(key="bob")), ALICE, "assign"),
        ({"owner": "bob"}, intents.AssignIntent(user=PersonId(key="alice")), ALICE, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, intents.AssignIntent(user=PersonId(key="alice")), CAROL, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, intents.AssignIntent(user=PersonId(key="alice"), override=True), CAROL, "assign"),
        ({}, intents.AssignIntent(user=PersonId(key="bob")), ALICE, "FORBIDDEN"),
        ({}, intents.AssignIntent(user=PersonId(key="nobody")), CAROL, "IDENTITY_NOT_LINKED"),
    ],
)
async def test_who_may_do_what_in_which_state(
    members: dict[str, object], intent: Intent, caller: object, written: str
) -> None:
    """One write, or the first failing condition and none."""
    north = RichConnector("north", [task("north", "1", **members)])

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert [written] == [*north.writes, *codes(result)]


async def test_an_update_changes_what_is_given_and_clears_what_is_named() -> None:
    """People become native users; what is absent stays."""
    north = RichConnector("north", [task("north", "1", due_at=DUE, title="Old")])
    sources = federation(north, people=PEOPLE)

    result = await perform(
        sources,
        intents.UpdateIntent(
            priority=TaskPriority.CRITICAL,
            candidate_users=(PersonId(key="bob"), PersonId(ref=NativeRef("north", "zoe"))),
            candidate_groups=(),
            clear=frozenset({UpdateField.DUE_AT}),
        ),
    )

    assert result.task is not None
    assert (MutationStatus.APPLIED, "Old", None, TaskPriority.CRITICAL) == (
        result.status,
        result.task.title,
        result.task.due_at,
        result.task.priority,
    )
    assert ((UserRef(native_id="bob"), UserRef(native_id="zoe")), ()) == (
        result.task.candidate_users,
        result.task.candidate_groups,
    )


async def test_a_user_of_another_source_is_no_candidate() -> None:
    """Nothing is sent."""
    north = RichConnector("north", [task("north", "1")])
    stranger = PersonId(ref=NativeRef("south", "zoe"))

    result = await perform(federation(north, people=PEOPLE), intents.UpdateIntent(candidate_users=(stranger,)))

    assert (["VALIDATION_FAILED"], ("candidateUserIds",), []) == (
        codes(result),
        result.problems[0].field,
        north.writes,
    )


@pytest.mark.parametrize(("shown", "status"), [(True, MutationStatus.APPLIED), (False, MutationStatus.UNKNOWN)])
async def test_a_lost_answer_of_an_update_is_looked_up_by_what_it_wanted(shown: bool, status: MutationStatus) -> None:
    """The record shows it, or nobody knows; it is never sent again."""
    north = RichConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = shown
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, intents.UpdateIntent(due_at=DUE), key="k")
    again = await perform(sources, intents.UpdateIntent(due_at=DUE), key="k")

    assert [status, status] == [first.status, again.status]
    assert shown == (["update"] == north.writes)


async def test_a_lost_comment_stays_unknown() -> None:
    """No record of a task shows it."""
    north = RichConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)

    result = await perform(federation(north, people=PEOPLE), intents.CommentIntent(text="Well"), ALICE)

    assert MutationStatus.UNKNOWN is result.status


async def test_a_comment_carries_the_name_of_its_author() -> None:
    """The vendor would show the technical account."""
    north = RichConnector("north", [task("north", "1", owner="alice")])

    await perform(federation(north, people=PEOPLE), intents.CommentIntent(text="Well"), ALICE)

    assert ["Alice: Well"] == north.comments


async def test_a_draft_may_lack_what_is_required_but_not_have_a_wrong_type() -> None:
    """Checked against the form before anything is sent."""
    north = RichConnector("north", [task("north", "1", owner="alice")])
    north.form = FORM
    sources = federation(north, people=PEOPLE)

    kept = await perform(sources, intents.SaveDraftIntent(data={"amount": 5}), ALICE)
    wrong = await perform(sources, intents.SaveDraftIntent(data={"amount": "much"}), ALICE)

    assert (MutationStatus.APPLIED, ["VALIDATION_FAILED"]) == (kept.status, codes(wrong))


@pytest.mark.parametrize(
    ("intent", "state", "after"),
    [
        (intents.CancelFlowIntent(), FlowState.ACTIVE, FlowState.CANCELED),
        (intents.CancelFlowIntent(), FlowState.SUSPENDED, FlowState.CANCELED),
        (intents.SuspendFlowIntent(), FlowState.ACTIVE, FlowState.SUSPENDED),
        (intents.ResumeFlowIntent(), FlowState.SUSPENDED, FlowState.ACTIVE),
        (intents.CancelFlowIntent(), FlowState.UNKNOWN, FlowState.CANCELED),
    ],
)
async def test_a_flow_is_written_to_once_and_shown_at_once_although_reads_lag(
    intent: Intent, state: FlowState, after: FlowState
) -> None:
    """By task admins."""
    north = RichConnector("north", flows=[flow("north", "f1", state=state)])
    sources = federation(north, people=PEOPLE)
    north.lag_flows()

    result = await perform(sources, intent, target=FLOW)
    read = (await sources.get_flows(CAROL, [FLOW]))[FLOW]

    assert (MutationStatus.APPLIED, after, after) == (
        result.status,
        result.flow.state if result.flow else None,
        getattr(read, "state", None),
    )
    assert 1 == len(north.writes)


@pytest.mark.parametrize(
    ("intent", "target", "caller", "code"),
    [
        (intents.CancelFlowIntent(), FLOW, ALICE, "FORBIDDEN"),
        (intents.CancelFlowIntent(), FlowRef("north", "f9"), CAROL, "NOT_FOUND"),
        (intents.CancelFlowIntent(), FlowRef("west", "f1"), CAROL, "NOT_FOUND"),
        (intents.ResumeFlowIntent(), FLOW, CAROL, "INVALID_STATE"),
        (intents.StartFlowIntent(definition_key="invoice"), SourceRef("north"), ALICE, "FORBIDDEN"),
        (intents.StartFlowIntent(definition_key=""), SourceRef("north"), CAROL, "VALIDATION_FAILED"),
        (intents.CreateTaskIntent(title="Call"), SourceRef("north"), ALICE, "FORBIDDEN"),
        (intents.CreateTaskIntent(title="Call", flow=FlowRef("north", "f9")), SourceRef("north"), CAROL, "NOT_FOUND"),
    ],
)
async def test_what_may_not_be_done_to_a_flow_is_not_sent(
    intent: Intent, target: Target, caller: object, code: str
) -> None:
    """The first failing condition."""
    north = RichConnector("north", flows=[flow("north", "f1")])

    result = await perform(federation(north, people=PEOPLE), intent, caller, target)

    assert ([code], []) == (codes(result), north.writes)


async def test_a_started_flow_and_a_created_task_are_there_at_once() -> None:
    """Each by one write."""
    north = RichConnector("north")
    sources = federation(north, people=PEOPLE)

    begun = await perform(sources, intents.StartFlowIntent(definition_key="invoice"), target=SourceRef("north"))
    made = await perform(sources, intents.CreateTaskIntent(title="Call back"), target=SourceRef("north"))

    assert (["start_flow", "create"], "invoice", "Call back") == (
        north.writes,
        begun.flow.name if begun.flow else None,
        made.task.title if made.task else None,
    )


async def test_a_lost_answer_of_a_start_stays_unknown_and_is_never_sent_again() -> None:
    """Nothing shows afterwards whose flow it was."""
    north = RichConnector("north")
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True
    sources = federation(north, people=PEOPLE)
    intent = intents.StartFlowIntent(definition_key="invoice")

    first = await perform(sources, intent, target=SourceRef("north"), key="k")
    again = await perform(sources, intent, target=SourceRef("north"), key="k")

    assert ([MutationStatus.UNKNOWN] * 2, ["start_flow"]) == ([first.status, again.status], north.writes)


async def test_a_lost_answer_of_a_flows_end_is_read_back() -> None:
    """The flow shows it: APPLIED, still one send."""
    north = RichConnector("north", flows=[flow("north", "f1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True

    result = await perform(federation(north, people=PEOPLE), intents.CancelFlowIntent(), target=FLOW)

    assert (MutationStatus.APPLIED, ["cancel_flow"]) == (result.status, north.writes)


@pytest.mark.parametrize(
    ("members", "caller", "allowed"),
    [
        ({}, ALICE, {"CLAIM", "COMMENT"}),
        ({"owner": "bob"}, ALICE, {"COMMENT"}),
        (
            {"owner": "alice"},
            ALICE,
            {"RELEASE", "ASSIGN", "START", "SUSPEND", "SAVE_DRAFT", "COMPLETE", "COMMENT"},
        ),
        ({"owner": "alice", "state": TaskState.SUSPENDED}, ALICE, {"RESUME", "RELEASE"}),
        ({"owner": "alice", "state": TaskState.COMPLETED}, ALICE, {"COMMENT"}),
        ({"state": TaskState.UNKNOWN}, CAROL, set()),
        ({"state": TaskState.FAILED}, CAROL, {"RETRY", "COMMENT"}),
    ],
)
async def test_verdicts_say_beforehand_what_a_write_would_be_told(
    members: dict[str, object], caller: object, allowed: set[str]
) -> None:
    """Each refusal has its reason; no call is made for it."""
    one = task("north", "1", **members)
    north = RichConnector("north", [one])
    sources = federation(north, people=PEOPLE)

    found = sources.verdicts(caller, one)  # type: ignore[arg-type]

    assert allowed == {verdict.action.value for verdict in found if verdict.allowed}
    assert all(verdict.reason for verdict in found if not verdict.allowed)
    assert 0 == north.lists + north.gets


async def test_an_action_that_a_source_has_not_is_unsupported_for_its_tasks() -> None:
    """As is one that is not about tasks."""
    one = task("north", "1")
    sources = federation(RichConnector("north", [one]), people=PEOPLE)

    found = sources.verdicts(CAROL, one, (TaskAction.START_FLOW,))

    assert [(False, "UNSUPPORTED")] == [(verdict.allowed, verdict.support.value) for verdict in found]


async def test_capabilities_name_every_action_once() -> None:
    """With how, who may, and what is special."""
    (info,) = federation(RichConnector("north"), people=PEOPLE).sources()
    by_action = {one.action: one for one in info.capabilities}

    assert list(TaskAction) == list(by_action)
    assert ("EMULATED", "task_admin", "in memory") == (
        by_action[TaskAction.UPDATE_DUE].support.value,
        by_action[TaskAction.UPDATE_DUE].requires_role,
        by_action[TaskAction.UPDATE_DUE].note,
    )
    assert ("NATIVE", None) == (
        by_action[TaskAction.CLAIM].support.value,
        by_action[TaskAction.CLAIM].requires_role,
    )

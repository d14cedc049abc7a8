"""Who may do what, in which state, to whose task."""

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import CancelStrategy
from connectors.sdk.model import Tag, TaskPriority, TaskState
from schema.ports import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Intent,
    PersonId,
    ReleaseIntent,
    ResumeIntent,
    RetryIntent,
    SaveDraftIntent,
    StartIntent,
    SuspendIntent,
    TagIntent,
    UnassignIntent,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, DUE, PEOPLE, codes, perform


@pytest.mark.parametrize(
    ("members", "intent", "caller", "code"),
    [
        ({"state": TaskState.COMPLETED}, ClaimIntent(), ALICE, "INVALID_STATE"),
        ({"candidate_groups": ()}, ClaimIntent(), CAROL, None),
        ({"owner": "bob"}, ReleaseIntent(), ALICE, "FORBIDDEN"),
        ({}, ReleaseIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "bob"}, CompleteIntent(), ALICE, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, CompleteIntent(), CAROL, None),
        ({}, CompleteIntent(), ALICE, "INVALID_STATE"),
        ({}, CompleteIntent(claim_if_needed=True), ALICE, None),
        ({"owner": "alice"}, CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,)), ALICE, "FORBIDDEN"),
        ({}, CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,)), CAROL, None),
        ({}, CancelIntent(), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({}, AssignIntent(user=PersonId(key="bob")), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({"owner": "bob"}, UnassignIntent(), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({"candidate_groups": (), "owner": "bob"}, ClaimIntent(), ALICE, "NOT_FOUND"),
        ({"state": TaskState.UNKNOWN, "owner": "alice"}, CompleteIntent(), ALICE, "INVALID_STATE"),
    ],
)
async def test_who_may_do_what_in_which_state(
    members: dict[str, object], intent: Intent, caller: Caller, code: str | None
) -> None:
    """The answer is the first condition that fails, and nothing is written."""
    north = MemoryConnector("north", [task("north", "1", **members)])

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert ([] if code is None else [code]) == codes(result)
    assert (code is None) == bool(north.writes)


@pytest.mark.parametrize(
    ("members", "intent", "caller", "written"),
    [
        ({"owner": "alice"}, StartIntent(), ALICE, "start"),
        ({"owner": "alice"}, StartIntent(), BOB, "FORBIDDEN"),
        ({}, StartIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice", "state": TaskState.IN_PROGRESS}, StartIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, SuspendIntent(), ALICE, "suspend"),
        ({"owner": "alice", "state": TaskState.SUSPENDED}, ResumeIntent(), ALICE, "resume"),
        ({"owner": "alice", "state": TaskState.SUSPENDED}, CompleteIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, ResumeIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "alice"}, UpdateIntent(due_at=DUE), ALICE, "FORBIDDEN"),
        ({"owner": "alice"}, UpdateIntent(due_at=DUE), CAROL, "update"),
        ({"state": TaskState.CREATED}, UpdateIntent(priority=TaskPriority.HIGH), CAROL, "update"),
        ({"state": TaskState.COMPLETED}, UpdateIntent(due_at=DUE), CAROL, "INVALID_STATE"),
        ({}, UpdateIntent(description="more"), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({}, TagIntent(tags=(Tag(name="urgent"),)), CAROL, "tag"),
        ({"owner": "alice"}, SaveDraftIntent(data={}), ALICE, "save_draft"),
        ({}, SaveDraftIntent(data={}), ALICE, "INVALID_STATE"),
        ({"owner": "bob"}, CommentIntent(text="Well"), ALICE, "comment"),
        ({"owner": "alice", "state": TaskState.COMPLETED}, CommentIntent(text="Well"), ALICE, "comment"),
        ({"state": TaskState.COMPLETED}, CommentIntent(text="Well"), ALICE, "FORBIDDEN"),
        ({"state": TaskState.FAILED}, RetryIntent(), CAROL, "retry"),
        ({"state": TaskState.FAILED}, RetryIntent(), ALICE, "FORBIDDEN"),
        ({"owner": "alice"}, RetryIntent(), CAROL, "INVALID_STATE"),
        ({}, CancelIntent(), CAROL, "cancel"),
        ({}, CancelIntent(allow=(CancelStrategy.SKIP,)), CAROL, "skip"),
        ({"owner": "bob"}, UnassignIntent(), CAROL, "unassign"),
        ({"owner": "alice"}, AssignIntent(user=PersonId(key="bob")), ALICE, "assign"),
        ({"owner": "bob"}, AssignIntent(user=PersonId(key="alice")), ALICE, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, AssignIntent(user=PersonId(key="alice")), CAROL, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, AssignIntent(user=PersonId(key="alice"), override=True), CAROL, "assign"),
        ({}, AssignIntent(user=PersonId(key="bob")), ALICE, "FORBIDDEN"),
        ({}, AssignIntent(user=PersonId(key="nobody")), CAROL, "IDENTITY_NOT_LINKED"),
    ],
)
async def test_what_other_verbs_require(
    members: dict[str, object], intent: Intent, caller: Caller, written: str
) -> None:
    """One write; or the first condition that fails, and no write."""
    north = RichConnector("north", [task("north", "1", **members)])

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert [written] == [*north.writes, *codes(result)]

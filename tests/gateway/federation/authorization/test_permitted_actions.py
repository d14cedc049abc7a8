"""What the gateway says about an action before a write."""

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import TaskAction
from connectors.sdk.model import TaskState
from tests.gateway.federation.memory_source import federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, CAROL, PEOPLE


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
async def test_a_verdict_is_what_a_write_would_answer(
    members: dict[str, object], caller: Caller, allowed: set[str]
) -> None:
    """Each refusal has its reason. No call is made."""
    one = task("north", "1", **members)
    north = RichConnector("north", [one])
    sources = federation(north, people=PEOPLE)

    found = sources.verdicts(caller, one)

    assert allowed == {verdict.action.value for verdict in found if verdict.allowed}
    assert all(verdict.reason for verdict in found if not verdict.allowed)
    assert 0 == north.lists + north.gets


async def test_an_action_that_the_source_does_not_have_is_unsupported() -> None:
    """So is an action that is not about tasks."""
    one = task("north", "1")
    sources = federation(RichConnector("north", [one]), people=PEOPLE)

    found = sources.verdicts(CAROL, one, (TaskAction.START_FLOW,))

    assert [(False, "UNSUPPORTED")] == [(verdict.allowed, verdict.support.value) for verdict in found]


async def test_capabilities_name_every_action_once() -> None:
    """With its support, the required role, and remarks."""
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

"""Writes to LittleHorse whose answer was lost, over its stand-in: what its comments and events prove."""

from typing import Any

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import NativeRef, Task
from sandbox.littlehorse.directory import user_called
from schema.ports import AssignIntent, CancelIntent, CommentIntent, CompleteIntent, InboxScope, PersonId
from tests.gateway.bridge import KEY, Bridge, opened, ref_of

OWNED = {"status": "ASSIGNED", "user": "alice@example.com", "definition": "approve-invoice"}
COMPLETION = CompleteIntent(data={"approved": True, "costCenter": 4100})


def comments_of(bridge: Bridge, key: tuple[str, str]) -> list[str]:
    events = bridge.stand_in.bridge.kernel.current(key).events
    return [each.body["comment"] for each in events if each.type == "COMMENT_ADDED"]


@pytest.mark.parametrize(("acts_as", "has_account"), [("service", True), ("viewer", True), ("viewer", False)])
async def test_a_comment_whose_answer_was_lost_is_found(acts_as: str, *, has_account: bool) -> None:
    """By its text and its author, whom the bridge names by the identity provider's id. It is sent once."""
    async with opened(acts_as, has_account=has_account) as bridge:
        run = bridge.one(**OWNED)
        bridge.transport.lost = "/comment"
        result = await bridge.write("alice", ref_of(run), CommentIntent(text="I have called them."))

        assert (MutationStatus.APPLIED, ["comment"]) == (result.status, bridge.transport.writes)
        assert 1 == len(comments_of(bridge, run.key))


async def test_a_comment_that_another_person_wrote_meanwhile_proves_nothing() -> None:
    """With the same text."""
    async with opened("viewer") as bridge:
        run = bridge.one(**OWNED)
        kernel, other = bridge.stand_in.bridge.kernel, f"{user_called('bob').id}::bob"
        comment = {"comment": "Done.", "userId": other, "commentId": 1}
        bridge.transport.lost = "/comment"
        bridge.transport.meanwhile = lambda: kernel.commit(run, "COMMENT_ADDED", comment)
        result = await bridge.write("alice", ref_of(run), CommentIntent(text="Done."))

        assert MutationStatus.UNKNOWN is result.status


@pytest.mark.parametrize(
    ("acts_as", "settings"), [("service", {}), ("service", {"exclusive_account": True}), ("viewer", {})]
)
async def test_a_completion_whose_answer_was_lost_is_found(acts_as: str, settings: dict[str, Any]) -> None:
    """By the values, and by the event, which names the account or the person."""
    async with opened(acts_as, **settings) as bridge:
        bridge.stand_in.set_up()
        run = bridge.one(**OWNED)
        bridge.transport.lost = "/result"
        result = await bridge.write("alice", ref_of(run), COMPLETION)

        assert (MutationStatus.APPLIED, ["result"]) == (result.status, bridge.transport.writes)


async def test_a_completion_that_another_program_made_meanwhile_is_refused() -> None:
    """With the same values. The kernel names the one who completed the task as its owner, and takes no second completion."""
    async with opened() as bridge:
        bridge.stand_in.set_up()
        run = bridge.one(**OWNED)
        kernel = bridge.stand_in.bridge.kernel
        values = {"approved": ("BOOLEAN", True), "costCenter": ("INTEGER", 4100)}
        bridge.transport.lost = "/result"
        bridge.transport.meanwhile = lambda: kernel.complete(run.key, "bob@example.com", values)
        result = await bridge.write("alice", ref_of(run), COMPLETION)

        assert (MutationStatus.REJECTED, "bob@example.com") == (result.status, kernel.current(run.key).user)


async def test_what_the_account_completed_for_a_task_admin_was_not_refused() -> None:
    """With the person's tokens, too: the account does what these cannot. Its name in the event is no other person."""
    async with opened("viewer") as bridge:
        bridge.stand_in.set_up()
        run = bridge.one(**OWNED)
        bridge.transport.lost = "/result"
        result = await bridge.write("carol", ref_of(run), COMPLETION)

        assert "DONE" == bridge.stand_in.bridge.kernel.current(run.key).status
        assert MutationStatus.APPLIED is result.status


async def test_a_task_with_saved_progress_is_cancelled_from_the_inbox() -> None:
    """The bridge shows the account no record of it; the list has shown it."""
    async with opened() as bridge:
        bridge.stand_in.set_up()
        run = bridge.one(**OWNED)
        bridge.stand_in.bridge.kernel.save_progress(run.key, "alice@example.com", {})
        page = await bridge.inbox("carol", InboxScope.ALL_VISIBLE)
        shown = await bridge.task("carol", ref_of(run))
        completed = await bridge.write("alice", ref_of(run), COMPLETION)
        assigned = await bridge.write(
            "carol",
            ref_of(run),
            AssignIntent(user=PersonId(ref=NativeRef(KEY, "bob@example.com")), override=True),
        )
        cancelled = await bridge.write("carol", ref_of(run), CancelIntent())

        assert ref_of(run) in {edge.task.ref for edge in page.edges}
        assert isinstance(shown, Task)
        assert (MutationStatus.REJECTED, "CAPABILITY_NOT_SUPPORTED") == (completed.status, completed.problems[0].code)
        assert [MutationStatus.APPLIED] * 2 == [assigned.status, cancelled.status]
        assert "CANCELLED" == bridge.stand_in.bridge.kernel.current(run.key).status

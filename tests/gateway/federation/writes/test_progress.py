"""What a write of two steps has done, in words."""

import pytest

from connectors.sdk.commands import TaskAction
from gateway.federation.writes.progress import Progress, end_of, is_end, settled


def test_without_a_step_that_was_done_there_is_nothing_to_tell() -> None:
    """Nor before the first."""
    progress = Progress("Complete")

    assert (None, None) == (progress.not_ended, progress.perhaps_ended)


def test_every_step_that_was_done_is_told() -> None:
    """With what became of it."""
    progress = Progress("Complete")
    progress.add("Claim")
    progress.add("Assign")
    progress.take_back("Assign")

    assert "claimed, assigned to the gateway's account and given back; not completed" == progress.not_ended


@pytest.mark.parametrize(
    ("effect", "applied", "rejected"),
    [
        ("claimed; not known whether completed", None, "claimed; not completed"),
        ("ended the flow", "ended the flow", "ended the flow"),
        (None, None, None),
    ],
)
def test_an_effect_is_settled_with_its_write(effect: str | None, applied: str | None, rejected: str | None) -> None:
    """Once it is known whether the last step was applied."""
    assert (applied, rejected) == (settled(effect, is_applied=True), settled(effect, is_applied=False))


def test_of_a_change_in_two_steps_the_first_is_a_part() -> None:
    """It may be the title: only an assignment to a group begins with its groups."""
    effects = []
    for action in (TaskAction.UPDATE_CANDIDATES, TaskAction.ASSIGN):
        progress = Progress(end_of(action))
        progress.add("Update")
        effects.append(progress.not_ended)

    assert ["a part changed; not done", "candidate groups replaced; not taken from its owner"] == effects


def test_an_earlier_step_alone_is_not_what_was_asked_for() -> None:
    """Nor is a step of an unknown write judged."""
    assert [False, False, True] == [is_end(TaskAction.COMPLETE, step) for step in ("Claim", "Assign", "Complete")]
    assert [False, True, True] == [is_end(TaskAction.ASSIGN, step) for step in ("Update", "Unassign", "Assign")]
    assert is_end(None, "Claim")
    assert ("Unassign", "Complete") == (end_of(TaskAction.ASSIGN), end_of(TaskAction.COMPLETE))

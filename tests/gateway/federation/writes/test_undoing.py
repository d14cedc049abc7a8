"""What is told of a write whose first step the background has looked at."""

from datetime import UTC, datetime

import pytest

from connectors.sdk.commands import Assign, IfLate, MutationStatus, TaskAction, TaskCommand, Update
from gateway.federation.writes.undoing import Undone, _rejection
from gateway.store import KeptCommand, Step, Undo
from schema.ports import Operation
from tests.gateway.federation.memory_source import task

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
TASK = task("north", "1", owner="alice")
TAKE_OVER = Assign(task=TASK, user_id="account", override=True)
CHANGE = Update(task=TASK, candidate_groups=("sales",))
APPLIED, UNKNOWN, REJECTED = MutationStatus.APPLIED, MutationStatus.UNKNOWN, MutationStatus.REJECTED


def told(first: TaskCommand, end: str, undone: Undone, *steps: tuple[str, MutationStatus | None]) -> str | None:
    """The effect, by the steps of the journal."""
    kept = KeptCommand.of(first)
    undo = Undo(
        operation_id="o",
        person="alice",
        fingerprint="f",
        target=TASK.ref,
        step=kept,
        undo=kept,
        owners=("account",),
        end=end,
        late=IfLate.REFUSED,
        noted_at=NOW,
    )
    recorded = [
        Step(
            operation_id="o",
            number=number,
            command=command,
            evidence=None,
            sent_at=NOW,
            settled_at=None,
            status=status,
        )
        for number, (command, status) in enumerate(steps, start=1)
    ]
    operation = Operation(
        operation_id="o", action=TaskAction.COMPLETE, person="alice", status=UNKNOWN, attempts=1, requested_at=NOW
    )
    return _rejection(undo, undone, operation, recorded).effect


@pytest.mark.parametrize(
    ("undone", "status", "effect"),
    [
        (Undone.DONE, UNKNOWN, "assigned to the gateway's account and given back; not completed"),
        (Undone.OTHERS, APPLIED, "assigned to the gateway's account; not completed"),
        (Undone.OTHERS, None, "not known whether assigned to the gateway's account; not completed"),
        (Undone.CLOSED, UNKNOWN, "not known whether assigned to the gateway's account; not completed"),
        (Undone.FAILED, APPLIED, "assigned to the gateway's account, will be given back; not completed"),
        (Undone.OTHERS, REJECTED, None),
    ],
)
def test_a_step_is_told_as_far_as_it_is_known(
    undone: Undone, status: MutationStatus | None, effect: str | None
) -> None:
    assert effect == told(TAKE_OVER, "Complete", undone, ("Assign", status))


def test_a_claim_before_it_is_told_too() -> None:
    """It stays."""
    steps = (("Claim", APPLIED), ("Assign", APPLIED), ("Complete", REJECTED))

    assert (
        "claimed, assigned to the gateway's account and given back; not completed"
        == told(TAKE_OVER, "Complete", Undone.DONE, *steps)
    )  # fmt: skip


def test_of_two_steps_of_one_name_the_first_is_told() -> None:
    """The second did not happen."""
    steps = (("Update", APPLIED), ("Update", REJECTED))

    assert "a part changed; not done" == told(CHANGE, "Update", Undone.OTHERS, *steps)

"""What is told of a write that had no more time."""

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import AlreadyAssignedError, ConflictError, NotFoundError, RejectedError
from gateway.federation.sources import Source
from gateway.federation.writes.attempt import Attempt
from gateway.shared.memory import memory_state
from schema.ports import ClaimIntent, Problem, WriteRequest
from tests.gateway.federation.memory_source import MemoryConnector
from tests.gateway.federation.write_requests import ALICE, REF, codes


@pytest.mark.parametrize(
    ("was_sent", "writes", "waited", "status", "code"),
    [
        (False, 0, False, MutationStatus.REJECTED, "UPSTREAM_UNAVAILABLE"),
        (True, 1, False, MutationStatus.UNKNOWN, "UPSTREAM_TIMEOUT"),
        # It waited for a limit of its source until the end.
        (True, 0, True, MutationStatus.REJECTED, "UPSTREAM_UNAVAILABLE"),
        # A second request of it did; the first had left.
        (True, 1, True, MutationStatus.UNKNOWN, "UPSTREAM_TIMEOUT"),
    ],
)
def test_only_what_may_have_left_is_unknown(
    *, was_sent: bool, writes: int, waited: bool, status: MutationStatus, code: str
) -> None:
    source = Source(MemoryConnector("north"), rate_limits=memory_state().rate_limits)
    attempt = Attempt(ALICE, WriteRequest(target=REF, intent=ClaimIntent()), source, "op")
    attempt.was_sent, attempt.cost.writes, attempt.cost.was_write_cut_off_waiting = was_sent, writes, waited

    result = attempt.cut_off()

    assert (status, code) == (result.status, codes(result)[0])


@pytest.mark.parametrize("refusal", [ConflictError, AlreadyAssignedError, NotFoundError])
def test_what_may_have_been_applied_has_no_code_of_a_refusal(refusal: type[RejectedError]) -> None:
    """The vendor accepted it and then showed something else."""
    source = Source(MemoryConnector("north"), rate_limits=memory_state().rate_limits)
    attempt = Attempt(ALICE, WriteRequest(target=REF, intent=ClaimIntent()), source, "op")

    result = attempt.unknown(Problem.from_error(refusal("shows another owner", maybe_applied=True)))

    assert ["UPSTREAM_ERROR", "UPSTREAM_ERROR"] == codes(result)
    assert "shows another owner" == result.problems[0].message

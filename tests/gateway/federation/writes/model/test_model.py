"""No write lies, in thousands of histories of faults; and the model finds the lies of pipelines with a fault planted."""

import logging
import os
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from tests.gateway.federation.writes.model.checker import Tally
from tests.gateway.federation.writes.model.explorer import explore, shown, shrunk
from tests.gateway.federation.writes.model.kinds import KINDS
from tests.gateway.federation.writes.model.mutants import (
    Mutant,
    journal_after_send,
    late_refusal_believed,
    retried_after_reset,
    wanted_state_as_proof,
)

pytestmark = pytest.mark.slow

SEED = 19
# Histories of each kind of vendor.
COUNT = {"few": 100, "long": 20_000}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 2_500)
# Histories within which each planted fault must be found.
ENOUGH = 1_000


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A line for each write would take longer than the write."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_told_is_what_was_done(name: str) -> None:
    """Each effect at most once, none that was not asked for, nothing refused that was done, and an end for all."""
    kind, counted = KINDS[name], Tally()

    for lie in explore(kind, SEED, COUNT, counted=counted):
        small = shrunk(kind, SEED, lie)
        told = "it needs other histories of its batch" if small is None else f"{small[1][0]}\n      {shown(small[0])}"
        pytest.fail(f"{lie}\n{told}")

    assert COUNT == counted.histories
    # The histories are worth something: all ends are among them, and gateways that were killed.
    assert {"APPLIED", "REJECTED", "UNKNOWN for good"} == set(counted.statuses)
    assert min(counted.statuses.values()) > COUNT // 20
    assert counted.kills > COUNT // 50


@pytest.mark.parametrize(
    ("mutant", "name", "expected"),
    [
        (journal_after_send, "guarded", "REJECTED with effect"),
        (late_refusal_believed, "guarded", "REJECTED with effect"),
        (wanted_state_as_proof, "open", "APPLIED without effect"),
        (retried_after_reset, "open", "duplicate"),
    ],
)
def test_a_planted_fault_is_found(mutant: Mutant, name: str, expected: str) -> None:
    """Within a thousand histories."""
    found: Counter[str] = Counter()

    with mutant():
        for lie in explore(KINDS[name], SEED, ENOUGH):
            found[lie.what] += 1
            if lie.what == expected:
                break

    assert found[expected], found

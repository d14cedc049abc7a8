"""No write lies, in thousands of histories of faults; and the model finds the lies of pipelines with a fault planted."""

import itertools
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
    old_look_as_proof,
    outcome_as_proof,
    retried_after_reset,
    wanted_state_as_proof,
)
from tests.gateway.federation.writes.model.singles import FIRST, OF_VERB, SINGLES

pytestmark = pytest.mark.slow

SEED = 19
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
# Histories of each kind of vendor: drawn ones, with several writes, kills and a journal that fails; and those of one write,
# each verb with each fault in each of some circumstances. The eight kinds have more than 20,000 in all.
DRAWN = {"few": 60, "long": 20_000}.get(PROFILE, 300)
OF_ONE_WRITE = {"few": 40, "long": 10 * SINGLES}.get(PROFILE, SINGLES)
COUNT = DRAWN + OF_ONE_WRITE
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

    drawn = explore(kind, SEED, DRAWN, counted=counted)
    of_one_write = explore(kind, SEED, OF_ONE_WRITE, first=FIRST, counted=counted, batch=OF_VERB)
    for lie in itertools.chain(drawn, of_one_write):
        small = shrunk(kind, SEED, lie)
        told = "it needs other histories of its batch" if small is None else f"{small[1][0]}\n      {shown(small[0])}"
        pytest.fail(f"{lie}\n{told}")

    assert COUNT == counted.histories
    # The histories are worth something: all ends are among them, and gateways that were killed.
    assert {"APPLIED", "REJECTED", "UNKNOWN for good"} == set(counted.statuses)
    assert min(counted.statuses.values()) > COUNT // 20
    assert counted.kills > DRAWN // 50


@pytest.mark.parametrize(
    ("mutant", "name", "expected"),
    [
        (outcome_as_proof, "open", "APPLIED without effect"),
        (old_look_as_proof, "open", "APPLIED without effect"),
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
        of_one_write = explore(KINDS[name], SEED, 2 * OF_VERB, first=FIRST, batch=OF_VERB)
        for lie in itertools.chain(of_one_write, explore(KINDS[name], SEED, ENOUGH - 2 * OF_VERB)):
            found[lie.what] += 1
            if lie.what == expected:
                break

    assert found[expected], found

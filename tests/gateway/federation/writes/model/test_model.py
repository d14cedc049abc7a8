"""No write lies, in thousands of histories of faults; and the model finds the lies of pipelines with a fault planted."""

import itertools
import logging
import os
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from tests.gateway.federation.writes.model.checker import Lie, Tally
from tests.gateway.federation.writes.model.explorer import explore, shown, shrunk
from tests.gateway.federation.writes.model.kinds import ALL, KINDS, Kind
from tests.gateway.federation.writes.model.many import MANY
from tests.gateway.federation.writes.model.mutants import (
    Mutant,
    journal_after_send,
    lacking_line_as_refusal,
    late_refusal_believed,
    next_task_after_a_lost_claim,
    old_look_as_proof,
    outcome_as_proof,
    retried_after_reset,
    step_not_undone,
    wanted_state_as_proof,
)
from tests.gateway.federation.writes.model.singles import FIRST, OF_VERB, singles_of

pytestmark = pytest.mark.slow

SEED = 19
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
EFFORT = {"few": 0.15, "long": 20.0}.get(PROFILE, 1.0)
# Histories of each kind of vendor: drawn ones, with several writes, kills and a journal that fails; and those of one write,
# each verb with each fault in each of some circumstances. Then histories of several tasks, and those before two gateways
# over one journal. There are more than 20,000 in all.
DRAWN = round(350 * EFFORT)
OF_TAKE_OVER = round(120 * EFFORT)
OF_MANY = round(25 * EFFORT)
BEFORE_TWO = round(100 * EFFORT)
# Kinds whose histories also run before two gateways.
PAIRED = ("guarded", "emulated-claim", "take-over", "take-over-open")
# Histories within which each planted fault must be found.
ENOUGH = 1_000


def of_one_write(kind: Kind) -> int:
    """How many histories of one write."""
    return {"few": 40, "long": 10 * singles_of(kind)}.get(PROFILE, singles_of(kind))


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A line for each write would take longer than the write."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


def check(kind: Kind, lies: Iterator[Lie], *, size: int = 1) -> None:
    """Fails with the smallest history that shows the first of them."""
    for lie in lies:
        small = shrunk(kind, SEED, lie, size=size)
        told = "it needs other histories of its batch" if small is None else f"{small[1][0]}\n      {shown(small[0])}"
        pytest.fail(f"{lie}\n{told}")


@pytest.mark.parametrize("name", ALL)
def test_what_is_told_is_what_was_done(name: str) -> None:
    """Each effect at most once, none that was not asked for, nothing refused that was done, and an end for all."""
    kind, counted = ALL[name], Tally()
    drawn, ordered = OF_TAKE_OVER if kind.take_over else DRAWN, of_one_write(kind)

    check(kind, explore(kind, SEED, drawn, counted=counted))
    check(kind, explore(kind, SEED, ordered, first=FIRST, counted=counted, batch=OF_VERB))
    check(kind, explore(kind, SEED, OF_MANY, first=MANY, counted=counted))

    assert drawn + ordered + OF_MANY == counted.histories
    # The histories are worth something: all ends are among them, and gateways that were killed.
    assert {"APPLIED", "REJECTED", "UNKNOWN for good"} == set(counted.statuses)
    assert min(counted.statuses.values()) > counted.histories // 20
    assert counted.kills > drawn // 50


@pytest.mark.parametrize("name", PAIRED)
def test_it_is_so_before_two_gateways_over_one_journal(name: str) -> None:
    """They take the calls in turn; each may be killed while the other goes on."""
    kind, counted = ALL[name], Tally()

    check(kind, explore(kind, SEED, BEFORE_TWO, counted=counted, size=2), size=2)
    check(kind, explore(kind, SEED, OF_MANY, first=MANY, counted=counted, size=2), size=2)

    assert BEFORE_TWO + OF_MANY == counted.histories
    assert counted.kills > BEFORE_TWO // 50


def test_there_are_enough() -> None:
    """Of all classes of vendors together."""
    if PROFILE == "few":
        pytest.skip("a short run")

    alone = sum((OF_TAKE_OVER if kind.take_over else DRAWN) + of_one_write(kind) + OF_MANY for kind in ALL.values())

    assert alone + len(PAIRED) * (BEFORE_TWO + OF_MANY) >= 20_000


@pytest.mark.parametrize(
    ("mutant", "name", "expected"),
    [
        (outcome_as_proof, "emulated-claim", "APPLIED without effect"),
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
        of_one_write = explore(KINDS[name], SEED, 2 * OF_VERB, first=FIRST, batch=OF_VERB, cached=1)
        for lie in itertools.chain(of_one_write, explore(KINDS[name], SEED, ENOUGH - 2 * OF_VERB)):
            found[lie.what] += 1
            if lie.what == expected:
                break

    assert found[expected], found


@pytest.mark.parametrize(
    ("mutant", "name", "first", "expected"),
    [
        (lacking_line_as_refusal, "take-over", MANY, "REJECTED with effect"),
        (next_task_after_a_lost_claim, "open", MANY, "duplicate"),
        (step_not_undone, "take-over", 0, "a task stays with the account"),
    ],
)
def test_a_fault_of_several_steps_or_tasks_is_found(mutant: Mutant, name: str, first: int, expected: str) -> None:
    """Within a thousand histories, too."""
    with mutant():
        lies = (lie.what for lie in explore(ALL[name], SEED, ENOUGH, first=first))

        assert expected in lies

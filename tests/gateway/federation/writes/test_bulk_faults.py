"""Bulk claims of two people at once, with faults of all kinds in the requests that tasks travel in."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import MutationStatus, Outcome, TaskCommand
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    MalformedResponseError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from gateway.federation.writes import array as array_module
from gateway.federation.writes import lost_answer
from tests.gateway.federation.array_source import Answers, ArrayConnector
from tests.gateway.federation.memory_source import federation, task
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE
from tests.gateway.federation.writes.test_bulk import bulk, refs

TASKS = 15
MAY_HAVE_EFFECT = {MutationStatus.APPLIED, MutationStatus.UNKNOWN, MutationStatus.PENDING}


class FaultyConnector(ArrayConnector):
    """Counts the effects on each task. Requests fail before or after they are applied; lines are refused, unclear or missing."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__("north", [task("north", str(number)) for number in range(TASKS)])
        self.chance = chance
        self.effects: Counter[str] = Counter()

    def _write(self, verb: str, task: Any, **changes: Any) -> Outcome:
        self.effects[task.native_id] += 1
        return super()._write(verb, task, **changes)

    async def perform_array(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        await anyio.sleep(self.chance.random() * 0.01)
        lost = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
        before: list[ConnectorError | None] = [None] * 12
        error = self.chance.choice([*before, RateLimitedError("too many"), UnavailableError("is down"), lost])
        if error is not None:
            raise error
        taken = [command for command in commands if self.chance.random() < 0.9]
        answers: Answers = dict(await super().perform_array(taken)) if taken else {}
        answers |= {one.task.native_id: ConflictError("refused it") for one in commands if one not in taken}
        fate = self.chance.random()
        if fate < 0.2:
            raise lost if fate < 0.15 else TypeError("a bug")
        for native_id in [one for one in answers if fate < 0.6 and self.chance.random() < 0.3]:
            answers[native_id] = MalformedResponseError("refused another task", maybe_applied=True)
        return {one: answer for one, answer in answers.items() if fate < 0.8 or self.chance.random() < 0.7}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_no_task_has_two_effects_and_none_is_told_wrongly(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """With keys that come again, each time with other tasks: only an applied claim is APPLIED, and no effect is REJECTED."""
    monkeypatch.setattr(array_module, "PATIENCE", 0.05)
    monkeypatch.setattr(lost_answer, "PAUSES", (0.0, 0.01))
    chance = random.Random(seed)
    north = FaultyConnector(chance)
    sources = federation(north, people=PEOPLE)
    told: dict[str, set[tuple[str, MutationStatus]]] = defaultdict(set)

    async def claim(caller: Caller, ids: Sequence[int], key: str) -> None:
        found = await bulk(sources, refs(*ids), caller=caller, key=key)
        for ref, entry in found.entries.items():
            told[ref.native_id].add((caller.key, entry.result.status))

    for _ in range(3):
        async with anyio.create_task_group() as group:
            for caller in (ALICE, BOB, ALICE):
                ids = chance.sample(range(TASKS), chance.randint(1, TASKS))
                group.start_soon(claim, caller, ids, chance.choice("ab"))

    for native_id, now in north.held.items():
        owners = {owner.native_id for owner in now.assignees}
        assert north.effects[native_id] <= 1
        assert {person for person, status in told[native_id] if status is MutationStatus.APPLIED} <= owners
        assert owners <= {person for person, status in told[native_id] if status in MAY_HAVE_EFFECT}

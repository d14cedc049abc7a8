"""Compares what a history's callers were told, and what the journal holds in the end, with what the vendor did."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from connectors.sdk.commands import MutationStatus
from gateway.store import Stage
from schema.ports import ClaimIntent, CompleteIntent
from tests.gateway.federation.writes.model.inline_journal import End
from tests.gateway.federation.writes.model.vendor import Effect
from tests.gateway.federation.writes.model.world import ALL_SETTLED, Answer, History, World

_FINAL = frozenset({MutationStatus.APPLIED, MutationStatus.REJECTED})


class Lie(Struct, frozen=True):
    """A fault of the gateway in one history."""

    number: int
    what: str
    about: str


def lies_of(world: World, history: History, effects: Mapping[str, list[Effect]]) -> Iterator[Lie]:
    """`effects` are those of the vendor by call."""
    number = history.plan.number
    for write in history.plan.writes:
        answers = [answer for answer in history.answers if answer.write is write]
        operations = {answer.call.operation_id: answer for answer in answers if answer.call.operation_id is not None}
        main = [effect for answer in answers for effect in _main(answer, effects)]
        if len(main) > 1:
            yield Lie(number, "duplicate", f"{write.name}: {main}")
        for operation_id, first in operations.items():
            row = world.ends[operation_id]
            told = [answer for answer in answers if answer.result and answer.result.operation_id == operation_id]
            for what in _lies_of_operation(row, told, _main(first, effects), effects.get(first.call.name, [])):
                yield Lie(number, what, f"{write.name} {type(write.intent).__name__}: {_words(row, told)}")


def _lies_of_operation(row: End, told: list[Answer], main: list[Effect], effects: list[Effect]) -> Iterator[str]:
    statuses = {answer.result.status for answer in told if answer.result is not None}
    final = None if row.result is None else row.result.status
    if row.stage is not Stage.SETTLED or final is None:
        yield "no end"
        return
    if row.settled_at is None:
        yield f"{final} without an end after {ALL_SETTLED} s"
    if final is MutationStatus.PENDING:
        yield "PENDING for ever"
    for status in (statuses | {final}) & _FINAL:
        if status is MutationStatus.APPLIED and not main and not _was_owner_already(row):
            yield "APPLIED without effect"
        if status is MutationStatus.REJECTED and main:
            yield "REJECTED with effect"
    if len((statuses | {final}) & _FINAL) > 1:
        yield f"two ends: {sorted(statuses | {final})}"
    if final is MutationStatus.REJECTED and effects and not main and row.result is not None and not row.result.effect:
        yield "REJECTED without telling of the step that was done"


def _was_owner_already(row: End) -> bool:
    """A claim of a task that the person has is answered without a write."""
    return row.action == ClaimIntent.action and not row.steps


def _main(answer: Answer, effects: Mapping[str, list[Effect]]) -> list[Effect]:
    """The effects of the verb itself: not those of a claim before a completion, nor of an undo."""
    found = effects.get(answer.call.name, [])
    if isinstance(answer.write.intent, CompleteIntent):
        return [effect for effect in found if effect.command == "Complete"]
    return found


def _words(row: End, told: list[Answer]) -> str:
    said = [(round(answer.at, 1), answer.result and answer.result.status.value) for answer in told]
    return f"record {row.result and row.result.status}, settled {row.settled_at}, told {said}"


class Tally(Struct):
    """What became of the writes of many histories."""

    histories: int = 0
    statuses: Counter[str] = Counter()
    kills: int = 0
    effects: int = 0


def tally(world: World, histories: list[History], into: Tally) -> None:
    into.histories += len(histories)
    into.kills += world.kills
    into.effects += sum(effect.call is not None for effect in world.vendor.effects)
    for row in world.ends.values():
        status = None if row.result is None else row.result.status.value
        into.statuses[f"{status}{' for good' if status == 'UNKNOWN' and row.settled_at else ''}"] += 1

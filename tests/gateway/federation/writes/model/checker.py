"""Compares what a history's callers were told, and what the journal holds in the end, with what the vendor did."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from connectors.sdk.commands import MutationStatus
from gateway.store import Stage
from schema.ports import ClaimIntent, CompleteIntent, SourceRef, WriteResult
from tests.gateway.federation.writes.model.history import Write
from tests.gateway.federation.writes.model.inline_journal import End
from tests.gateway.federation.writes.model.kinds import TECHNICAL
from tests.gateway.federation.writes.model.vendor import Effect
from tests.gateway.federation.writes.model.world import ALL_SETTLED, Answer, History, World

_FINAL = frozenset({MutationStatus.APPLIED, MutationStatus.REJECTED})


Told = tuple[float, WriteResult]
"""When a result was told."""


class Lie(Struct, frozen=True):
    """A fault of the gateway in one history."""

    number: int
    what: str
    about: str


def lies_of(world: World, history: History, effects: Mapping[str, list[Effect]]) -> Iterator[Lie]:
    """`effects` are those of the vendor by operation."""
    number = history.plan.number
    for write in history.plan.writes:
        answers = [answer for answer in history.answers if answer.write is write]
        operations = {
            one: admitted
            for one, admitted in history.admitted.items()
            if admitted.write == write.name and not admitted.undoes
        }
        done = Counter[object]()
        for one, admitted in operations.items():
            # What takes the next task may try several.
            done[admitted.target if write.intent else ""] += len(_main(write, effects.get(one, [])))
        if max(done.values(), default=0) > 1:
            yield Lie(number, "duplicate", f"{write.name}: {done}")
        for one, admitted in operations.items():
            row = world.ends[one]
            told = [
                (answer.at, result) for answer in answers for result in answer.results if result.operation_id == one
            ]
            if write.intent is None and admitted.target == SourceRef(""):
                about = f"{write.name} {_intent(write)}: {_words(row, told)}"
                if row.stage is not Stage.SETTLED or row.result is None:
                    yield Lie(number, "no end", about)
                calls = {answer.call.name for answer in answers if _found_nothing(answer, one)}
                claimed = [other for other, its in operations.items() if its.call in calls and effects.get(other)]
                if claimed:
                    yield Lie(number, "REJECTED with effect", about)
                continue
            of_it = effects.get(one, [])
            for what in _lies_of_operation(row, told, _main(write, of_it), of_it):
                yield Lie(number, what, f"{write.name} {_intent(write)}: {_words(row, told)}")
    if world.kind.take_over is not None:
        yield from _lost_tasks(world, history)


def _found_nothing(answer: Answer, record: str) -> bool:
    """Whether a search for the next task ended without one. Its claims have records of their own."""
    return any(
        result.operation_id == record and result.status is MutationStatus.REJECTED and not result.replayed
        for result in answer.results
    )


def _lost_tasks(world: World, history: History) -> Iterator[Lie]:
    """Tasks that the account took over and still has, although they can be read."""
    plan = history.plan
    if plan.blind[1] - plan.blind[0] > ALL_SETTLED / 2:
        return
    for task in (plan.task, *plan.more):
        now = None if task is None else world.vendor.tasks[task.native_id].now
        if now is not None and now.is_open and TECHNICAL in {owner.native_id for owner in now.assignees}:
            yield Lie(plan.number, "a task stays with the account", f"{now.native_id}")


def _lies_of_operation(row: End, told: list[Told], main: list[Effect], effects: list[Effect]) -> Iterator[str]:
    statuses = {result.status for _, result in told}
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


def _main(write: Write, found: list[Effect]) -> list[Effect]:
    """The effects of the verb itself: not those of a claim or take-over before a completion."""
    if isinstance(write.intent, CompleteIntent):
        return [effect for effect in found if effect.command == "Complete"]
    return found


def _intent(write: Write) -> str:
    return "next task" if write.intent is None else type(write.intent).__name__


def _words(row: End, told: list[Told]) -> str:
    said = [(round(at, 1), result.status.value) for at, result in told]
    return f"record {row.result and row.result.status}, settled {row.settled_at}, told {said}"


class Tally(Struct):
    """What became of the writes of many histories."""

    histories: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    effects: int = 0


def tally(world: World, histories: list[History], into: Tally) -> None:
    into.histories += len(histories)
    into.kills += world.kills
    into.effects += sum(effect.operation is not None for effect in world.vendor.effects)
    for row in world.ends.values():
        status = None if row.result is None else row.result.status.value
        into.statuses[f"{status}{' for good' if status == 'UNKNOWN' and row.settled_at else ''}"] += 1

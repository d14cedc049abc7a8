"""What a look at the source makes of a write of the journal that has no clear result: a result, or nothing yet."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import ConflictError, ConnectorError
from connectors.sdk.model import FlowRef, Task, TaskRef
from gateway.federation.authorization import OwnWork, visible_record
from gateway.federation.sources import Source
from gateway.federation.writes.attempt import UNRESOLVED, UNSETTLED
from gateway.federation.writes.authorship import sent_at
from gateway.federation.writes.ended import ended_later
from gateway.federation.writes.looker import Look, Looker, Shown
from gateway.federation.writes.progress import Progress, end_of, is_end, settled
from gateway.federation.writes.proof import Verdict, aspects_of, command_of, disproof_of, proofs_of
from gateway.people import People
from gateway.store import EndedTask, Evidence, Journal, OpenWrite, Step
from schema.ports import Problem, WriteResult

_OPEN = frozenset({None, MutationStatus.UNKNOWN, MutationStatus.PENDING})


class Settlement(Struct, frozen=True, kw_only=True):
    """`result` is None while nothing is known. `task` is what the caller may see of it now.

    `over_at`: when the write can no longer be applied. `may_become_known`: a later look may tell more.
    """

    result: WriteResult | None = None
    ended: EndedTask | None = None
    task: Task | None = None
    over_at: datetime
    may_become_known: bool = True


_NOTHING = Settlement(over_at=datetime.max.replace(tzinfo=UTC))


class ToRead(Struct, frozen=True, kw_only=True):
    """What must be read to judge a write. `before`: its earlier steps. `over_at`: see `Settlement`."""

    source: Source
    target: TaskRef | FlowRef
    evidence: Evidence
    is_accepted: bool
    before: tuple[Step, ...]
    over_at: datetime

    @property
    def is_row_enough(self) -> bool:
        """Whether the task as a list shows it tells all that the source can tell of the write."""
        is_plain = isinstance(self.target, TaskRef) and not self.is_accepted
        return is_plain and not aspects_of(self.evidence, self.source.connector.traces)


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be done for an open write. `found` is all that there is to know where `read` is None."""

    write: OpenWrite
    found: Settlement = _NOTHING
    read: ToRead | None = None


class Settler:
    """Judges the steps of a write as its request would have done. It never sends anything."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        journal: Journal,
        looker: Looker,
        people: People,
        own: OwnWork,
        now: Clock,
    ) -> None:
        self._sources = sources
        self._journal = journal
        self._looker = looker
        self._people = people
        self._own = own
        self._now = now

    async def plan(self, write: OpenWrite) -> Plan:
        """What the journal alone says. Reads nothing else. Raises GatewayUnavailableError."""
        steps = await self._journal.steps(write.operation_id)
        source = self._sources.get(write.target.source)
        if source is None:
            # It may be configured again, or another gateway over the journal may have it.
            return Plan(write=write)
        settings = source.connector.settings
        late = timedelta(seconds=settings.late_max + settings.read_lag)
        over_at = max(map(sent_at, steps), default=write.requested_at) + late
        step = _open_step(steps)
        if steps and not any(is_end(write.action, each.command) for each in steps):
            return Plan(write=write, found=Settlement(result=_not_ended(write, steps), over_at=over_at))
        nothing = Plan(write=write, found=Settlement(over_at=over_at, may_become_known=False))
        if step is None or step.evidence is None or not isinstance(write.target, TaskRef | FlowRef):
            return nothing
        is_accepted = any(each.status is MutationStatus.PENDING for each in _alike(steps, step))
        if not is_accepted and not is_provable(step.evidence, source):
            return nothing
        read = ToRead(
            source=source,
            target=write.target,
            evidence=step.evidence,
            is_accepted=is_accepted,
            before=tuple(each for each in steps if not is_end(write.action, each.command)),
            over_at=over_at,
        )
        return Plan(write=write, read=read)

    async def look(self, write: OpenWrite) -> Settlement:
        """Reads with the authority of the current context, if a read can tell anything. Raises GatewayUnavailableError."""
        plan = await self.plan(write)
        if plan.read is None:
            return plan.found
        return await self.look_at(write, plan.read)

    async def look_at(self, write: OpenWrite, read: ToRead, *, shown: Shown | None = None) -> Settlement:
        """As `look`, for a write that was planned. `shown`: what was read of the target for other writes of this moment."""
        look = await self._looker.look(
            read.target, write.operation_id, read.evidence, is_accepted=read.is_accepted, shown=shown
        )
        found = self._settlement(
            write, read.source, read.evidence, look, over_at=read.over_at, is_accepted=read.is_accepted
        )
        if found.result is None or found.result.status is not MutationStatus.REJECTED or found.result.effect:
            return found
        # The process ended before it could tell of the earlier steps.
        return structs.replace(found, result=structs.replace(found.result, effect=_done_before(write, read.before)))

    def _settlement(
        self,
        write: OpenWrite,
        source: Source,
        evidence: Evidence,
        look: Look,
        *,
        over_at: datetime,
        is_accepted: bool,
    ) -> Settlement:
        now, caller = look.seen.task, self._people.by_key(write.person)
        shown = None if now is None or caller is None else self._visible(caller, source, now)
        found = Settlement(
            task=shown,
            over_at=over_at,
            may_become_known=is_accepted or not look.was_read or self._now() < over_at,
        )
        if look.verdict is Verdict.OPEN:
            return found
        earlier = write.result or WriteResult(status=MutationStatus.UNKNOWN, operation_id=write.operation_id)
        if look.verdict is Verdict.NOT_APPLIED:
            seen = "the record shows another change" if source.is_by_reader else _state_of(look)
            problem = Problem.from_error(ConflictError(seen).at(source.key, ""))
            status, task, problems = MutationStatus.REJECTED, shown, [problem]
        else:
            # The caller could see the task when the write was sent. An ended one is shown as the write left it.
            task = now if now is not None and not now.is_open else shown
            status, problems = MutationStatus.APPLIED, []
        result = structs.replace(
            earlier,
            status=status,
            effect=settled(earlier.effect, is_applied=status is MutationStatus.APPLIED),
            task=task,
            flow=look.seen.flow or earlier.flow,
            problems=tuple(problems),
            upstream_calls=0,
        )
        if source.is_by_reader:
            # The author is shown only what their own token reads, and what was read before the write is no longer so.
            return structs.replace(found, task=None, result=structs.replace(result, task=None, flow=None))
        ended = None
        if status is MutationStatus.APPLIED and caller is not None and now is not None:
            ended = ended_later(write.operation_id, caller, evidence, now, at=self._now())
        return structs.replace(found, result=result, ended=ended)

    def _visible(self, caller: Caller, source: Source, task: Task) -> Task | None:
        try:
            return visible_record(caller, source.connector, self._own, task.ref, task)
        except ConnectorError:
            return None


def is_provable(evidence: Evidence, source: Source) -> bool:
    """Whether anything that the vendor shows can prove or disprove the step."""
    command, traces = command_of(evidence), source.connector.traces
    return command is not None and bool(proofs_of(command, traces) or disproof_of(command, traces))


def unresolved(write: OpenWrite) -> WriteResult:
    """The last result of a write that nothing will ever prove."""
    earlier = write.result or WriteResult(status=MutationStatus.UNKNOWN, operation_id=write.operation_id)
    problem = Problem(code="UPSTREAM_ERROR", message=UNRESOLVED, source=write.target.source)
    others = tuple(each for each in earlier.problems if each.message != UNSETTLED)
    return structs.replace(earlier, status=MutationStatus.UNKNOWN, problems=(*others, problem))


def _open_step(steps: Sequence[Step]) -> Step | None:
    """The last step that is open; of several attempts at it the first, which may have been applied longest ago."""
    last = next((step for step in reversed(steps) if step.status in _OPEN), None)
    return None if last is None else _alike(steps, last)[0]


def _alike(steps: Sequence[Step], step: Step) -> list[Step]:
    """The open attempts at the same step."""
    return [each for each in steps if each.status in _OPEN and each.command == step.command]


def _not_ended(write: OpenWrite, steps: Sequence[Step]) -> WriteResult:
    """Of several steps the last was never sent."""
    error = ConflictError(
        "an earlier step of the write did not end, so the last one was not sent; send the write again"
    )
    return WriteResult(
        status=MutationStatus.REJECTED,
        operation_id=write.operation_id,
        problems=(Problem.from_error(error.at(write.target.source, "")),),
        effect=_done_before(write, steps),
    )


def _done_before(write: OpenWrite, steps: Sequence[Step]) -> str | None:
    """What these steps did before the last one, which did not happen. None without steps."""
    progress = Progress(end_of(write.action))
    for step in steps:
        (progress.add if step.status is MutationStatus.APPLIED else progress.add_unclear)(step.command)
    return progress.not_ended


def _state_of(look: Look) -> str:
    task, flow = look.seen.task, look.seen.flow
    if task is not None:
        return f"the task is {task.state}"
    return "no longer actionable" if flow is None else f"the flow is {flow.state}"

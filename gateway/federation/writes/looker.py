"""Looks at the source for what became of a write whose answer was lost. The read is never answered from the cache."""

from collections.abc import Hashable, Mapping
from datetime import timedelta

from msgspec import Struct

from connectors.sdk.commands import CancelFlowOfTask, Complete, MutationStatus
from connectors.sdk.errors import ConnectorError, GatewayError
from connectors.sdk.model import FlowRef, NativeRef, Task, TaskRef
from connectors.sdk.traces import Traces
from gateway.federation.objects import FlowReader, TaskReader
from gateway.federation.sources import Source
from gateway.federation.writes.authorship import Seen, Trust
from gateway.federation.writes.proof import Verdict, aspects_of, may_claim_themselves, verdict
from gateway.people import People
from gateway.store import Evidence, Journal


class Look(Struct, frozen=True, kw_only=True):
    """`was_read`: the source has shown all that the verdict needs."""

    verdict: Verdict = Verdict.OPEN
    seen: Seen = Seen()
    was_read: bool = False

    def is_unchanged(self, evidence: Evidence) -> bool:
        """Whether the target still is as it was before the write was sent."""
        task, flow = self.seen.task, self.seen.flow
        if task is not None:
            return task.version == evidence.version and task.pending_transition is None
        return flow is not None and flow.state.value == evidence.state


_NOTHING = Look()


class Shown:
    """What was read of one target for several writes to it. `row`: the task as a list shows it."""

    def __init__(self, traces: Traces, row: Task | None = None) -> None:
        self._traces = traces
        self._row = row
        self._seen: dict[Hashable, Seen] = {}

    def of(self, evidence: Evidence, *, is_accepted: bool) -> Seen | None:
        """All that may tell of that step; None if it has to be read."""
        if self._row is not None and not is_accepted and not aspects_of(evidence, self._traces):
            return Seen(task=self._row)
        return self._seen.get(self._key(evidence, is_accepted=is_accepted))

    def add(self, evidence: Evidence, seen: Seen, *, is_accepted: bool) -> None:
        self._seen[self._key(evidence, is_accepted=is_accepted)] = seen

    def _key(self, evidence: Evidence, *, is_accepted: bool) -> Hashable:
        return evidence.command, is_accepted, aspects_of(evidence, self._traces)


class Looker:
    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        tasks: TaskReader,
        flows: FlowReader,
        journal: Journal,
        people: People,
    ) -> None:
        self._sources = sources
        self._tasks = tasks
        self._flows = flows
        self._journal = journal
        self._people = people
        # By source: the service account's id as the vendor names it.
        self._accounts: dict[str, str | None] = {}

    async def look(
        self,
        target: TaskRef | FlowRef,
        operation_id: str,
        evidence: Evidence,
        *,
        is_accepted: bool = False,
        shown: Shown | None = None,
    ) -> Look:
        """What the source and the journal show of the step with that evidence. Raises nothing.

        `is_accepted`: the vendor took the step and said PENDING. `shown`: what was read of the target at this moment.
        """
        source = self._sources.get(target.source)
        if source is None:
            return _NOTHING
        try:
            seen = None if shown is None else shown.of(evidence, is_accepted=is_accepted)
            if seen is None:
                seen = await self._seen(source, target, evidence, is_accepted=is_accepted)
                if shown is not None:
                    shown.add(evidence, seen, is_accepted=is_accepted)
            trust = await self._trust(source, target, operation_id, evidence, is_accepted=is_accepted)
        except (ConnectorError, GatewayError):
            return _NOTHING
        return Look(verdict=verdict(evidence, seen, trust), seen=seen, was_read=True)

    async def _seen(self, source: Source, target: TaskRef | FlowRef, evidence: Evidence, *, is_accepted: bool) -> Seen:
        if isinstance(target, FlowRef):
            return Seen(flow=await self._flows.vendor_record(target))
        task = await self._tasks.vendor_record(target)
        if task is None:
            return Seen()
        if is_accepted:
            ends_flow = evidence.command == CancelFlowOfTask.__name__ and task.flow_id is not None
            flow = await self._flows.vendor_record(FlowRef(source.key, task.flow_id or "")) if ends_flow else None
            return Seen(task=task, flow=flow)
        return await self._with_details(source, task, evidence)

    async def _with_details(self, source: Source, task: Task, evidence: Evidence) -> Seen:
        aspects = aspects_of(evidence, source.connector.traces)
        if not aspects or (evidence.command == Complete.__name__ and task.is_open):
            return Seen(task=task)
        detail = await self._tasks.detail(task, aspects, fresh=True)
        data = detail.data if isinstance(detail.data, Mapping) else None
        return Seen(
            task=task,
            outcome=None if data is None else source.connector.outcome_in(data),
            data=data,
            comments=detail.comments,
            activities=detail.activities,
        )

    async def _trust(
        self,
        source: Source,
        target: TaskRef | FlowRef,
        operation_id: str,
        evidence: Evidence,
        *,
        is_accepted: bool,
    ) -> Trust:
        settings, traces = source.connector.settings, source.connector.traces
        as_person = source.acts_as != "service"
        is_named = traces.names_completer and evidence.command == Complete.__name__
        is_taken = may_claim_themselves(evidence) and evidence.user != evidence.actor
        needs_account = not is_accepted and (is_named or is_taken or bool(aspects_of(evidence, traces)))
        steps = await self._journal.steps_to(target)
        return Trust(
            traces=traces,
            late=timedelta(seconds=settings.late_max + settings.read_lag),
            lag=timedelta(seconds=settings.read_lag),
            as_person=as_person,
            account=await self._account(source) if needs_account else None,
            is_exclusive=settings.exclusive_account,
            is_person=lambda native_id: self._people.by_native_ref(NativeRef(source.key, native_id)) is not None,
            # An earlier step of this write is another one; an earlier attempt at the same step is not, and has no answer.
            others=tuple(
                step for step in steps if step.operation_id != operation_id or step.status is MutationStatus.APPLIED
            ),
            is_accepted=is_accepted,
        )

    async def _account(self, source: Source) -> str | None:
        """Asked once. None as well while the source cannot tell it: then its name proves nothing."""
        if source.key not in self._accounts:
            try:
                self._accounts[source.key] = await source.read("own account", source.main.own_account)
            except ConnectorError:
                return None
        return self._accounts[source.key]

"""The composition root: the only file that names the concrete parts of the gateway. It opens and closes them."""

import math
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from types import MappingProxyType

import anyio
import structlog
from msgspec import Struct

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.model import FlowRef, Task, TaskRef
from gateway.audit import Audit, AuditLine, LogAudit, ObservedAudit, open_audit
from gateway.auth import Authenticator
from gateway.engines import journal_of, people_of, shared_state_of
from gateway.federation.authorization import MOST_KEPT, KnownAccounts, OwnWork, RecentlyShown
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.lists import (
    CursorCodec,
    DefinitionLists,
    FlowLists,
    PeopleLists,
    Stats,
    TaskLists,
)
from gateway.federation.live import Live
from gateway.federation.objects import Definitions, DirectoryReader, FlowReader, TaskReader
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.service import FederatedSources, Lists, Objects
from gateway.federation.sources import Links, Source, SourceReader, flight_context, scopes_of, systems_of
from gateway.federation.traffic import Observe, ignore_record
from gateway.federation.writes import (
    AtMostOnceSender,
    AuditTrail,
    BulkWriter,
    CommandBuilder,
    Creator,
    FlowWriter,
    FormValidation,
    Identities,
    Looker,
    Looks,
    LostAnswers,
    NextTask,
    Pause,
    Reconciler,
    Recorder,
    Recovery,
    Replays,
    Settled,
    Settler,
    StepWriter,
    TargetLeases,
    TaskWriter,
    Undoer,
    WritePipeline,
)
from gateway.generations import Generation, Generations
from gateway.people import People
from gateway.settings import LiveSettings, Settings
from gateway.shared import Leases
from gateway.store import KEPT_SECONDS, EndedTask, Journal
from gateway.telemetry import NO_TRACING, Tracing
from schema.ports import Target

log = structlog.get_logger("taskgate.federation")


class Gateway(Struct, frozen=True, kw_only=True):
    """What the application serves requests with. `reopen_audit`: the audit's file was moved away, and a new one is begun.

    `journal_trouble`: why the journal took no write when it was last used; None if it did.
    """

    generations: Generations
    federation: FederatedSources
    reopen_audit: Callable[[], None]
    journal_trouble: Callable[[], str | None]

    @property
    def authenticator(self) -> Authenticator:
        return self.generations.present.get().authenticator


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    observe: Observe = ignore_record,
    settled: Settled = lambda _source, _status: None,
    wrote: Callable[[AuditLine], None] = lambda _line: None,
    pause: Pause = anyio.sleep,
    tracing: Tracing = NO_TRACING,
) -> AsyncIterator[Gateway]:
    """All parts, open until the block ends.

    `observe` is called after every upstream request, `settled` for every write whose result became known later,
    `wrote` with every line of the audit. `pause` waits between two looks at a write whose answer was lost.
    `tracing` has a span for each upstream request.
    """
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(shared_state_of(settings))
        audit = stack.enter_context(open_audit(settings.gateway.audit))
        keep_own = timedelta(days=settings.store.keep_own_days)
        journal = journal_of(settings)
        stack.callback(journal.close)
        generations = Generations(
            rate_limits=shared.rate_limits,
            observe=observe,
            tracing=tracing,
            people_store=people_of(settings, journal),
        )
        stack.push_async_callback(generations.aclose)
        first = await generations.open(settings)
        ended = await journal.ended_tasks(most=MOST_KEPT)
        own = own_work(generations.people, keep=keep_own, sources=generations.sources, ended=ended)
        bounds = settings.gateway.cache
        deadlines = {section.key: section.deadline for section in settings.sources}
        answers = Cache(
            max_bytes=bounds.max_bytes,
            max_entries=bounds.max_entries,
            log=shared.invalidations,
            flight_context=flight_context(deadlines),
        )
        stack.push_async_callback(answers.aclose)

        def changed(generation: Generation) -> None:
            # Those of sources that are gone stay: calls may be under way.
            deadlines.update({section.key: section.deadline for section in generation.settings.sources})
            bounds = generation.settings.gateway.cache
            answers.resize(max_bytes=bounds.max_bytes, max_entries=bounds.max_entries)
            federation.live.change(generation.settings.gateway.live)

        generations.on_change = changed
        federation = compose(
            generations.sources,
            people=generations.people,
            journal=journal,
            answers=answers,
            cursors=CursorCodec(_secret(settings)),
            leases=shared.leases,
            own=own,
            write_deadline=lambda: generations.present.get().settings.gateway.mutation_deadline,
            bulk_deadline=lambda: generations.present.get().settings.gateway.bulk_deadline,
            settled=settled,
            pause=pause,
            audit=ObservedAudit(audit, wrote),
            live_settings=settings.gateway.live,
            keeps_wanted=lambda: generations.present.get().settings.gateway.fast_paths.kept_rows,
        )
        stack.push_async_callback(federation.stop)
        await federation.start()
        await generations.start(first)
        yield Gateway(
            generations=generations,
            federation=federation,
            reopen_audit=audit.reopen,
            journal_trouble=lambda: journal.trouble,
        )


def own_work(
    people: People,
    *,
    keep: timedelta,
    sources: Mapping[str, Source] = MappingProxyType({}),
    ended: Iterable[EndedTask] = (),
) -> OwnWork:
    """What people ended, from what the journal has."""
    return OwnWork(
        ended, keep=keep, is_person=lambda ref: people.by_native_ref(ref) is not None, scope=scopes_of(sources)
    )


def compose(
    sources: Sequence[Source] | Mapping[str, Source],
    *,
    people: People,
    journal: Journal,
    answers: Cache,
    cursors: CursorCodec,
    leases: Leases,
    monotonic: Callable[[], float] = time.monotonic,
    now: Clock = utc_now,
    own: OwnWork | None = None,
    write_deadline: Callable[[], float] = lambda: math.inf,
    bulk_deadline: Callable[[], float] = lambda: 300.0,
    pause: Pause = anyio.sleep,
    settled: Settled = lambda _source, _status: None,
    audit: Audit | None = None,
    live_settings: LiveSettings | None = None,
    keeps_wanted: Callable[[], bool] = lambda: True,
) -> FederatedSources:
    """The parts around `sources`, which are opened and closed elsewhere, as are `journal`, `answers` and `audit`.

    The deadlines give seconds, for one write and for one bulk action. Without `audit` its lines are lines of the log. `keeps_wanted`:
    whether lists may be asked once which of their rows a question wants.
    """
    by_key = sources if isinstance(sources, Mapping) else {source.key: source for source in sources}
    own = own or own_work(people, keep=timedelta(seconds=KEPT_SECONDS), sources=by_key)
    scope = scopes_of(by_key)
    known, shown = KnownAccounts(people, scope=scope), RecentlyShown(system=systems_of(by_key))

    def ended(ref: TaskRef) -> None:
        answers.invalidate([Tag(ref.source, Kind.TASK, ref.native_id), Tag(ref.source, Kind.TASK_LIST)])

    def wrote(before: Task, expected: Task) -> None:
        # Made below: it reads tasks as the overlay shows them.
        live.wrote(before, expected)

    overlay = Overlay(monotonic=monotonic, now=now, ended=ended, wrote=wrote, scope_of=scope)
    flow_overlay = FlowOverlay(monotonic=monotonic, now=now, scope_of=scope)
    reader = SourceReader(answers)
    flows = FlowReader(by_key, reader=reader, overlay=flow_overlay)
    identities = Identities(people)
    tasks = TaskReader(by_key, reader=reader, overlay=overlay, flows=flows, own=own, links=Links(people))
    live = Live(
        by_key,
        settings=live_settings or LiveSettings(),
        overlay=overlay,
        within_flow=tasks.within_flow,
        people=people,
        own=own,
        stale=answers.invalidate,
        monotonic=monotonic,
        now=now,
    )
    task_lists = TaskLists(
        by_key,
        reader=reader,
        overlay=overlay,
        cursors=cursors,
        people=people,
        within_flow=tasks.within_flow,
        own=own,
        is_as_read=tasks.is_as_read,
        keeps_wanted=keeps_wanted,
    )

    def changed_elsewhere(target: Target, hidden: Task | None) -> None:
        """Another gateway over the same journal wrote to it: nothing that was read here is true any more."""
        if hidden is not None:
            shown.note_hidden(hidden)
        if isinstance(target, TaskRef):
            overlay.forget(target)
            answers.invalidate([Tag(target.source, Kind.TASK, target.native_id)])
            live.changed_elsewhere(target.source)
        elif isinstance(target, FlowRef):
            flow_overlay.forget(target)
            # The flow may have ended, and its tasks with it.
            answers.invalidate([Tag(target.source, Kind.FLOW, target.native_id), Tag(target.source, Kind.TASK)])

    def hidden_now(target: Target) -> Task | None:
        return shown.before(target) if isinstance(target, TaskRef) else None

    sender = AtMostOnceSender(journal=journal, answers=answers, now=now)
    target_leases = TargetLeases(leases, journal=journal, changed_elsewhere=changed_elsewhere, hidden=hidden_now)
    trail = AuditTrail(by_key, audit=audit or LogAudit(), now=now)
    undoer = Undoer(
        by_key,
        journal=journal,
        reads=tasks,
        overlay=overlay,
        sender=sender,
        leases=target_leases,
        people=people,
        trail=trail,
        now=now,
        monotonic=monotonic,
    )
    commands = CommandBuilder(people, known)
    looker = Looker(by_key, tasks=tasks, flows=flows, journal=journal, people=people)
    lost = LostAnswers(looker=looker, sender=sender, pause=pause)
    settler = Settler(by_key, journal=journal, looker=looker, people=people, own=own, now=now)
    recorder = Recorder(journal)
    reconciler = Reconciler(
        by_key,
        journal=journal,
        settler=settler,
        recorder=recorder,
        own=own,
        answers=answers,
        trail=trail,
        settled=settled,
        now=now,
        monotonic=monotonic,
    )
    flow_lists = FlowLists(by_key, reader=reader, cursors=cursors, overlay=flow_overlay)
    definition_lists = DefinitionLists(by_key, reader=reader, cursors=cursors)
    task_writer = TaskWriter(
        reads=tasks,
        overlay=overlay,
        sender=sender,
        steps=StepWriter(journal=journal, undoer=undoer),
        lost=lost,
        commands=commands,
        own=own,
        shown=shown,
        known=known,
        looks=Looks(),
        leases=target_leases,
    )
    recovery = Recovery(journal=journal, trail=trail)
    replays = Replays(reads=tasks, own=own)
    pipeline = WritePipeline(
        by_key,
        journal=journal,
        tasks=task_writer,
        flows=FlowWriter(reads=flows, overlay=flow_overlay, sender=sender, lost=lost, commands=commands),
        creator=Creator(
            reads=flows,
            overlay=overlay,
            flow_overlay=flow_overlay,
            sender=sender,
            commands=commands,
            forms=FormValidation(tasks),
        ),
        leases=target_leases,
        own=own,
        identities=identities,
        recovery=recovery,
        recorder=recorder,
        settler=settler,
        reconciler=reconciler,
        undoer=undoer,
        trail=trail,
        replays=replays,
        deadline=write_deadline,
    )
    return FederatedSources(
        by_key,
        standing=lambda: (overlay.changes, flow_overlay.changes, own.changes),
        settles_at=lambda: min(overlay.settles_at(), flow_overlay.settles_at()),
        now=now,
        people=people,
        cache=answers,
        lists=Lists(
            tasks=task_lists,
            flows=flow_lists,
            definitions=definition_lists,
            people=PeopleLists(
                by_key,
                reader=reader,
                cursors=cursors,
                people=people,
                visible_task=tasks.visible_task,
                known=known,
            ),
            stats=Stats(task_lists, by_key, people=people),
        ),
        objects=Objects(
            tasks=tasks,
            flows=flows,
            directory=DirectoryReader(by_key, reader=reader, known=known),
            definitions=Definitions(
                list_definitions=definition_lists.page,
                list_tasks=task_lists.page,
                list_flows=flow_lists.page,
                flows=flows.flows,
            ),
        ),
        writes=pipeline,
        bulk=BulkWriter(
            by_key,
            pipeline=pipeline,
            tasks=task_writer,
            reads=tasks,
            identities=identities,
            deadline=bulk_deadline,
        ),
        next_task=NextTask(
            by_key,
            list_tasks=task_lists.page,
            reads=tasks,
            pipeline=pipeline,
            overlay=overlay,
            journal=journal,
            leases=leases,
            presses=target_leases,
            recovery=recovery,
            recorder=recorder,
            trail=trail,
            replays=replays,
        ),
        known=known,
        shown=shown,
        live=live,
    )


def _secret(settings: Settings) -> bytes:
    if settings.gateway.secret is not None:
        return settings.gateway.secret.get_secret_value().encode()
    log.warning("no [gateway] secret: cursors end with this process and are not shared between replicas")
    return secrets.token_bytes(32)

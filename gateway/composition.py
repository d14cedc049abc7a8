"""All sources as one: lists, calls, shared answers and writes around the connectors."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef, TaskRef
from connectors.sdk.registry import connector_types
from gateway.federation.authorization import ADMIN_ONLY
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.lists import Catalogues, CursorCodec, Directories, Lists, Stats
from gateway.federation.objects import Reads
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source, flight_context
from gateway.federation.traffic import Observe, ignore_record
from gateway.federation.writes import FlowWrites, Orders, Sending, TaskWrites, Writes
from gateway.settings import Settings
from gateway.shared import Leases
from gateway.shared.memory import memory_state
from gateway.store import Journal

__all__ = ["FederatedSources", "compose", "open_federation"]

log = structlog.get_logger("taskgate.federation")


@asynccontextmanager
async def open_federation(settings: Settings, *, observe: Observe = ignore_record) -> AsyncIterator[FederatedSources]:
    """The composition root: every concrete part is named here, opened here and closed here.

    `observe` is told of every request upstream.
    """
    async with AsyncExitStack() as stack:
        shared = memory_state()
        sources = []
        for section in settings.sources:
            connector = connector_types()[section.vendor].open(section)
            source = Source(connector, rate_limits=shared.rate_limits, admin_only=ADMIN_ONLY, observe=observe)
            stack.push_async_callback(source.aclose)
            sources.append(source)
        journal = Journal(settings.gateway.journal)
        stack.callback(journal.close)
        bounds = settings.gateway.cache
        answers = Cache(
            max_bytes=bounds.max_bytes,
            max_entries=bounds.max_entries,
            log=shared.invalidations,
            flight_context=flight_context(
                {source.key: section.deadline for source, section in zip(sources, settings.sources, strict=True)}
            ),
        )
        stack.push_async_callback(answers.aclose)
        yield compose(
            sources,
            people=settings.callers,
            journal=journal,
            answers=answers,
            cursors=CursorCodec(_secret(settings)),
            leases=shared.leases,
        )


def compose(
    sources: Sequence[Source],
    *,
    people: Mapping[str, Caller],
    journal: Journal,
    answers: Cache,
    cursors: CursorCodec,
    leases: Leases,
) -> FederatedSources:
    """The parts around `sources`, which are opened and closed elsewhere, as are `journal` and `answers`."""
    by_key = {source.key: source for source in sources}

    def ended(ref: TaskRef) -> None:
        answers.invalidate([Tag(ref.source, Kind.TASK, ref.native_id), Tag(ref.source, Kind.TASK_LIST)])

    overlay, flow_overlay = Overlay(ended=ended), FlowOverlay()
    linked = {
        NativeRef(source, identity.native_id): person
        for person in people.values()
        for source, identity in person.identities.items()
    }
    reads = Reads(by_key, answers=answers, overlay=overlay, flow_overlay=flow_overlay)
    sending = Sending(journal=journal, answers=answers)
    lists = Lists(
        sources,
        answers=answers,
        overlay=overlay,
        cursors=cursors,
        person=people.get,
        within_flow=reads.within_flow,
    )
    return FederatedSources(
        sources,
        people=people,
        answers=answers,
        linked=linked,
        lists=lists,
        stats=Stats(lists, by_key, linked=linked),
        catalogues=Catalogues(sources, answers=answers, cursors=cursors, flow_overlay=flow_overlay),
        directories=Directories(sources, answers=answers, cursors=cursors, people=people, linked=linked),
        reads=reads,
        writes=Writes(
            by_key,
            journal=journal,
            tasks=TaskWrites(reads=reads, overlay=overlay, sending=sending, orders=Orders(people.get)),
            flows=FlowWrites(reads=reads, overlay=overlay, flows=flow_overlay, sending=sending),
            leases=leases,
        ),
    )


def _secret(settings: Settings) -> bytes:
    if settings.gateway.secret is not None:
        return settings.gateway.secret.get_secret_value().encode()
    log.warning("no [gateway] secret: cursors end with this process and are not shared between replicas")
    return secrets.token_bytes(32)

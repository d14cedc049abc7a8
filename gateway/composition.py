"""All sources as one: lists, calls, shared answers and writes around the connectors."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef, TaskRef
from connectors.sdk.registry import connector_types
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.lists import Catalogues, CursorCodec, Directories, Lists, Stats
from gateway.federation.objects import Reads
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source, flights
from gateway.federation.traffic import Observe, unobserved
from gateway.federation.writes import (
    AtMostOnceSender,
    CommandBuilder,
    Creator,
    FlowWriter,
    TaskWriter,
    WritePipeline,
)
from gateway.settings import Settings
from gateway.store import Journal
from gateway.store.sqlite import SqliteJournal

__all__ = ["FederatedSources", "compose", "open_federation"]

log = structlog.get_logger("taskgate.federation")


@asynccontextmanager
async def open_federation(settings: Settings, *, observe: Observe = unobserved) -> AsyncIterator[FederatedSources]:
    """The composition root: every concrete part is named here, opened here and closed here.

    `observe` is told of every request upstream.
    """
    async with AsyncExitStack() as stack:
        sources = []
        for section in settings.sources:
            source = Source(connector_types()[section.vendor].open(section), observe=observe)
            stack.push_async_callback(source.aclose)
            sources.append(source)
        journal = SqliteJournal(settings.gateway.journal)
        stack.callback(journal.close)
        bounds = settings.gateway.cache
        answers = Cache(
            most_bytes=bounds.max_bytes,
            most_entries=bounds.max_entries,
            around=flights(
                {source.key: section.deadline for source, section in zip(sources, settings.sources, strict=True)}
            ),
        )
        stack.push_async_callback(answers.aclose)
        yield compose(
            sources, people=settings.callers, journal=journal, answers=answers, cursors=CursorCodec(_secret(settings))
        )


def compose(
    sources: Sequence[Source],
    *,
    people: Mapping[str, Caller],
    journal: Journal,
    answers: Cache,
    cursors: CursorCodec,
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
    sender = AtMostOnceSender(journal=journal, answers=answers)
    commands = CommandBuilder(people.get)
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
        writes=WritePipeline(
            by_key,
            journal=journal,
            tasks=TaskWriter(reads=reads, overlay=overlay, sender=sender, commands=commands),
            flows=FlowWriter(reads=reads, overlay=flow_overlay, sender=sender, commands=commands),
            creator=Creator(reads=reads, overlay=overlay, flow_overlay=flow_overlay, sender=sender, commands=commands),
        ),
    )


def _secret(settings: Settings) -> bytes:
    if settings.gateway.secret is not None:
        return settings.gateway.secret.get_secret_value().encode()
    log.warning("no [gateway] secret: cursors end with this process and are not shared between replicas")
    return secrets.token_bytes(32)

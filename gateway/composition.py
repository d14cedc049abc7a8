"""All sources as one: lists, calls, shared answers and writes around the connectors."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef, TaskRef
from connectors.sdk.registry import connector_types
from gateway.federation.cache import Cache, Kind, Tag
from gateway.federation.lists import CursorCodec, DefinitionLists, FlowLists, PeopleLists, Stats, TaskLists
from gateway.federation.objects import DirectoryReader, FlowReader, TaskReader
from gateway.federation.overlay import FlowOverlay, Overlay
from gateway.federation.service import FederatedSources, Lists, Objects
from gateway.federation.source_reader import SourceReader
from gateway.federation.sources import Source, flights
from gateway.federation.traffic import Observe, unobserved
from gateway.federation.writes import FlowWrites, Orders, Sending, TaskWrites, Writes
from gateway.settings import Settings
from gateway.store import Journal

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
        journal = Journal(settings.gateway.journal)
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
    reader = SourceReader(answers)
    flows = FlowReader(by_key, reader=reader, overlay=flow_overlay)
    tasks = TaskReader(by_key, reader=reader, overlay=overlay, flows=flows)
    task_lists = TaskLists(
        sources, reader=reader, overlay=overlay, cursors=cursors, person=people.get, within_flow=tasks.within_flow
    )
    sending = Sending(journal=journal, answers=answers)
    return FederatedSources(
        sources,
        people=people,
        linked=linked,
        cache=answers,
        lists=Lists(
            tasks=task_lists,
            flows=FlowLists(sources, reader=reader, cursors=cursors, overlay=flow_overlay),
            definitions=DefinitionLists(sources, reader=reader, cursors=cursors),
            people=PeopleLists(
                sources,
                reader=reader,
                cursors=cursors,
                people=people,
                linked=linked,
                visible_task=tasks.visible_task,
            ),
            stats=Stats(task_lists, by_key, linked=linked),
        ),
        objects=Objects(tasks=tasks, flows=flows, directory=DirectoryReader(by_key, reader=reader)),
        writes=Writes(
            by_key,
            journal=journal,
            tasks=TaskWrites(reads=tasks, overlay=overlay, sending=sending, orders=Orders(people.get)),
            flows=FlowWrites(reads=flows, overlay=overlay, flows=flow_overlay, sending=sending),
        ),
    )


def _secret(settings: Settings) -> bytes:
    if settings.gateway.secret is not None:
        return settings.gateway.secret.get_secret_value().encode()
    log.warning("no [gateway] secret: cursors end with this process and are not shared between replicas")
    return secrets.token_bytes(32)

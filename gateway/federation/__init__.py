"""All sources as one: lists, calls, shared answers and writes around the connectors."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from connectors.sdk.registry import connector_types
from gateway.federation.answers import SharedAnswers
from gateway.federation.cursor import CursorCodec
from gateway.federation.federated import FederatedSources
from gateway.federation.journal import Journal
from gateway.federation.lists import Lists
from gateway.federation.overlay import Overlay
from gateway.federation.reads import Reads
from gateway.federation.source import Source
from gateway.federation.writes import Writes
from gateway.settings import Settings

__all__ = ["FederatedSources", "open_federation"]

log = structlog.get_logger("taskgate.federation")


@asynccontextmanager
async def open_federation(settings: Settings) -> AsyncIterator[FederatedSources]:
    """The composition root: every concrete part is named here, opened here and closed here."""
    async with AsyncExitStack() as stack:
        sources = []
        for section in settings.sources:
            connector = connector_types()[section.vendor].open(section)
            stack.push_async_callback(connector.aclose)
            sources.append(Source(connector))
        journal = Journal(settings.gateway.journal)
        stack.callback(journal.close)
        answers, overlay = SharedAnswers(), Overlay()
        stack.push_async_callback(answers.aclose)
        by_key = {source.key: source for source in sources}
        people = settings.callers
        reads = Reads(by_key, answers=answers, overlay=overlay)
        yield FederatedSources(
            sources,
            people=people,
            lists=Lists(
                sources,
                answers=answers,
                overlay=overlay,
                cursors=CursorCodec(_secret(settings)),
                person=people.get,
                within_flow=reads.within_flow,
            ),
            reads=reads,
            writes=Writes(by_key, reads=reads, answers=answers, overlay=overlay, journal=journal, person=people.get),
        )


def _secret(settings: Settings) -> bytes:
    if settings.gateway.secret is not None:
        return settings.gateway.secret.get_secret_value().encode()
    log.warning("no [gateway] secret: cursors end with this process and are not shared between replicas")
    return secrets.token_bytes(32)

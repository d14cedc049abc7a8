"""Opens what replicas share, or one gateway has for itself: the journal of writes and the shared state that the settings name."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from msgspec.msgpack import Decoder

from gateway.federation.cache import Tag
from gateway.people import PeopleStore
from gateway.settings import OidcAuth, Settings
from gateway.shared import SharedState
from gateway.shared.opening import open_shared_state
from gateway.store.opening import AnyJournal, open_journal


def journal_of(settings: Settings) -> AnyJournal:
    """The caller closes it. GatewayUnavailableError if it cannot be used."""
    keep = timedelta(days=settings.store.keep_own_days)
    return open_journal(settings.gateway.journal, settings.store.address, keep_ended=keep.total_seconds())


def people_of(settings: Settings, journal: AnyJournal) -> PeopleStore:
    """People who signed in are kept where they sign in with tokens."""
    days = settings.store.keep_people_days if isinstance(settings.auth, OidcAuth) else 0
    return journal.people(keep=timedelta(days=days).total_seconds())


def shared_state_of(settings: Settings) -> AbstractAsyncContextManager[SharedState]:
    """An engine that is away is waited for in the background."""
    shared = settings.shared
    return open_shared_state(shared.address, name=shared.name, replicas=shared.replicas, decode_tag=Decoder(Tag).decode)

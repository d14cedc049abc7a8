"""What commands find out, or change, without opening a gateway: the journal, the providers, a source's directory."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, GatewayUnavailableError
from connectors.sdk.settings import SourceSettings
from gateway.audit import audit_fault
from gateway.auth import IssuerStatus, open_authenticator
from gateway.federation.lists import DirectoryScan
from gateway.federation.sources import Source, of_address
from gateway.federation.writes import shows_last_write
from gateway.people.book import BookOfPeople
from gateway.settings import Settings, one_line
from gateway.shared.memory import memory_state
from gateway.shared.opening import shared_fault
from gateway.store.forgetting import Forgotten
from gateway.store.opening import forget_person as erase_person
from gateway.store.opening import migrate_database, open_journal, schema_status
from gateway.telemetry import tracing_fault

__all__ = [
    "address_fault",
    "directory_scan",
    "faults_before_start",
    "forget_person",
    "history_shows_last_write",
    "issuers_now",
    "journal_fault",
    "migrate_database",
    "schema_status",
]

# Seconds for two answers of each provider.
LOOK_AT_ISSUERS = 12.0


async def issuers_now(settings: Settings) -> tuple[Sequence[IssuerStatus], set[str]]:
    """The identity providers after one look at each, and the addresses of those where pages can sign people in."""
    development = settings.gateway.profile == "development"
    async with open_authenticator(settings.auth, BookOfPeople(), is_development=development) as authenticator:
        await authenticator.first_look(within=LOOK_AT_ISSUERS)
        return authenticator.issuers(), {login.issuer for login in authenticator.logins()}


def journal_fault(settings: Settings) -> str | None:
    """Why the journal of writes cannot be used, in one line; None if it can. A file that is not there is not made."""
    if settings.store.url is not None:
        return _database_fault(settings.store.url.get_secret_value())
    path = settings.gateway.journal
    try:
        is_there = path.exists()
    except OSError as error:
        return f"{path}: the journal of writes cannot be opened: {error.strerror}"
    if not is_there:
        return None if os.access(path.parent, os.W_OK) else f"{path}: its folder cannot be written"
    try:
        open_journal(path, None).close()
    except GatewayUnavailableError as error:
        return f"{path}: {error.message}"
    return None


def _database(settings: Settings) -> str | None:
    return None if settings.store.url is None else settings.store.url.get_secret_value()


def _database_fault(url: str) -> str | None:
    """The database is only read."""
    try:
        found = schema_status(url)
    except GatewayUnavailableError as error:
        return f"[store] url: {error.message}"
    if found.number > found.wanted:
        return "[store] url: a newer version of taskgate made the tables in this database"
    return None


def faults_before_start(settings: Settings) -> Iterable[str]:
    """What would keep the gateway from starting, a line each: `check` and `serve` find the same."""
    is_on = settings.gateway.traces
    shared = None if settings.shared.url is None else settings.shared.url.get_secret_value()
    faults = (
        journal_fault(settings),
        shared_fault(shared),
        audit_fault(settings.gateway.audit),
        tracing_fault(is_on=is_on),
    )
    for fault in faults:
        if fault is not None:
            yield one_line(fault)


def address_fault(error: ConnectorError, section: SourceSettings) -> ConnectorError:
    """What is told of a source that does not answer as it should: a wrong address, where that is the reason."""
    return of_address(error, section)


def forget_person(settings: Settings, key: str) -> Forgotten:
    """Erases a person from the journal of writes. Raises GatewayUnavailableError."""
    return erase_person(settings.gateway.journal, _database(settings), key)


def directory_scan(connector: Connector[Any]) -> DirectoryScan:
    """Reads the directory of one source, as the book of people does."""
    return DirectoryScan({connector.source: Source(connector, rate_limits=memory_state().rate_limits)})


async def history_shows_last_write(settings: Settings, connector: Connector[Any]) -> bool | None:
    """Whether the source's history shows the gateway's last write to it; None if that cannot be told."""
    path, url = settings.gateway.journal, _database(settings)
    if journal_fault(settings) is not None or (url is None and not path.exists()):
        return None
    journal = open_journal(path, url)
    try:
        return await shows_last_write(connector, journal)
    except GatewayUnavailableError:
        return None
    finally:
        journal.close()

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
from gateway.store.forgetting import Forgotten
from gateway.store.forgetting import forget_person as erase_person
from gateway.store.sqlite import SqliteJournal
from gateway.telemetry import tracing_fault

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
    path = settings.gateway.journal
    try:
        is_there = path.exists()
    except OSError as error:
        return f"{path}: the journal of writes cannot be opened: {error.strerror}"
    if not is_there:
        return None if os.access(path.parent, os.W_OK) else f"{path}: its folder cannot be written"
    try:
        SqliteJournal(path).close()
    except GatewayUnavailableError as error:
        return f"{path}: {error.message}"
    return None


def faults_before_start(settings: Settings) -> Iterable[str]:
    """What would keep the gateway from starting, a line each: `check` and `serve` find the same."""
    is_on = settings.gateway.traces
    for fault in (journal_fault(settings), audit_fault(settings.gateway.audit), tracing_fault(is_on=is_on)):
        if fault is not None:
            yield one_line(fault)


def address_fault(error: ConnectorError, section: SourceSettings) -> ConnectorError:
    """What is told of a source that does not answer as it should: a wrong address, where that is the reason."""
    return of_address(error, section)


def forget_person(settings: Settings, key: str) -> Forgotten:
    """Erases a person from the journal of writes. Raises GatewayUnavailableError."""
    path = settings.gateway.journal
    return erase_person(path, key) if path.exists() else Forgotten(writes=0, ended_tasks=0, left=0)


def directory_scan(connector: Connector[Any]) -> DirectoryScan:
    """Reads the directory of one source, as the book of people does."""
    return DirectoryScan({connector.source: Source(connector, rate_limits=memory_state().rate_limits)})


async def history_shows_last_write(settings: Settings, connector: Connector[Any]) -> bool | None:
    """Whether the source's history shows the gateway's last write to it; None if that cannot be told."""
    path = settings.gateway.journal
    if journal_fault(settings) is not None or not path.exists():
        return None
    journal = SqliteJournal(path)
    try:
        return await shows_last_write(connector, journal)
    except GatewayUnavailableError:
        return None
    finally:
        journal.close()

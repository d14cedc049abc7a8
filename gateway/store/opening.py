"""Opens the journal that the configuration names: a SQLite file, or a PostgreSQL database.

What speaks to PostgreSQL is imported only where a database is named: its library is an extra.
"""

# ruff: noqa: PLC0415 - the extra may be missing
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store.forgetting import Forgotten
from gateway.store.forgetting import forget_person as forget_in_file
from gateway.store.port import KEPT_SECONDS
from gateway.store.sqlite import SqliteJournal

if TYPE_CHECKING:
    from gateway.store.postgres import PostgresJournal, SchemaStatus

AnyJournal: TypeAlias = "SqliteJournal | PostgresJournal"


def open_journal(path: Path, url: str | None, *, keep_ended: float = KEPT_SECONDS) -> AnyJournal:
    """The caller closes it. Raises GatewayUnavailableError."""
    if url is None:
        return SqliteJournal(path, keep_ended=keep_ended)
    _require_extra()
    from gateway.store.postgres import PostgresJournal

    return PostgresJournal(url, keep_ended=keep_ended)


def forget_person(path: Path, url: str | None, person: str) -> Forgotten:
    """Erases a person. A file that is not there is not made. Raises GatewayUnavailableError."""
    if url is None:
        return forget_in_file(path, person) if path.exists() else Forgotten(writes=0, ended_tasks=0, left=0)
    _require_extra()
    from gateway.store.postgres import forget_person as forget_in_database

    return forget_in_database(url, person)


def schema_status(url: str) -> "SchemaStatus":
    """Which step the tables of the database have. Raises GatewayUnavailableError."""
    _require_extra()
    from gateway.store import postgres

    return postgres.schema_status(url)


def migrate_database(url: str) -> "SchemaStatus":
    """Brings the tables to the last step; the status of before. Raises GatewayUnavailableError."""
    _require_extra()
    from gateway.store import postgres

    return postgres.migrate_database(url)


def _require_extra() -> None:
    try:
        import psycopg
    except ImportError as error:
        raise GatewayUnavailableError(
            "[store] url needs the extra `postgres`: python -m pip install 'taskgate[postgres]'"
        ) from error
    del psycopg

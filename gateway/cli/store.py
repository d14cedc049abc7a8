"""`taskgate store`: the tables of the journal in PostgreSQL."""

import typer

from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.logs import log_errors_only
from gateway.cli.options import ConfigFile

store = typer.Typer(help="Where writes are recorded.", no_args_is_help=True)


@store.callback()
def group() -> None:
    """Where writes are recorded."""


@store.command()
def status(config: ConfigFile) -> None:
    """Print which step the tables of the journal have. Changes nothing.

    Exit 1 if the database cannot be used, or a newer version made its tables.
    """
    url = _database(config)
    from connectors.sdk.errors import GatewayUnavailableError
    from gateway.inspection import schema_status

    try:
        found = schema_status(url)
    except GatewayUnavailableError as error:
        fail(f"[store] url: {error.message}")
    print(f"tables: step {found.number} of {found.wanted}")
    if found.number > found.wanted:
        fail("a newer version of taskgate made the tables; this version does not start on them")
    if found.number < found.wanted:
        print("`taskgate store migrate`, or the next start of a gateway, brings them up to date")


@store.command()
def migrate(config: ConfigFile) -> None:
    """Bring the tables of the journal up to date, in one transaction. Gateways may run meanwhile.

    With an account that may create tables; the gateway's own needs no such right afterwards. Exit 1 if it cannot be done; then
    nothing is changed.
    """
    url = _database(config)
    from connectors.sdk.errors import GatewayUnavailableError
    from gateway.inspection import migrate_database

    try:
        before = migrate_database(url)
    except GatewayUnavailableError as error:
        fail(f"[store] url: {error.message}")
    if before.number < before.wanted:
        print(f"tables: brought from step {before.number} to step {before.wanted}")
    else:
        print(f"tables: step {before.wanted} of {before.wanted}; nothing to do")


def _database(config: ConfigFile) -> str:
    log_errors_only()
    settings = load_or_fail(config)
    if settings.store.url is None:
        fail(
            f"{settings.gateway.journal}: a SQLite file, which a gateway brings up to date when it starts. [store] url names a database"
        )
    return settings.store.url.get_secret_value()

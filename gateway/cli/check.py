"""`taskgate check`: the configuration, the journal of writes, and whether every source answers."""

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.configuration import load_or_fail
from gateway.cli.logs import log_errors_only
from gateway.cli.options import ConfigFile
from gateway.cli.table import print_table

if TYPE_CHECKING:
    from connectors.sdk.connector import Connector
    from connectors.sdk.settings import SourceSettings
    from gateway.settings import Settings

# Whether the source's history has an entry for the last write of the gateway.
_HISTORY = {
    None: "",
    True: "; its history shows our last write",
    False: "; its history does not show our last write, so it proves no write whose answer is lost",
}


def check(config: ConfigFile) -> None:
    """Validate configuration and journal, ask every source whether it answers, and what its account can do; exit 0 when all
    is well, else 1.
    """
    log_errors_only()
    settings = load_or_fail(config)
    from gateway.audit import audit_fault
    from gateway.composition import journal_fault

    faults = [fault for fault in (journal_fault(settings), audit_fault(settings.gateway.audit)) if fault is not None]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not asyncio.run(_all_answer(settings)) or faults:
        raise typer.Exit(1)


async def _all_answer(settings: "Settings") -> bool:
    rows = await asyncio.gather(*(_row(settings, section) for section in settings.sources))
    print_table(("source", "vendor", "status", ""), rows)
    return all(row[2] == "OK" for row in rows)


async def _row(settings: "Settings", section: "SourceSettings") -> tuple[str, str, str, str]:
    from connectors.sdk.errors import ConnectorError
    from connectors.sdk.registry import connector_types
    from gateway.composition import history_shows_last_write

    connector = connector_types()[section.vendor].open(section)
    try:
        await connector.ping()
        account = await _account(connector)
        shown = await history_shows_last_write(settings, connector)
        reader = await _reader(section)
    except ConnectorError as error:
        return section.key, section.vendor, error.code, error.message
    finally:
        await connector.aclose()
    lacks = dict.fromkeys(connector.info.withheld.values())
    if lacks:
        return section.key, section.vendor, "LIMITED", "; ".join(lacks) + _HISTORY[shown]
    as_whom = f" as {account}" if account else ""
    answers = "answers, and accepts our credentials" if section.acts_as == "service" else "answers"
    return section.key, section.vendor, "OK", f"{answers}{as_whom}{reader}{_HISTORY[shown]}"


async def _reader(section: "SourceSettings") -> str:
    """What the reader account of a source can do; empty without one. ConnectorError if it is refused."""
    from connectors.sdk.errors import ConnectorError
    from connectors.sdk.registry import connector_types

    reading = section.as_reader()
    if reading is None:
        return ""
    connector = connector_types()[section.vendor].open(reading)
    try:
        await connector.ping()
        account = await _account(connector)
    except ConnectorError as error:
        error.message = f"its reader: {error.message}"
        raise
    finally:
        await connector.aclose()
    return f"; its reader is accepted{f' as {account}' if account else ''}"


async def _account(connector: "Connector[Any]") -> str:
    """Who the account is; empty if the vendor does not tell, or refuses to."""
    from connectors.sdk.errors import RejectedError

    try:
        return await connector.look_at_account()
    except RejectedError:
        return ""

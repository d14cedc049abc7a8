"""`taskgate check`: the configuration, the journal of writes, and whether every source and identity provider answers."""

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

Row = tuple[str, str, str, str]

# Whether the source's history has an entry for the last write of the gateway.
_HISTORY = {
    None: "",
    True: "; its history shows our last write",
    False: "; its history does not show our last write, so it proves no write whose answer is lost",
}


def check(config: ConfigFile) -> None:
    """Validate configuration and journal, ask every source whether it answers, what its account can do, and whether its
    directory can link people, and every identity provider for its keys; exit 0 when all is well, else 1.
    """
    log_errors_only()
    settings = load_or_fail(config)
    from gateway.audit import audit_fault
    from gateway.inspection import journal_fault

    faults = [fault for fault in (journal_fault(settings), audit_fault(settings.gateway.audit)) if fault is not None]
    for fault in faults:
        print(fault, file=sys.stderr)
    if settings.gateway.secret is None:
        # `serve` warns of it too.
        print("gateway.secret: is not set; cursors end with the process and are not shared between replicas")
    is_well = [asyncio.run(_all_answer(settings)), asyncio.run(_issuers_answer(settings)), not faults]
    if not all(is_well):
        raise typer.Exit(1)


async def _all_answer(settings: "Settings") -> bool:
    found = await asyncio.gather(*(_rows(settings, section) for section in settings.sources))
    rows = [row for row, _ in found]
    print_table(("source", "vendor", "status", ""), rows)
    directories = [row for _, row in found if row is not None]
    if directories:
        print()
        print_table(("directory of", "rules", "status", ""), directories)
    return all(row[2] == "OK" for row in rows) and all(row[2] in {"OK", "UNREAD"} for row in directories)


async def _rows(settings: "Settings", section: "SourceSettings") -> tuple[Row, Row | None]:
    """What the source answers, and what its directory says if the source answers."""
    from connectors.sdk.registry import connector_types
    from gateway.cli.directory_check import directory_row

    row = await _row(settings, section)
    if row[2] not in {"OK", "LIMITED"}:
        return row, None
    connector = connector_types()[section.vendor].open(section)
    try:
        return row, await directory_row(settings, section, connector)
    finally:
        await connector.aclose()


async def _issuers_answer(settings: "Settings") -> bool:
    from gateway.inspection import issuers_now
    from gateway.settings import OidcAuth

    if not isinstance(settings.auth, OidcAuth):
        return True
    found, with_pages = await issuers_now(settings)
    rows = []
    for issuer, status in zip(settings.auth.issuers, found, strict=True):
        if status.status != "OK":
            rows.append((status.issuer, "UNAVAILABLE", status.reason or ""))
        elif issuer.login is not None and status.issuer not in with_pages:
            rows.append((status.issuer, "LIMITED", "its discovery does not say where pages sign people in (login)"))
        else:
            rows.append((status.issuer, "OK", "its keys are read"))
    print()
    print_table(("issuer", "status", ""), rows)
    return all(row[1] == "OK" for row in rows)


async def _row(settings: "Settings", section: "SourceSettings") -> Row:
    from connectors.sdk.errors import ConnectorError
    from connectors.sdk.registry import connector_types
    from gateway.inspection import history_shows_last_write

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

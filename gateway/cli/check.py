"""`taskgate check`: the configuration, the journal of writes, and whether every source and identity provider answers."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import typer

from gateway.cli.asgi_server import bound
from gateway.cli.configuration import load_or_fail
from gateway.cli.logs import log_errors_only
from gateway.cli.options import LOCALHOST, ConfigFile
from gateway.cli.table import print_table

if TYPE_CHECKING:
    from connectors.sdk.connector import Connector
    from connectors.sdk.errors import ConnectorError
    from connectors.sdk.settings import SourceSettings
    from gateway.settings import Settings

Row = tuple[str, str, str, str]

# Whether the source's history has an entry for the last write of the gateway.
_HISTORY = {
    None: "",
    True: "; its history shows our last write",
    False: "; its history does not show our last write, so it proves no write whose answer is lost",
}


class Opened(NamedTuple):
    """The connectors of a source: opened before any of them is asked, because opening them takes time from the others."""

    section: "SourceSettings"
    main: "Connector[Any]"
    reader: "Connector[Any] | None"

    @classmethod
    def of(cls, section: "SourceSettings") -> Self:
        from connectors.sdk.registry import connector_types

        connector = connector_types()[section.vendor]
        reading = section.as_reader()
        return cls(section, connector.open(section), None if reading is None else connector.open(reading))

    async def aclose(self) -> None:
        await self.main.aclose()
        if self.reader is not None:
            await self.reader.aclose()


def check(
    config: ConfigFile,
    host: str = LOCALHOST,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Also whether the gateway may listen at this port.")
    ] = None,
) -> None:
    """Validate configuration and journal, ask every source whether it answers, what its account can do, and whether its
    directory can link people, and every identity provider for its keys; exit 0 when all is well, else 1.
    """
    log_errors_only()
    settings = load_or_fail(config)
    from gateway.inspection import faults_before_start

    faults = list(faults_before_start(settings))
    for fault in faults:
        print(fault, file=sys.stderr)
    may_listen = port is None or _may_listen(host, port)
    if settings.gateway.secret is None:
        # `serve` warns of it too.
        print("gateway.secret: is not set; cursors end with the process and are not shared between replicas")
    is_well = [asyncio.run(_all_answer(settings)), asyncio.run(_issuers_answer(settings)), not faults, may_listen]
    if not all(is_well):
        raise typer.Exit(1)


def _may_listen(host: str, port: int) -> bool:
    """Whether the port is free. Otherwise the reason has been printed."""
    try:
        bound(host, port).close()
    except typer.Exit:
        return False
    return True


async def _all_answer(settings: "Settings") -> bool:
    opened = [Opened.of(section) for section in settings.sources]
    try:
        found = await asyncio.gather(*(_rows(settings, source) for source in opened))
    finally:
        for source in opened:
            await source.aclose()
    rows = [row for row, _ in found]
    print_table(("source", "vendor", "status", ""), rows)
    directories = [row for _, row in found if row is not None]
    if directories:
        print()
        print_table(("directory of", "rules", "status", ""), directories)
    return all(row[2] == "OK" for row in rows) and all(row[2] in {"OK", "UNREAD"} for row in directories)


async def _rows(settings: "Settings", source: Opened) -> tuple[Row, Row | None]:
    """What the source answers, and what its directory says if the source answers."""
    from gateway.cli.directory_check import directory_row

    row = await _row(settings, source)
    if row[2] not in {"OK", "LIMITED"}:
        return row, None
    return row, await directory_row(settings, source.section, source.main)


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


async def _row(settings: "Settings", source: Opened) -> Row:
    from connectors.sdk.errors import ConnectorError
    from gateway.inspection import address_fault, history_shows_last_write

    section, connector = source.section, source.main
    try:
        await connector.ping()
        account = await _account(connector)
        shown = await history_shows_last_write(settings, connector)
        reader = await _reader(source.reader)
    except ConnectorError as raised:
        error = address_fault(raised, section)
        return section.key, section.vendor, error.code, _with_status(error)
    lacks = dict.fromkeys(connector.info.withheld.values())
    if lacks:
        return section.key, section.vendor, "LIMITED", "; ".join(lacks) + _HISTORY[shown]
    as_whom = f" as {account}" if account else ""
    answers = "answers, and accepts our credentials" if section.acts_as == "service" else "answers"
    return section.key, section.vendor, "OK", f"{answers}{as_whom}{reader}{_HISTORY[shown]}"


def _with_status(error: "ConnectorError") -> str:
    """The message, with the HTTP status that it does not name itself: several mistakes are told apart by it."""
    status = error.native_status
    return error.message if status is None or str(status) in error.message else f"{error.message} (status {status})"


async def _reader(connector: "Connector[Any] | None") -> str:
    """What the reader account of a source can do; empty without one. ConnectorError if it is refused."""
    from connectors.sdk.errors import ConnectorError

    if connector is None:
        return ""
    try:
        await connector.ping()
        account = await _account(connector)
    except ConnectorError as error:
        error.message = f"its reader: {error.message}"
        raise
    return f"; its reader is accepted{f' as {account}' if account else ''}"


async def _account(connector: "Connector[Any]") -> str:
    """Who the account is; empty if the vendor does not tell, or refuses to."""
    from connectors.sdk.errors import RejectedError

    try:
        return await connector.look_at_account()
    except RejectedError:
        return ""

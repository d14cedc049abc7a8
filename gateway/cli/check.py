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
    from collections.abc import Iterator, Sequence

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
    """The connectors of a source: opened before any of them is asked, because opening them takes time from the others.

    `directory` reads the directory, by the reader account where there is one. It is asked nothing before, and sends its
    requests through an admission control of its own.
    """

    section: "SourceSettings"
    main: "Connector[Any]"
    reader: "Connector[Any] | None"
    directory: "Connector[Any]"

    @classmethod
    def of(cls, section: "SourceSettings") -> Self:
        from connectors.sdk.registry import connector_types

        connector = connector_types()[section.vendor]
        reading = section.as_reader()
        reader = None if reading is None else connector.open(reading)
        return cls(section, connector.open(section), reader, connector.open(reading or section))

    async def aclose(self) -> None:
        await self.main.aclose()
        await self.directory.aclose()
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
    for note in limits_without_effect(settings.sources):
        print(note)
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


def limits_without_effect(sections: "Sequence[SourceSettings]") -> "Iterator[str]":
    """A line for each configured limit that is above the one that the vendor documents. It is no fault."""
    from connectors.sdk.registry import connector_types

    for index, section in enumerate(sections):
        documented = connector_types()[section.vendor].info_for(section).default_limits
        for name in ("requests", "writes"):
            given, most = getattr(section.limits, name), getattr(documented, name)
            if given is not None and most is not None and given > most:
                yield (
                    f"sources[{index}].limits.{name}: {given} is above the {most} that the vendor documents; more are sent only "
                    "if its answers allow them"
                )


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

    row = _key_of(source)
    try:
        row = await _row(settings, source)
        if row[2] not in {"OK", "LIMITED"}:
            return row, None
        return row, await directory_row(settings, source.section, source.directory)
    except Exception as error:  # noqa: BLE001 a connector's own fault must not hide the other sources
        return (*row[:2], "FAILED", f"its connector failed in a way that it should not ({type(error).__name__})"), None


def _key_of(source: Opened) -> Row:
    return source.section.key, source.section.vendor, "", ""


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
    from gateway.cli.rights_check import forbidden_lists
    from gateway.inspection import address_fault, history_shows_last_write

    section, connector = source.section, source.main
    try:
        await connector.ping()
        account = await _account(connector)
        shown = await history_shows_last_write(settings, connector)
        reader = await _reader(source.reader)
        forbidden = await forbidden_lists(connector) if section.acts_as == "service" else ()
    except ConnectorError as raised:
        error = address_fault(raised, section)
        return section.key, section.vendor, error.code, _with_status(error)
    lacks = dict.fromkeys(connector.info.withheld.values())
    if forbidden:
        lacks[f"the account may not list {', '.join(forbidden)}: rights or scopes are missing"] = None
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

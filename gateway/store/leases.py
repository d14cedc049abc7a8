"""The leases on targets of writes that gateways over one journal file share, as rows of that file.

A row stays when its lease ends and says which gateway held it last. All of it is done in a transaction that holds the
file's lock from its beginning, so that no other process takes a lease in between.
"""

import sqlite3
from collections.abc import Callable

import msgspec

from connectors.sdk.model import Task
from gateway.store.port import KEPT_SECONDS, Lease
from gateway.store.rows import decoded

Columns = tuple[str, str, str]
"""Source, native id and kind of a target."""


def take(
    db: sqlite3.Connection, target: Columns, gateway: str, is_running: Callable[[str | None], bool]
) -> Lease | None:
    """None while another running gateway holds it."""
    row = db.execute(
        "SELECT gateway, last, hidden FROM lease WHERE source = ? AND target = ? AND kind = ?", target
    ).fetchone()
    holder, last, hidden = (None, None, None) if row is None else row
    if holder not in {None, gateway} and is_running(holder):
        return None
    db.execute(
        "INSERT INTO lease (source, target, kind, gateway) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET gateway = excluded.gateway",
        (*target, gateway),
    )
    is_from_another = (holder or last) not in {None, gateway}
    return Lease(
        is_from_another=is_from_another,
        was_left=holder is not None and holder != gateway,
        hidden=decoded(hidden, Task) if is_from_another else None,
    )


def give_back(db: sqlite3.Connection, target: Columns, gateway: str, *, ran: float, hidden: Task | None) -> None:
    db.execute(
        "UPDATE lease SET gateway = NULL, last = ?, ran = ?, hidden = ? WHERE source = ? AND target = ? AND kind = ? AND gateway = ?",
        (gateway, ran, None if hidden is None else msgspec.msgpack.encode(hidden), *target, gateway),
    )


def forget_old(db: sqlite3.Connection, *, ran: float) -> None:
    db.execute("DELETE FROM lease WHERE gateway IS NULL AND ran < ?", (ran - KEPT_SECONDS,))

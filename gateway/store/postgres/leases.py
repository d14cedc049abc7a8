"""Leases on targets of writes, as rows that stay and say which gateway held them last.

A row is locked while it is decided about, so that of two gateways one waits for the other.
"""

from collections.abc import Callable

import msgspec

from connectors.sdk.model import Task
from gateway.store.port import KEPT_SECONDS, Lease
from gateway.store.postgres.engine import Connection
from gateway.store.rows import decoded

Columns = tuple[str, str, str]
"""Source, native id and kind of a target."""

_THIS = "source = %s AND target = %s AND kind = %s"


def take(
    db: Connection, target: Columns, gateway: str, is_running: Callable[[Connection, str | None], bool]
) -> Lease | None:
    """None while another running gateway holds it."""
    row = None
    while row is None:
        # Again, if the row was forgotten in between.
        db.execute("INSERT INTO lease (source, target, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", target)
        row = db.execute(f"SELECT gateway, last, hidden FROM lease WHERE {_THIS} FOR UPDATE", target).fetchone()  # noqa: S608 no input
    holder, last, hidden = row
    if holder not in {None, gateway} and is_running(db, holder):
        return None
    db.execute(f"UPDATE lease SET gateway = %s WHERE {_THIS}", (gateway, *target))  # noqa: S608 no input
    is_from_another = (holder or last) not in {None, gateway}
    return Lease(
        is_from_another=is_from_another,
        was_left=holder is not None and holder != gateway,
        hidden=decoded(hidden, Task) if is_from_another else None,
    )


def give_back(db: Connection, target: Columns, gateway: str, *, ran: float, hidden: Task | None) -> None:
    db.execute(
        f"UPDATE lease SET gateway = NULL, last = %s, ran = %s, hidden = %s WHERE {_THIS} AND gateway = %s",  # noqa: S608 no input
        (gateway, ran, None if hidden is None else msgspec.msgpack.encode(hidden), *target, gateway),
    )


def holds(db: Connection, target: Columns, gateway: str) -> bool:
    """Whether the lease is this gateway's until the transaction ends."""
    found = db.execute(f"SELECT 1 FROM lease WHERE {_THIS} AND gateway = %s FOR SHARE", (*target, gateway))  # noqa: S608 no input
    return found.fetchone() is not None


def forget_old(db: Connection, *, ran: float) -> None:
    db.execute("DELETE FROM lease WHERE gateway IS NULL AND last IS NOT NULL AND ran < %s", (ran - KEPT_SECONDS,))

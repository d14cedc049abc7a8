"""Which gateways run over one database.

Each renews its row every BEAT seconds; a gateway whose row is older than GONE_AFTER has ended, or cannot reach the engine.
Only the engine's clock is asked. What a restart of the engine takes is not held against them: the time counts from then.

A gateway that was only cut off may come back: `leases.holds` refuses what it wants to send to a target that another took.
"""

import secrets
import threading
from collections.abc import Callable

import structlog

from connectors.sdk.errors import GatewayError
from gateway.store.postgres.engine import Connection, Engine

log = structlog.get_logger("taskgate.store")

BEAT = 3.0
GONE_AFTER = 15.0

IS_RUNNING = (
    "greatest(running_gateway.renewed_at, pg_postmaster_start_time())"
    f" > clock_timestamp() - interval '{GONE_AFTER} seconds'"
)


class Presence:
    """`also`: what is done with each beat, in its thread, once the engine has answered."""

    def __init__(self, engine: Engine, *, also: Callable[[], None], beat: float = BEAT) -> None:
        """Raises GatewayUnavailableError."""
        self.id = secrets.token_hex(8)
        self._engine, self._also, self._beat = engine, also, beat
        self._end = threading.Event()
        self.renew()
        self._thread = threading.Thread(target=self._go_on, name="journal-presence", daemon=True)
        self._thread.start()

    def renew(self) -> None:
        """Raises GatewayError."""

        def upsert(db: Connection) -> None:
            db.execute(
                "INSERT INTO running_gateway (id, renewed_at) VALUES (%s, clock_timestamp())"
                " ON CONFLICT (id) DO UPDATE SET renewed_at = clock_timestamp()",
                (self.id,),
            )
            db.execute("DELETE FROM running_gateway WHERE renewed_at < clock_timestamp() - interval '1 day'")

        self._engine.call(upsert, tries_anyway=True)

    def is_running(self, db: Connection, gateway: str | None) -> bool:
        """Whether that gateway runs; None: an unknown one, which does not."""
        if gateway == self.id:
            return True
        found = db.execute(f"SELECT 1 FROM running_gateway WHERE id = %s AND {IS_RUNNING}", (gateway,))  # noqa: S608 no input
        return found.fetchone() is not None

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        try:
            self._engine.call(lambda db: db.execute("DELETE FROM running_gateway WHERE id = %s", (self.id,)))
        except GatewayError:
            # The others wait until the row is too old.
            log.warning("the end of this gateway could not be recorded")

    def _go_on(self) -> None:
        while not self._end.wait(self._beat):
            try:
                self.renew()
                self._also()
            except GatewayError as error:
                log.warning("journal away", reason=error.message)
            except Exception:
                log.exception("journal's presence")

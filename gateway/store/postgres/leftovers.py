"""What could not be done while the engine was away, and is done with a later beat."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.sdk.model import Task
from gateway.store.port import Stage
from gateway.store.postgres import leases
from gateway.store.postgres.engine import Connection, Engine


class Leftovers:
    """Leases that were not given back, and writes that were refused but may have been recorded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._leases: dict[leases.Columns, Task | None] = {}
        self._refused: set[str] = set()
        self._lock = threading.Lock()

    def keep_lease(self, target: leases.Columns, hidden: Task | None = None) -> None:
        self._leases[target] = hidden

    def keep_refused(self, operation_id: str) -> None:
        self._refused.add(operation_id)

    @contextmanager
    def none_of(self, target: leases.Columns) -> Iterator[None]:
        """The lease is taken again in this block: it is not given back here any more, unless the block fails."""
        # `tidy` may be about to give it back: that is waited for, in the thread of the block.
        with self._lock:
            is_left, hidden = target in self._leases, self._leases.pop(target, None)
        try:
            yield
        except BaseException:
            if is_left:
                self._leases[target] = hidden
            raise

    def tidy(self, gateway: str, *, ran: float) -> None:
        """Raises GatewayError; then the rest stays."""
        for operation_id in tuple(self._refused):

            def delete(db: Connection, operation_id: str = operation_id) -> None:
                statement = "DELETE FROM operation WHERE id = %s AND stage = %s"
                db.execute(statement, (operation_id, Stage.ADMITTED))

            self._engine.call(delete)
            self._refused.discard(operation_id)
        with self._lock:
            for target, hidden in tuple(self._leases.items()):

                def give_back(db: Connection, target: leases.Columns = target, hidden: Task | None = hidden) -> None:
                    leases.give_back(db, target, gateway, ran=ran, hidden=hidden)

                self._engine.call(give_back)
                self._leases.pop(target, None)

"""What outlives the process: the journal of writes. Its front door is the port.

port     the journal as the gateway uses it: guarantees, stages, errors
sqlite   the journal in a SQLite file; only `gateway.composition` imports it
"""

from gateway.store.port import KEPT_SECONDS, Journal, Record, Stage

__all__ = ["KEPT_SECONDS", "Journal", "Record", "Stage"]

"""What outlives the process: the journal of writes. Other rooms use it through the port.

port        the journal as the gateway uses it: guarantees, stages, errors
sqlite      the journal in a SQLite file; only `gateway.composition` imports it
migrations  the tables of that file as numbered steps
"""

from gateway.store.port import KEPT_SECONDS, EndedTask, Journal, OpenWrite, Record, Stage

__all__ = ["KEPT_SECONDS", "EndedTask", "Journal", "OpenWrite", "Record", "Stage"]

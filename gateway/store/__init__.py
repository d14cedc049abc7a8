"""What outlives the process: the journal of writes. Other rooms use it through the port.

port        the journal as the gateway uses it: guarantees, stages, errors
evidence    what is kept of a vendor write so that its effect can be recognised
sqlite      the journal in a SQLite file; only `gateway.composition` imports it
rows        its rows as records
migrations  the tables of that file as numbered steps
"""

from gateway.store.evidence import Evidence, digest
from gateway.store.port import KEPT_SECONDS, EndedTask, Journal, OpenWrite, Record, Stage, Step

__all__ = ["KEPT_SECONDS", "EndedTask", "Evidence", "Journal", "OpenWrite", "Record", "Stage", "Step", "digest"]

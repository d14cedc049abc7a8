"""What the gateway keeps on disk.

port     the journal of writes as the gateway uses it: guarantees, stages, errors
sqlite   the journal in a SQLite file; only `gateway.composition` names it
"""

from gateway.store.port import KEPT_SECONDS, Journal, Record, Stage
from gateway.store.sqlite import SqliteJournal

__all__ = ["KEPT_SECONDS", "Journal", "Record", "SqliteJournal", "Stage"]

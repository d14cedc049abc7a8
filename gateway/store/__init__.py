"""What outlives the process: the journal of writes. Other rooms use it through the port.

port        the journal as the gateway uses it: guarantees, stages, errors
evidence    what is kept of a vendor write so that its effect can be recognised
undo        what takes the first of two steps back
opening     opens the journal that the configuration names; only `gateway.composition` and `gateway.inspection` import it
postgres    the journal in PostgreSQL
sqlite      the journal in a SQLite file
worker      what works on that file, and the thread that waits for the disk
rows        its rows as records
leases      leases on targets, shared by the gateways over that file
checkpoints moves its log into the file, beside the writes
private_file  its access rights
people      people who signed in
presence    which gateways run over it
forgetting  erases a person
migrations  the tables of that file as numbered steps
"""

from gateway.store.evidence import Evidence, digest
from gateway.store.port import KEPT_SECONDS, EndedTask, Journal, Lease, OpenWrite, Record, Stage, Step
from gateway.store.undo import KeptCommand, Undo

__all__ = [
    "KEPT_SECONDS",
    "EndedTask",
    "Evidence",
    "Journal",
    "KeptCommand",
    "Lease",
    "OpenWrite",
    "Record",
    "Stage",
    "Step",
    "Undo",
    "digest",
]

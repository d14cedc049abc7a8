"""The journal of writes in PostgreSQL, which several gateways share. Only `gateway.composition` and `gateway.inspection` import it.

journal     the journal itself
engine      threads with a connection each, and what is told of an engine that is away
presence    which gateways run over the database, by its own clock
leases      leases on targets
leftovers   what could not be done while the engine was away
migrations  the tables as numbered steps
people      people who signed in
forgetting  erases a person
"""

from gateway.store.postgres.forgetting import forget_person
from gateway.store.postgres.journal import PostgresJournal
from gateway.store.postgres.migrations import SchemaStatus, migrate_database, schema_status

__all__ = ["PostgresJournal", "SchemaStatus", "forget_person", "migrate_database", "schema_status"]

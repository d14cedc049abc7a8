"""How long an operation may wait for its sources."""

from msgspec import Struct

from schema.execution import GraphQLOperation


class Deadlines(Struct, frozen=True):
    """Seconds that a GraphQL operation may wait for its sources; `bulk` more if it writes to many tasks."""

    query: float
    mutation: float
    bulk: float

    def of(self, operation: GraphQLOperation) -> float:
        """For a subscription: of one event."""
        if not operation.is_mutation:
            return self.query
        return self.mutation + (self.bulk if operation.is_bulk else 0.0)

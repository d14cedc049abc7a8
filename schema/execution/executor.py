"""How graphql-core completes values: as usual, except for numbers that no Int can hold."""

from typing import Any

from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLInt
from graphql.type import GraphQLLeafType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class BoundedIntExecutor(StrawberryGraphQLCoreExecutionContext):
    """An Int beyond 32 bits becomes the nearest one that fits.

    Vendors' priorities, counts and limits may be larger; graphql-core would fail the field.
    """

    @staticmethod
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
        if return_type is GraphQLInt and isinstance(result, int) and not GRAPHQL_MIN_INT <= result <= GRAPHQL_MAX_INT:
            return GRAPHQL_MAX_INT if result > 0 else GRAPHQL_MIN_INT
        return StrawberryGraphQLCoreExecutionContext.complete_leaf_value(return_type, result)

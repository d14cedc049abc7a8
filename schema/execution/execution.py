"""One operation run against the graph, whatever brought it here and whatever carries its answer away."""

from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType, execute
from msgspec import Struct
from strawberry.execution import optimized_is_awaitable

from schema.core.context import Context
from schema.core.errors import client_error, written
from schema.core.limits import DocumentLimits
from schema.execution.documents import DocumentError, Documents


class GraphQLOperation(Struct, frozen=True, kw_only=True):
    """Read and found fit to run. `name` is None where the document gives none."""

    document: DocumentNode
    name: str | None
    is_mutation: bool
    variables: dict[str, Any] | None


class GraphQLResponse(Struct, frozen=True):
    """What goes to the client. Where nothing `ran`, there is no data: the request itself was at fault."""

    errors: list[dict[str, Any]]
    data: dict[str, Any] | None = None
    ran: bool = True

    def written(self) -> dict[str, Any]:
        if not self.ran:
            return {"errors": self.errors}
        return {"errors": self.errors, "data": self.data} if self.errors else {"data": self.data}


class RequestError(Exception):
    """The request cannot run; `answer` says why."""

    def __init__(self, answer: GraphQLResponse) -> None:
        super().__init__("the request cannot run")
        self.answer = answer


class Execution:
    """The graph, ready to run operations; one for all requests.

    Runs graphql-core itself: Strawberry would parse and validate each text anew, and its extensions are not needed.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: DocumentLimits | None = None,
        *,
        introspection: bool = True,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        # Strawberry runs a text; what is parsed and validated already can only be run below it.
        self._core = schema._schema  # noqa: SLF001
        self._documents = Documents(
            self._core, limits or DocumentLimits(), introspection=introspection, suggestions=suggestions
        )
        self._suggestions = suggestions

    def read(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None
    ) -> GraphQLOperation:
        """The operation asked for; RequestError where it cannot run."""
        try:
            document = self._documents.read(query)
            node: OperationDefinitionNode = self._documents.operation(document, operation_name, variables)
        except DocumentError as error:
            raise RequestError(
                GraphQLResponse([written(each, error.code) for each in error.errors], ran=False)
            ) from error
        return GraphQLOperation(
            document=document,
            name=None if node.name is None else node.name.value,
            is_mutation=node.operation is OperationType.MUTATION,
            variables=variables,
        )

    async def run(self, operation: GraphQLOperation, context: Context) -> GraphQLResponse:
        """Its answer, errors as a client may see them. Nothing is raised for what a resolver does."""
        executed = execute(
            self._core,
            operation.document,
            context_value=context,
            variable_values=operation.variables,
            operation_name=operation.name,
            executor_class=self._schema.execution_context_class,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=not self._suggestions,
        )
        result = executed if isinstance(executed, ExecutionResult) else await executed
        errors = [_shown(error) for error in result.errors or ()]
        # Without data and without a path nothing ran: a variable does not fit.
        ran = result.data is not None or not errors or any("path" in error for error in errors)
        return GraphQLResponse(errors, result.data, ran)


def _shown(error: GraphQLError) -> dict[str, Any]:
    return written(client_error(error), "BAD_USER_INPUT")

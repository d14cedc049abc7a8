"""Runs one GraphQL operation, independent of the transport."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from functools import partial
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    OperationType,
    create_source_event_stream,
    experimental_execute_incrementally,
)
from msgspec import Struct
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.core.context import Context
from schema.core.errors import written
from schema.core.limits import DocumentLimits
from schema.execution.cost import BULK
from schema.execution.documents import DocumentError, Documents
from schema.execution.executor import BoundedIntExecutor
from schema.execution.incremental import PartWriter, asks_for_parts, with_directives
from schema.execution.keeping import KeptOperations
from schema.execution.response import GraphQLResponse, shown
from schema.execution.selection import has_root_field


class GraphQLOperation(Struct, frozen=True, kw_only=True):
    """A parsed and validated operation. `name` is None if the document gives none. `is_bulk`: it writes to many tasks.

    `is_incremental`: its answer comes in parts, by @defer or @stream. `cost`: the rows that it may return, at least 1.
    """

    document: DocumentNode
    name: str | None
    is_mutation: bool
    is_bulk: bool
    is_subscription: bool = False
    is_incremental: bool = False
    cost: int
    variables: dict[str, Any] | None


class RequestError(Exception):
    """The request cannot run; `answer` is the response that says why."""

    def __init__(self, answer: GraphQLResponse) -> None:
        super().__init__("the request cannot run")
        self.answer = answer


class Execution:
    """Runs operations; one instance for all requests.

    It calls graphql-core directly: Strawberry would parse and validate each text again, and its extensions are not used.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: DocumentLimits | None = None,
        *,
        introspection: bool = True,
        suggestions: bool = True,
        incremental: bool = True,
        executor: type[StrawberryGraphQLCoreExecutionContext] | None = None,
    ) -> None:
        """`incremental`: @defer and @stream are served. `executor` in place of the schema's own."""
        self._executor = executor or schema.execution_context_class
        # Strawberry runs texts only; a parsed document needs the schema of graphql-core.
        core = schema._schema  # noqa: SLF001
        self._core = with_directives(core) if incremental else core
        self._documents = Documents(
            self._core, limits or DocumentLimits(), introspection=introspection, suggestions=suggestions
        )
        self._suggestions = suggestions
        self._keeping = KeptOperations(self._core)

    def read(
        self,
        query: str,
        operation_name: str | None = None,
        variables: dict[str, Any] | None = None,
        *,
        is_streamed: bool = False,
    ) -> GraphQLOperation:
        """`is_streamed`: the answer may be a stream, so that subscriptions are served. The operation to run. Raises RequestError if the request cannot run."""
        try:
            document = self._documents.read(query)
            node, measure = self._documents.operation(document, operation_name, variables, is_streamed=is_streamed)
        except DocumentError as error:
            raise RequestError(
                GraphQLResponse([written(each, error.code) for each in error.errors], ran=False)
            ) from error
        is_mutation = node.operation is OperationType.MUTATION
        return GraphQLOperation(
            document=document,
            name=None if node.name is None else node.name.value,
            is_mutation=is_mutation,
            is_bulk=is_mutation and has_root_field(document, node, BULK, variables or {}),
            is_subscription=node.operation is OperationType.SUBSCRIPTION,
            is_incremental=node.operation is not OperationType.SUBSCRIPTION
            and asks_for_parts(query, document, node, variables),
            cost=max(1, measure.objects),
            variables=variables,
        )

    def may_be_kept(self, operation: GraphQLOperation) -> bool:
        """Whether the answer shows nothing that changes while the answers of sources stay the same."""
        return not operation.is_mutation and self._keeping.may_be_kept(
            operation.document, operation.name, operation.variables
        )

    async def run(self, operation: GraphQLOperation, context: Context) -> GraphQLResponse:
        """The response, with errors as a client may see them. Exceptions of resolvers are errors of the response."""
        return await self._executed(operation, context, None)

    async def subscribe(
        self, operation: GraphQLOperation, context: Context
    ) -> GraphQLResponse | AsyncGenerator[Callable[[], Awaitable[GraphQLResponse]], None]:
        """The events of a subscription, each as a function that executes it; or the response that says why there are none.

        Each is executed with a context of its own, in the call context that the function is called in.
        """
        executor = BoundedIntExecutor.build(
            self._core,
            operation.document,
            None,
            context,
            operation.variables,
            operation.name,
            hide_suggestions=not self._suggestions,
        )
        if isinstance(executor, list):
            return GraphQLResponse([shown(error) for error in executor], ran=False)
        source = create_source_event_stream(executor)
        if not isinstance(source, ExecutionResult | AsyncIterable):
            source = await source
        if isinstance(source, ExecutionResult):
            errors = [shown(error) for error in source.errors or ()]
            return GraphQLResponse(errors, ran=any("path" in error for error in errors))
        return self._events(operation, context, source)

    async def _events(
        self, operation: GraphQLOperation, context: Context, source: AsyncIterable[Any]
    ) -> AsyncGenerator[Callable[[], Awaitable[GraphQLResponse]], None]:
        try:
            async for event in source:
                yield partial(self._executed, operation, context.anew(), event)
        except Exception as raised:  # noqa: BLE001 what ends the events is told as any error of a resolver is
            told = shown(GraphQLError(str(raised), original_error=raised))

            async def failed() -> GraphQLResponse:
                return GraphQLResponse([told], ran=False)

            yield failed
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def run_in_parts(
        self, operation: GraphQLOperation, context: Context, *, earlier: bool = False
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """As `run`, of an operation that `is_incremental`: the parts of the answer. `earlier`: see `PartWriter`.

        Each part is made in the call context in which it is asked for.
        """
        result = await self._result(operation, context, None)
        if not isinstance(result, ExperimentalIncrementalExecutionResults):
            yield _response(result)
            return
        parts = PartWriter(earlier=earlier)
        try:
            yield parts.first(result.initial_result)
            async for each in result.subsequent_results:
                yield parts.later(each)
        finally:
            await result.subsequent_results.aclose()

    async def _executed(self, operation: GraphQLOperation, context: Context, root: object) -> GraphQLResponse:
        result = await self._result(operation, context, root)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            raise RuntimeError("an operation that is not incremental gave parts")  # noqa: TRY004 a bug of ours
        return _response(result)

    async def _result(
        self, operation: GraphQLOperation, context: Context, root: object
    ) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        executed = experimental_execute_incrementally(
            self._core,
            operation.document,
            root_value=root,
            context_value=context,
            variable_values=operation.variables,
            operation_name=operation.name,
            executor_class=self._executor,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=not self._suggestions,
        )
        if isinstance(executed, ExecutionResult | ExperimentalIncrementalExecutionResults):
            return executed
        return await executed


def _response(result: ExecutionResult) -> GraphQLResponse:
    errors = [shown(error) for error in result.errors or ()]
    # No data and no error with a path: nothing ran, because a variable is invalid.
    ran = result.data is not None or not errors or any("path" in error for error in errors)
    return GraphQLResponse(errors, result.data, ran)

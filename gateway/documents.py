"""GraphQL texts parsed and validated, once for each distinct text."""

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from schema.cost import MAX_TOKENS, Meter

KEPT_DOCUMENTS = 256
LARGEST_KEPT_CHARACTERS = 32 * 1024


class DocumentError(Exception):
    """The document cannot run; `code` is for programs where an error has none of its own."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Documents:
    """Keeps what is valid; whoever sends nonsense pushes nothing out."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: LRUCache[str, DocumentNode] = LRUCache(maxsize=KEPT_DOCUMENTS)

    def read(self, text: str) -> DocumentNode:
        """The document; DocumentError where it does not parse, or does not fit the schema."""
        document = self._kept.get(text)
        if document is None:
            document = self._validated(text)
            if len(text) <= LARGEST_KEPT_CHARACTERS:
                self._kept[text] = document
        return document

    def operation(
        self, document: DocumentNode, name: str | None, variables: dict[str, object] | None
    ) -> OperationDefinitionNode:
        """The operation to run; DocumentError where it is not clear which, not served, or too much."""
        operation = get_operation_ast(document, name)
        if operation is None:
            text = (
                "There is no operation of that operationName."
                if name is not None
                else "Name one of the document's operations by operationName."
            )
            raise DocumentError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(text)])
        if operation.operation is OperationType.SUBSCRIPTION:
            raise DocumentError("SUBSCRIPTIONS_NOT_SERVED", [GraphQLError("Subscriptions are not served.", operation)])
        # Page sizes come by variable, so this is the one check that is made for each request.
        measure = Meter(self._schema, document, variables or {}).measure(operation)
        excesses = [GraphQLError(excess, operation) for excess in measure.excesses()]
        if excesses:
            raise DocumentError("TOO_COSTLY", excesses)
        return operation

    def _validated(self, text: str) -> DocumentNode:
        try:
            document = parse(text, max_lexical_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise DocumentError("GRAPHQL_PARSE_FAILED", [error]) from error
        errors = validate_document(self._schema, document, tuple(specified_rules))
        if errors:
            raise DocumentError("GRAPHQL_VALIDATION_FAILED", errors)
        return document

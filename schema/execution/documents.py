"""GraphQL texts parsed, measured and validated, once for each distinct text."""

from typing import Any

from cachetools import LRUCache
from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.core.limits import DocumentLimits
from schema.execution import shape
from schema.execution.cost import Meter

KEPT_DOCUMENTS = 256
LARGEST_KEPT_CHARACTERS = 32 * 1024

_COMPARISONS = 10_000
"""Units of graphql-core's budget, two for each pair of fields. A dashboard's inbox takes a dozen."""


class _OverlappingFieldsRule(OverlappingFieldsCanBeMergedRule):
    """Compares fields of one name in pairs: at most so many."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _COMPARISONS


_ABORTED = "Validation aborted."

# Made once: other rule classes would be other rules to whoever keeps by them.
_RULES: tuple[type[ASTValidationRule], ...] = (
    *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
    _OverlappingFieldsRule,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class DocumentError(Exception):
    """The document cannot run; `code` is for programs where an error has none of its own."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Documents:
    """Keeps what is valid; whoever sends nonsense pushes nothing out.

    Without `introspection`, `__schema` and `__type` are refused. Without `suggestions`, errors tell no names to those
    who guess.
    """

    def __init__(
        self, schema: GraphQLSchema, limits: DocumentLimits, *, introspection: bool = True, suggestions: bool = True
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule)
        self._suggestions = suggestions
        self._kept: LRUCache[str, DocumentNode] = LRUCache(maxsize=KEPT_DOCUMENTS)

    def read(self, text: str) -> DocumentNode:
        """The document; DocumentError where it does not parse, asks for too much, or does not fit the schema."""
        document = self._kept.get(text)
        if document is None:
            document = self._validated(text)
            if len(text) <= LARGEST_KEPT_CHARACTERS:
                self._kept[text] = document
        return document

    def operation(
        self, document: DocumentNode, name: str | None, variables: dict[str, Any] | None
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
        excesses = [GraphQLError(excess, operation) for excess in measure.cost_excesses(self._limits)]
        if excesses:
            raise DocumentError("TOO_COSTLY", excesses)
        return operation

    def _validated(self, text: str) -> DocumentNode:
        try:
            document = parse(text, max_lexical_tokens=self._limits.tokens)
        except GraphQLError as error:
            raise DocumentError("GRAPHQL_PARSE_FAILED", [error]) from error
        # Before validation, which a document of the wrong shape can keep busy for long.
        excesses = list(shape.excesses(document, self._limits)) or list(self._structure_excesses(document))
        if excesses:
            raise DocumentError("TOO_COSTLY", excesses)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=self._limits.errors,
            hide_suggestions=not self._suggestions,
        )
        if errors and errors[-1].message == _ABORTED:
            text = "The document selects too many fields of one name beside each other."
            raise DocumentError("TOO_COSTLY", [GraphQLError(text)])
        if errors:
            raise DocumentError("GRAPHQL_VALIDATION_FAILED", errors)
        return document

    def _structure_excesses(self, document: DocumentNode) -> list[GraphQLError]:
        meter = Meter(self._schema, document)
        return [
            GraphQLError(excess, operation)
            for operation in document.definitions
            if isinstance(operation, OperationDefinitionNode)
            for excess in meter.measure(operation).structure_excesses(self._limits)
        ]

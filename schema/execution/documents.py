"""Documents parsed, measured and validated, once per distinct text."""

from collections.abc import Hashable, Mapping
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
from schema.execution.cost import Measure, Meter
from schema.execution.values import ValueExcessError

KEPT_DOCUMENTS = 256
KEPT_MEASURES = 512
LARGEST_KEPT_CHARACTERS = 32 * 1024
LARGEST_MEASURED_CHARACTERS = 4 * 1024
LONGEST_VALUE = 100
_SMALL_BITS = 64

_COMPARISONS = 10_000
"""Limit of graphql-core's comparison budget: 2 per pair of fields with one name. A typical inbox query uses 12."""


class _OverlappingFieldsRule(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule with a limit: it compares fields of one name in pairs."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _COMPARISONS


_SUGGESTS = " Did you mean "
_ABORTED = "Validation aborted."

_RULES: tuple[type[ASTValidationRule], ...] = (
    *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
    _OverlappingFieldsRule,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class DocumentError(Exception):
    """The document cannot run. `code` applies to errors without a code of their own."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Documents:
    """Cache of documents. Only valid ones are cached, so that invalid ones cannot evict them.

    Without `introspection`, `__schema` and `__type` are refused. Without `suggestions`, errors contain no "Did you mean".
    """

    def __init__(
        self, schema: GraphQLSchema, limits: DocumentLimits, *, introspection: bool = True, suggestions: bool = True
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule)
        self._suggestions = suggestions
        self._kept: LRUCache[str, DocumentNode] = LRUCache(maxsize=KEPT_DOCUMENTS)
        # What was measured of operations that are served, by the values of their variables.
        self._served: LRUCache[Hashable, tuple[OperationDefinitionNode, Measure]] = LRUCache(maxsize=KEPT_MEASURES)

    def read(self, text: str) -> DocumentNode:
        """The parsed document. Raises DocumentError if it does not parse, exceeds a limit or is invalid."""
        document = self._kept.get(text)
        if document is None:
            document = self._validated(text)
            if len(text) <= LARGEST_KEPT_CHARACTERS:
                self._kept[text] = document
        return document

    def operation(
        self,
        document: DocumentNode,
        name: str | None,
        variables: dict[str, Any] | None,
        *,
        is_streamed: bool = False,
    ) -> tuple[OperationDefinitionNode, Measure]:
        """`is_streamed`: the answer may be a stream. The operation to run, and what it costs. Raises DocumentError if it is ambiguous, missing, not served or exceeds a limit."""
        operation = get_operation_ast(document, name)
        if operation is None:
            text = (
                "There is no operation of that operationName."
                if name is not None
                else "Name one of the document's operations by operationName."
            )
            raise DocumentError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(text)])
        if operation.operation is OperationType.SUBSCRIPTION and not is_streamed:
            text = "Send subscriptions over graphql-transport-ws, or accept text/event-stream or multipart/mixed."
            raise DocumentError("NOT_A_STREAM", [GraphQLError(text, operation)])
        # Page sizes and filters come by variable, so this check is made for each request with other values.
        values = _small_values(operation, variables or {})
        key = None if values is None else (id(operation), values)
        known = None if key is None else self._served.get(key)
        # The id is that of another operation, once the one that had it is gone.
        if known is not None and known[0] is operation:
            return known
        try:
            measure = Meter(self._schema, document, variables or {}, self._limits).measure(operation)
        except ValueExcessError as error:
            raise DocumentError("TOO_COSTLY", [GraphQLError(str(error), operation)]) from error
        excesses = [GraphQLError(excess, operation) for excess in measure.cost_excesses(self._limits)]
        if excesses:
            raise DocumentError("TOO_COSTLY", excesses)
        if (
            key is not None
            and operation.loc is not None
            and len(operation.loc.source.body) <= LARGEST_MEASURED_CHARACTERS
        ):
            self._served[key] = operation, measure
        return operation, measure

    def _validated(self, text: str) -> DocumentNode:
        try:
            document = parse(text, max_lexical_tokens=self._limits.tokens)
        except GraphQLError as error:
            raise DocumentError("GRAPHQL_PARSE_FAILED", [error]) from error
        # Before validation, which takes long for some documents.
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
        if not self._suggestions:
            for fault in errors:
                # One rule of the library does so all the same.
                fault.message = fault.message.partition(_SUGGESTS)[0]
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


def _small_values(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Hashable | None:
    """The values of the declared variables, with their types: 1 and true are equal. None where one of them is no small scalar."""
    found = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name not in variables:
            continue
        value = variables[name]
        kind = type(value)
        if not (
            value is None
            or kind is bool
            or (kind is int and value.bit_length() <= _SMALL_BITS)
            or (kind is str and len(value) <= LONGEST_VALUE)
        ):
            return None
        found.append((name, kind, value))
    return tuple(found)

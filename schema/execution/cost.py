"""Cost of a document, measured before anything runs.

One pass from the leaves up. Each fragment is measured once and its result is reused, so the time is linear in the
document, even if nested fragments expand exponentially.
"""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_interface_type,
    is_object_type,
    value_from_ast_untyped,
)
from msgspec import Struct, structs

from schema.core.limits import DocumentLimits
from schema.core.pagination import DEFAULT_PAGE, MAX_PAGE
from schema.execution.values import DIMENSION, LIST, SEARCH, SORT_KEY, Values

DETAIL_FIELDS = frozenset(
    ("Task", name) for name in ("form", "outcomes", "data", "previousSteps", "comments", "activities")
)

BULK = "bulkTaskAction"
PER_ITEM = {"groupBy": DIMENSION, "orderBy": SORT_KEY}
"""Conditions that an item of these arguments counts as."""
"""The mutation that writes to a list of tasks: it counts as a list of as many rows."""

BY_ID = {"nodes": "ids", "_entities": "representations"}
"""Fields that give an object for each entry of that argument."""

_INT_DIGITS = 11  # of -2147483648

# Deepest nesting of selections and fragments that is measured; Python's stack is limited. Real documents stay below.
_BOTTOM = 100


class Measure(Struct, frozen=True):
    """Cost of a selection with everything below it. `objects`: page sizes of nested lists multiplied, else added.

    `detail_rows`: the largest number of rows for which a detail field is selected. `conditions`: what the rows of all lists
    are tested with, see `Values`. `answer_fields`: fields, times the rows that they are selected for.
    """

    fields: int = 0
    aliases: int = 0
    depth: int = 0
    introspection_depth: int = 0
    objects: int = 0
    detail_rows: int = 0
    conditions: int = 0
    answer_fields: int = 0

    def beside(self, other: "Measure") -> "Measure":
        return Measure(
            self.fields + other.fields,
            self.aliases + other.aliases,
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            self.objects + other.objects,
            max(self.detail_rows, other.detail_rows),
            self.conditions + other.conditions,
            self.answer_fields + other.answer_fields,
        )

    def structure_excesses(self, limits: DocumentLimits) -> Iterator[str]:
        """Limits exceeded that do not depend on variables."""
        return _told(
            ("is nested {} levels deep", self.depth, limits.depth),
            ("nests introspection {} levels deep", self.introspection_depth, limits.introspection_depth),
            ("selects {} fields", self.fields, limits.fields),
            ("uses {} aliases", self.aliases, limits.aliases),
        )

    def cost_excesses(self, limits: DocumentLimits) -> Iterator[str]:
        """Limits exceeded that depend on page sizes, which usually are variables."""
        is_within = self.objects <= limits.objects and self.fields <= limits.fields
        return _told(
            ("may return {} objects of lists", self.objects, limits.objects),
            (
                "asks for details (form, outcomes, data, previousSteps, comments, activities) of {} rows",
                self.detail_rows,
                limits.detail_rows,
            ),
            # Too many rows or fields are told once.
            ("may answer with {} fields", self.answer_fields if is_within else 0, limits.answer_fields),
            ("tests rows with {} conditions in all its lists", self.conditions, limits.conditions),
        )


def _told(*found: tuple[str, int, int]) -> Iterator[str]:
    for what, count, limit in found:
        if count > limit:
            yield f"The operation {what.format(min(count, 10 * limit))}; at most {limit} are served."


class Meter:
    """Measures the operations of one document. `visited` counts the AST nodes read.

    A page size given by a variable is the variable's value or default. Without `variables` it is the largest page.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: Mapping[str, object] | None = None,
        limits: DocumentLimits | None = None,
    ) -> None:
        """With `limits` the values of arguments are checked too: measuring raises ValueExcessError."""
        self.visited = 0
        self._schema = schema
        self._variables = None if variables is None else {**_defaults(document), **variables}
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._values = None if limits is None else Values(schema, limits, self._variables or {})
        # By name, and by the rows of the bulk action that the fragment stands in.
        self._measured: dict[tuple[str, int], Measure] = {}
        self._bulk_rows = 1

    def measure(self, operation: OperationDefinitionNode) -> Measure:
        if self._values is not None:
            self._values.check_variables(operation)
        return self._selection(operation.selection_set, self._schema.get_root_type(operation.operation), 0)

    def _selection(self, selection: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        total = Measure()
        if level > _BOTTOM:
            return Measure(depth=_BOTTOM)
        for node in selection.selections:
            self.visited += 1
            if isinstance(node, FieldNode):
                total = total.beside(self._field(node, parent, level))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else self._schema.get_type(condition.name.value)
                total = total.beside(self._selection(node.selection_set, inner, level + 1))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self._fragment(node.name.value, level))
        return total

    def _fragment(self, name: str, level: int) -> Measure:
        known = (name, self._bulk_rows)
        if known not in self._measured:
            self._measured[known] = Measure()  # for a fragment that contains itself; another rule reports the cycle
            fragment = self._fragments.get(name)
            if fragment is not None:
                condition = self._schema.get_type(fragment.type_condition.name.value)
                self._measured[known] = self._selection(fragment.selection_set, condition, level + 1)
        return self._measured[known]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        name = node.name.value
        definition = parent.fields.get(name) if is_object_type(parent) or is_interface_type(parent) else None
        below = Measure()
        rows = None if definition is None else self._rows(node, definition.args)
        is_bulk = name == BULK and definition is not None
        if is_bulk:
            self._bulk_rows = self._bulk_size(node)
        elif parent is not None and (parent.name, name) == ("BulkTaskPayload", "results"):
            rows = self._bulk_rows
        if node.selection_set is not None:
            inner = None if definition is None else get_named_type(definition.type)
            if name in ("__schema", "__type"):
                inner = self._schema.get_type("__Schema" if name == "__schema" else "__Type")
            below = self._selection(node.selection_set, inner, level + 1)
        if is_bulk:
            # Also where no result is selected.
            below = structs.replace(below, objects=max(below.objects, self._bulk_rows))
            self._bulk_rows = 1
        is_introspection = name.startswith("__") or (parent is not None and parent.name.startswith("__"))
        is_detail = parent is not None and (parent.name, name) in DETAIL_FIELDS
        # A detail field that is itself a list costs one load per task, whatever its page size.
        detail_rows = max(1, below.detail_rows) if is_detail else below.detail_rows * (rows or 1)
        return Measure(
            fields=below.fields + 1,
            aliases=below.aliases + (node.alias is not None),
            depth=0 if is_introspection else below.depth + 1,
            introspection_depth=below.introspection_depth + 1 if is_introspection else below.introspection_depth,
            objects=below.objects if rows is None else rows * max(1, below.objects),
            detail_rows=detail_rows,
            answer_fields=1 + below.answer_fields * (rows or 1),
            conditions=below.conditions * (rows or 1)
            + (0 if definition is None else self._conditions(node, definition.args)),
        )

    def _conditions(self, node: FieldNode, arguments: Mapping[str, GraphQLArgument]) -> int:
        """What the rows of a list are tested with; 0 for other fields. The values of all arguments are checked."""
        if self._values is None:
            return 0
        found = LIST if SEARCH in arguments or "filter" in arguments else 0
        for sent in node.arguments or ():
            if sent.name.value in arguments:
                found += self._values.conditions(sent.name.value, arguments[sent.name.value].type, sent.value)
            if sent.name.value in arguments and (each := PER_ITEM.get(sent.name.value)) is not None:
                items = self._value(sent.value)
                found += each * (len(items) if isinstance(items, list) else 1)
        return found

    def _rows(self, node: FieldNode, arguments: Mapping[str, object]) -> int | None:
        """The most rows that a list field may return. None if the field has no page size."""
        sent = {each.name.value: each.value for each in node.arguments or ()}
        if "first" in arguments:
            size = self._value(sent["first"]) if "first" in sent else DEFAULT_PAGE
            size = self._value(sent["last"]) if size is None and "last" in sent else size
            return max(1, size) if isinstance(size, int) else DEFAULT_PAGE
        by_id = BY_ID.get(node.name.value)
        if by_id is not None and by_id in arguments:
            ids = self._value(sent[by_id]) if by_id in sent else None
            return max(1, ids if isinstance(ids, int) else len(ids) if isinstance(ids, list) else 1)
        return None

    def _bulk_size(self, node: FieldNode) -> int:
        """The number of tasks that a bulk action names."""
        sent = next((each.value for each in node.arguments or () if each.name.value == "input"), None)
        if isinstance(sent, VariableNode) and self._variables is not None:
            given = self._variables.get(sent.name.value)
            ids = given.get("taskIds") if isinstance(given, dict) else None
        elif isinstance(sent, ObjectValueNode):
            ids = next((self._value(each.value) for each in sent.fields if each.name.value == "taskIds"), None)
        else:
            ids = MAX_PAGE
        return max(1, ids if isinstance(ids, int) else len(ids) if isinstance(ids, list) else 1)

    def _value(self, node: ValueNode) -> object:
        if isinstance(node, VariableNode):
            return MAX_PAGE if self._variables is None else self._variables.get(node.name.value)
        if isinstance(node, ListValueNode):
            return [None] * len(node.values)
        # Validation refuses longer numbers; int() would be slow for very long ones.
        return int(node.value) if isinstance(node, IntValueNode) and len(node.value) <= _INT_DIGITS else None


def _defaults(document: DocumentNode) -> dict[str, object]:
    """Default values of variables. If operations of the document declare different ones, the largest."""
    found: dict[str, object] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            for variable in operation.variable_definitions or ():
                if variable.default_value is None:
                    continue
                name, value = variable.variable.name.value, value_from_ast_untyped(variable.default_value)
                before = found.get(name)
                both = isinstance(before, int) and isinstance(value, int)
                found[name] = max(before, value) if both else value
    return found

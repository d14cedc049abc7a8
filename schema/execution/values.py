"""Bounds of the values of arguments, in literals and variables alike, checked before anything runs."""

from collections.abc import Mapping
from decimal import Decimal

from graphql import (
    FloatValueNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)

from schema.core.limits import DocumentLimits
from schema.core.scalars import WrittenFloat

FILTERS = "Filter"
"""The names of filter inputs end so."""
SEARCH = "search"
LIST = 9
"""Conditions that a list counts as: dashboards with ten lists are usual."""
SORT_KEY = 2
DIMENSION = 4
"""Conditions that a dimension of counts counts as: each row gets a key of it."""
ITEMS = 25
"""Items of a list in a filter that count as a condition."""
LARGEST_EXPONENT = 1_000
LONGEST_NUMBER = 1_000
_DIGITS_OF_BITS = 0.30103


class ValueExcessError(Exception):
    """A value is too large. The text names it."""


class Values:
    """The values of one operation. `variables` are as sent.

    `conditions` counts what each row of a list is tested with, so that tests take time that grows with rows only: every
    member of a filter, and every `ITEMS` items of a list in one, are one; every list is `LIST`, every dimension of counts
    `DIMENSION`, every key that a list is sorted by `SORT_KEY`.
    """

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits, variables: Mapping[str, object]) -> None:
        self._schema = schema
        self._limits = limits
        self._variables = variables
        self._json_values = 0

    def check_variables(self, operation: OperationDefinitionNode) -> None:
        """Raises ValueExcessError for the first variable that is too large, used or not."""
        for variable in operation.variable_definitions or ():
            name = variable.variable.name.value
            declared = type_from_ast(self._schema, variable.type)
            if name in self._variables and declared is not None:
                self._measure(declared, self._variables[name], f"${name}", is_filter=False, depth=0)  # type: ignore[arg-type]
        # Counted by use, which comes next.
        self._json_values = 0

    def conditions(self, name: str, type_: GraphQLInputType, node: ValueNode) -> int:
        """How many conditions the value of an argument has. Raises ValueExcessError if the value is too large."""
        value = self._plain(node, name, 0)
        is_filter = name == SEARCH or get_named_type(type_).name.endswith(FILTERS)
        return self._measure(type_, value, name, is_filter=is_filter, depth=0)

    def _plain(self, node: ValueNode, path: str, depth: int) -> object:
        """A literal as JSON, with the values of its variables."""
        if depth > self._limits.value_depth:
            raise ValueExcessError(f"{path} is nested more than {self._limits.value_depth} levels deep.")
        match node:
            case VariableNode():
                return self._variables.get(node.name.value)
            case ListValueNode():
                return [self._plain(each, path, depth + 1) for each in node.values]
            case ObjectValueNode():
                return {
                    each.name.value: self._plain(each.value, f"{path}.{each.name.value}", depth + 1)
                    for each in node.fields
                }
            case NullValueNode():
                return None
            case IntValueNode() | FloatValueNode():
                if len(node.value) > LONGEST_NUMBER:
                    raise ValueExcessError(_too_long_a_number(path))
                return WrittenFloat(node.value)
            case _:
                # Enums and booleans have a text too.
                return getattr(node, "value", None)

    def _measure(self, type_: GraphQLInputType, value: object, path: str, *, is_filter: bool, depth: int) -> int:
        if value is None:
            return 0
        if depth > self._limits.value_depth:
            raise ValueExcessError(f"{path} is nested more than {self._limits.value_depth} levels deep.")
        if is_non_null_type(type_):
            type_ = type_.of_type
        if is_list_type(type_):
            return self._list(type_.of_type, value, path, is_filter=is_filter, depth=depth)
        if is_input_object_type(type_):
            return self._object(type_, value, path, depth)
        if get_named_type(type_).name == "JSON":
            self._json(value, path)
            return 0
        self._leaf(get_named_type(type_).name, value, path, is_filter=is_filter)
        return int(is_filter)

    def _list(self, of: GraphQLInputType, value: object, path: str, *, is_filter: bool, depth: int) -> int:
        items = value if isinstance(value, list) else [value]
        if len(items) > self._limits.list_items:
            raise ValueExcessError(f"{path} has {len(items)} entries; at most {self._limits.list_items} are served.")
        counts = [self._measure(of, each, path, is_filter=is_filter, depth=depth + 1) for each in items]
        if is_input_object_type(get_named_type(of)):
            return self._told(sum(counts), path)
        return 1 + len(items) // ITEMS if is_filter else 0

    def _object(self, type_: GraphQLInputObjectType, value: object, path: str, depth: int) -> int:
        if not isinstance(value, dict):
            return 0
        if len(value) > len(type_.fields):
            raise ValueExcessError(f"{path} has more members than a {type_.name} can have.")
        is_filter = type_.name.endswith(FILTERS)
        found = 0
        for name, member in value.items():
            field = type_.fields.get(name)
            if field is not None:
                found += self._measure(field.type, member, f"{path}.{name}", is_filter=is_filter, depth=depth + 1)
                self._told(found, path)
        # An empty filter has to be read, too.
        return max(found, int(is_filter))

    def _told(self, found: int, path: str) -> int:
        if found > self._limits.conditions:
            raise ValueExcessError(f"{path} has more than {self._limits.conditions} conditions.")
        return found

    def _leaf(self, name: str, value: object, path: str, *, is_filter: bool) -> None:
        if isinstance(value, str):
            most = (
                self._limits.filter_characters
                if is_filter
                else self._limits.id_characters
                if name == "ID"
                else self._limits.text_characters
            )
            if len(value) > most:
                raise ValueExcessError(f"{path} has {len(value)} characters; at most {most} are served.")
        else:
            # Also what does not fit the type: coercion would write it into its message.
            self._json(value, path)

    def _json(self, value: object, path: str) -> None:
        """Depth, number of values and digits of a JSON value."""
        level = [value]
        depth = 0
        while level:
            self._json_values += len(level)
            if self._json_values > self._limits.json_values:
                raise ValueExcessError(f"{path} has more than {self._limits.json_values} values.")
            if depth > self._limits.json_depth:
                raise ValueExcessError(f"{path} is nested more than {self._limits.json_depth} levels deep.")
            below: list[object] = []
            for each in level:
                if isinstance(each, dict):
                    below.extend(each.values())
                elif isinstance(each, list):
                    below.extend(each)
                elif not _is_short_number(each):
                    raise ValueExcessError(_too_long_a_number(path))
            level = below
            depth += 1


def _too_long_a_number(path: str) -> str:
    return f"{path} has a number with more than {LONGEST_NUMBER} digits."


def _is_short_number(value: object) -> bool:
    if isinstance(value, WrittenFloat):
        return len(value.text) <= LONGEST_NUMBER and abs(Decimal(value.text).adjusted()) <= LARGEST_EXPONENT
    return not isinstance(value, int) or value.bit_length() * _DIGITS_OF_BITS <= LONGEST_NUMBER

"""The filters of searches: their members and operators, and the rows that match."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.camunda.errors import ProblemError, bad_enum, bad_request, invalid_argument, invalid_key
from sandbox.camunda.formats import is_key, rfc3339
from sandbox.camunda.records import Row
from sandbox.camunda.search.table import Table

Kind = Literal[
    "string", "key", "integer", "date", "enum", "boolean", "exact", "tags", "variables",
    "derived", "derived_integer", "derived_boolean",
]  # fmt: skip

_STRING = ("$eq", "$neq", "$exists", "$in", "$notIn", "$like")
_RANGE = ("$eq", "$neq", "$exists", "$gt", "$gte", "$lt", "$lte", "$in")
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "string": _STRING,
    "key": ("$eq", "$neq", "$exists", "$in", "$notIn"),
    "integer": _RANGE,
    "date": _RANGE,
    "enum": ("$eq", "$neq", "$exists", "$in", "$like"),
    "derived": _STRING,
    "derived_integer": _RANGE,
    "derived_boolean": ("$eq",),
}
_LOWEST, _HIGHEST = "", "\U0010ffff"

Variables = Callable[[Row], Mapping[str, str]]
"""Returns the variables of a row, with values serialised as JSON."""


@dataclass(frozen=True, slots=True)
class FilterMember:
    """A member of a filter object. `index` is the name of the table's index.

    A member without an index has `derived`: it returns values of a row, and a condition must hold for one of them.
    """

    kind: Kind
    index: str
    values: tuple[str, ...] = ()
    variables: Variables | None = None
    derived: Callable[[Row], Sequence[Any]] | None = None


FilterMembers = Mapping[str, FilterMember]


def matching(table: Table[Any], members: FilterMembers, filter_: Any, path: str = "filter") -> int:
    """Return the set of rows for which all conditions hold, and one alternative of `$or` if the filter has it.

    One error reports all values that are not allowed.
    """
    found = table.everything
    refused: list[str] = []
    if filter_ is None:
        return found
    if not isinstance(filter_, dict):
        raise bad_request(f"Request property [{path}] cannot be parsed")
    for name, wanted in filter_.items():
        if wanted is None:
            continue
        if name == "$or" and "$or" in members:
            if not isinstance(wanted, list):
                raise bad_request(f"Request property [{path}.$or] cannot be parsed")
            inner = {each: member for each, member in members.items() if each != "$or"}
            alternatives = 0
            for number, each in enumerate(wanted):
                alternatives |= matching(table, inner, each, f"{path}.$or[{number}]")
            found &= alternatives
        elif name not in members:
            raise bad_request(f"Request property [{path}.{name}] cannot be parsed")
        else:
            try:
                found = _narrowed(table, found, members[name], wanted, f"{path}.{name}")
            except ProblemError as error:
                if error.title != "INVALID_ARGUMENT":
                    raise
                refused.append(error.detail.removesuffix("."))
    if refused:
        raise invalid_argument(". ".join(refused) + ".")
    return found


def _narrowed(table: Table[Any], found: int, member: FilterMember, wanted: Any, path: str) -> int:
    if member.kind == "variables":
        return _by_variables(table, found, member, wanted, path)
    if member.kind == "tags":
        if not isinstance(wanted, list):
            raise bad_request(f"Request property [{path}] cannot be parsed")
        for tag in wanted:
            found &= table.having(member.index, [tag])
        return found
    if member.kind in ("exact", "boolean"):
        if not isinstance(wanted, bool if member.kind == "boolean" else str):
            raise bad_request(f"Request property [{path}] cannot be parsed")
        _must_be_key(wanted, path)
        return found & table.having(member.index, [wanted])
    operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    for operator, operand in operators.items():
        if operator not in OPERATORS[member.kind]:
            raise bad_request(f"Request property [{path}.{operator}] cannot be parsed")
        if operand is not None:
            checked = _checked(member, operator, operand, path)
            if member.derived is not None:
                found = table.only(found, _derived_test(member.derived, operator, checked))
            else:
                select = _dates if member.kind == "date" else _values
                found &= select(table, member.index, operator, checked)
    return found


def _derived_test(derived: Callable[[Row], Sequence[Any]], operator: str, operand: Any) -> Callable[[Row], bool]:
    if operator == "$exists":
        return lambda row: bool(derived(row)) is operand
    if operator in ("$neq", "$notIn"):
        unwanted = operand if operator == "$notIn" else [operand]
        return lambda row: not any(value in unwanted for value in derived(row))
    if operator in _COMPARISONS:
        compare = _COMPARISONS[operator]
        return lambda row: any(compare(value, operand) for value in derived(row))
    test = _string_test(operator, operand)
    return lambda row: any(test(value) for value in derived(row))


def _checked(member: FilterMember, operator: str, operand: Any, path: str) -> Any:
    if operator == "$exists":
        if not isinstance(operand, bool):
            raise bad_request(f"Request property [{path}.$exists] cannot be parsed")
        return operand
    if operator in ("$in", "$notIn"):
        if not isinstance(operand, list):
            raise bad_request(f"Request property [{path}.{operator}] cannot be parsed")
        return [_scalar(member, operator, each, path) for each in operand]
    return _scalar(member, operator, operand, path)


def _scalar(member: FilterMember, operator: str, value: Any, path: str) -> Any:
    name = path.rsplit(".", 1)[-1]
    if member.kind == "derived_boolean":
        if not isinstance(value, bool):
            raise bad_request(f"Request property [{path}] cannot be parsed")
        return value
    if member.kind in ("integer", "derived_integer"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_request(f"Request property [{path}] cannot be parsed")
        return value
    if not isinstance(value, str):
        raise bad_request(f"Request property [{path}] cannot be parsed")
    if member.kind == "date":
        return _date(value, name)
    if member.kind == "key":
        _must_be_key(value, path)
    if member.values and operator != "$like":
        if value.upper() not in member.values:
            raise bad_enum(value, name, member.values)
        return value.upper()
    return value


def _must_be_key(value: Any, path: str) -> None:
    """Raise an error for a member named `...Key` whose value is not a key."""
    name = path.rsplit(".", 1)[-1]
    if name.endswith("Key") and not is_key(value):
        raise invalid_key(name, value)


def _date(value: str, name: str) -> str:
    moment = rfc3339(value)
    if moment is None:
        raise invalid_argument(
            f"The provided {name} '{value}' cannot be parsed as a date according to RFC 3339, section 5.6."
        )
    return moment


def _values(table: Table[Any], index: str, operator: str, operand: Any) -> int:
    """Select by a category or posting. Negations include rows without a value, as in the vendor's stores."""
    match operator:
        case "$eq":
            return table.having(index, [operand])
        case "$in":
            return table.having(index, operand)
        case "$neq":
            return table.everything & ~table.having(index, [operand])
        case "$notIn":
            return table.everything & ~table.having(index, operand)
        case "$exists":
            present = table.where(index, lambda _: True)
            return present if operand else table.everything & ~present
        case "$like":
            return table.where(index, like(operand))
        case _:
            compare = _COMPARISONS[operator]
            return table.where(index, lambda value: compare(value, operand))


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, bound: value > bound,
    "$gte": lambda value, bound: value >= bound,
    "$lt": lambda value, bound: value < bound,
    "$lte": lambda value, bound: value <= bound,
}


def _dates(table: Table[Any], index: str, operator: str, operand: Any) -> int:
    match operator:
        case "$eq":
            return table.between(index, operand, operand)
        case "$neq":
            return table.everything & ~table.between(index, operand, operand)
        case "$in":
            found = 0
            for each in operand:
                found |= table.between(index, each, each)
            return found
        case "$exists":
            return table.dated(index) if operand else table.everything & ~table.dated(index)
        case "$gte":
            return table.between(index, operand, _HIGHEST)
        case "$lte":
            return table.between(index, _LOWEST, operand)
        case "$gt":
            return table.between(index, operand, _HIGHEST) & ~table.between(index, operand, operand)
        case _:
            return table.between(index, _LOWEST, operand) & ~table.between(index, operand, operand)


def like(pattern: str) -> Callable[[str], bool]:
    """Compile a pattern: `*` matches any characters, `?` one character, a backslash escapes the next character."""
    parts: list[str] = []
    escaped = False
    for character in pattern:
        if escaped:
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append({"*": ".*", "?": "."}.get(character) or re.escape(character))
    expression = re.compile("".join(parts), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


def _by_variables(table: Table[Any], found: int, member: FilterMember, wanted: Any, path: str) -> int:
    """Select by variables. They have no index, so every row in `found` is tested."""
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise bad_request(f"Request property [{path}] cannot be parsed")
    for condition in wanted:
        for name in ("name", "value"):
            if condition.get(name) is None:
                raise invalid_argument(f"Variable {name} must not be null.")
        found = table.only(found, _variable_test(member, condition["name"], condition["value"], path))
    return found


def _variable_test(member: FilterMember, name: str, wanted: Any, path: str) -> Callable[[Row], bool]:
    operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    for operator in operators:
        if operator not in _STRING:
            raise bad_request(f"Request property [{path}.value.{operator}] cannot be parsed")
    string = FilterMember("string", member.index)
    tests = [_string_test(each, _checked(string, each, operand, path)) for each, operand in operators.items()]
    variables = member.variables or (lambda _: {})

    def holds(row: Row) -> bool:
        value = variables(row).get(name)
        return all(test(value) for test in tests)

    return holds


def _string_test(operator: str, operand: Any) -> Callable[[str | None], bool]:
    match operator:
        case "$eq":
            return lambda value: value == operand
        case "$neq":
            return lambda value: value != operand
        case "$in":
            return lambda value: value in operand
        case "$notIn":
            return lambda value: value not in operand
        case "$exists":
            return lambda value: (value is not None) is operand
        case _:
            test = like(operand)
            return lambda value: value is not None and test(value)

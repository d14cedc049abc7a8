"""`$filter`: comparisons, `and`, `or`, `not`, `in`, and a few functions, over properties and literals.

Logic is three-valued as in the standard: a comparison with null and a function of null are true for no record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from sandbox.uipath.errors import RefusalError, bad_query
from sandbox.uipath.formats.odata_tokens import Token, tokens
from sandbox.uipath.formats.odata_types import EntityType, Property, Read

MOST_EXPRESSIONS = 100
DEEPEST = 50

Test = Callable[[Any, datetime], bool | None]

# A literal has the same value at any time.
_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "ge": ge, "lt": lt, "le": le}
_COMPARISONS = frozenset({"eq", "ne", *_ORDERINGS})
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_TEXTS: dict[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper, "trim": str.strip}


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison. `kind` is the kind of a property, or "null". A literal is `constant`."""

    kind: str
    read: Read
    constant: bool = False
    property: Property | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """`required`: values by lower-case property name. A matching record must have one of the values of each property."""

    test: Test
    required: dict[str, frozenset[object]] = field(default_factory=dict)

    def matches(self, record: object, now: datetime) -> bool:
        return self.test(record, now) is True


def parse_filter(text: str, entity: EntityType) -> Filter:
    """Raise the vendor's 400 for syntax errors and exceeded limits."""
    parser = _Parser(text, entity)
    found = parser.any_of(0)
    parser.expect("end")
    return found


def read_path(path: str, entity: EntityType) -> tuple[Property, Read]:
    """Return a nested property and a function that reads it from the outermost record. Null if a record on the path is null."""
    read: Read | None = None
    here: EntityType | None = entity
    found: Property | None = None
    for name in path.split("/"):
        found = None if here is None else here.find(name)
        if found is None or found.kind in ("entities", "complexes", "json"):
            raise bad_query(f"Could not find a property named '{name}' to compare on type '{entity.name}'.")
        read = found.read if read is None else _chained(read, found.read)
        here = found.target
    if found is None or read is None or here is not None:
        raise bad_query(f"'{path}' is no single value.")
    return found, read


def _chained(outer: Read, inner: Read) -> Read:
    def read(record: Any, now: datetime) -> Any:
        middle = outer(record, now)
        return None if middle is None else inner(middle, now)

    return read


class _Parser:
    def __init__(self, text: str, entity: EntityType) -> None:
        self._tokens = tokens(text)
        self._entity = entity
        self._at = 0
        self._expressions = 0

    def any_of(self, depth: int) -> Filter:
        if depth > DEEPEST:
            raise bad_query("The expression is nested too deeply.")
        parts = [self._all_of(depth)]
        while self._word("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Filter(_or([each.test for each in parts]))

    def expect(self, kind: str) -> Token:
        token = self._tokens[self._at]
        if token.kind != kind:
            raise bad_query(f"Syntax error at position {token.at}.")
        self._at += 1
        return token

    def _all_of(self, depth: int) -> Filter:
        parts = [self._not(depth)]
        while self._word("and"):
            parts.append(self._not(depth))
        if len(parts) == 1:
            return parts[0]
        required: dict[str, frozenset[object]] = {}
        for each in parts:
            for name, values in each.required.items():
                required[name] = required[name] & values if name in required else values
        return Filter(_and([each.test for each in parts]), required)

    def _not(self, depth: int) -> Filter:
        if not self._word("not"):
            return self._term(depth)
        if depth > DEEPEST:
            raise bad_query("The expression is nested too deeply.")
        inner = self._negated(depth + 1).test

        def test(record: Any, now: datetime) -> bool | None:
            value = inner(record, now)
            return None if value is None else not value

        return Filter(test)

    def _negated(self, depth: int) -> Filter:
        """Parse the operand of `not`. It binds more strongly than a comparison, so a comparison needs brackets."""
        if not self._kind("name") or self._tokens[self._at + 1].kind == "open":
            return self._term(depth)
        if self._tokens[self._at].text.lower() == "not":
            return self._not(depth)
        self._count()
        token = self._tokens[self._at]
        operand = self._operand(depth)
        if operand.kind != "bool":
            raise bad_query(f"A condition is expected at position {token.at}.")
        return Filter(operand.read)

    def _term(self, depth: int) -> Filter:
        if self._kind("open"):
            self.expect("open")
            inner = self.any_of(depth + 1)
            self.expect("close")
            return inner
        token = self._tokens[self._at]
        if token.kind == "name" and token.text.lower() in _TESTS and self._tokens[self._at + 1].kind == "open":
            return self._text_test(token.text.lower(), depth)
        return self._comparison(depth)

    def _text_test(self, name: str, depth: int) -> Filter:
        self._count()
        self._at += 1
        self.expect("open")
        text = self._operand(depth + 1)
        self.expect("comma")
        part = self._operand(depth + 1)
        self.expect("close")
        if {text.kind, part.kind} - {"string", "null"}:
            raise bad_query(f"No function '{name}' takes these types.")
        holds = _TESTS[name]

        def test(record: Any, now: datetime) -> bool | None:
            left, right = text.read(record, now), part.read(record, now)
            return None if left is None or right is None else holds(left, right)

        return Filter(test)

    def _comparison(self, depth: int) -> Filter:
        self._count()
        left = self._operand(depth)
        token = self._tokens[self._at]
        name = token.text.lower() if token.kind == "name" else ""
        if name == "in":
            self._at += 1
            return self._in(left)
        if name not in _COMPARISONS:
            if left.kind != "bool":
                raise bad_query(f"A comparison is expected at position {token.at}.")
            return Filter(left.read)
        self._at += 1
        right = self._operand(depth)
        left, right = _alike(left, right), _alike(right, left)
        if name in _ORDERINGS:
            return Filter(_ordering(_ORDERINGS[name], left, right))
        equal = _equality(left, right)
        if name == "ne":
            return Filter(lambda record, now: not equal(record, now))
        if left.path and right.constant:
            return Filter(equal, {left.path: frozenset({right.read(None, _ANY_TIME)})})
        return Filter(equal)

    def _in(self, left: Operand) -> Filter:
        self.expect("open")
        # The limit counts each value, not the operator `in`.
        self._expressions -= 1
        values: set[object] = set()
        while True:
            self._count()
            item = _alike(self._operand(0), left)
            if not item.constant:
                raise bad_query("The right side of 'in' must consist of values.")
            _alike(left, item)
            values.add(item.read(None, _ANY_TIME))
            if not self._kind("comma"):
                break
            self.expect("comma")
        self.expect("close")
        known = frozenset(values)
        return Filter(lambda record, now: left.read(record, now) in known, {left.path: known} if left.path else {})

    def _operand(self, depth: int) -> Operand:
        if depth > DEEPEST:
            raise bad_query("The expression is nested too deeply.")
        token = self._tokens[self._at]
        self._at += 1
        if token.kind != "name":
            value = token.literal()
            if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
                raise bad_query("The number is too large.")
            kind = {"string": "string", "guid": "guid", "date": "date"}.get(token.kind, "int")
            return _constant(kind, value)
        word = token.text.lower()
        if word in ("true", "false"):
            return _constant("bool", word == "true")
        if word == "null":
            return _constant("null", None)
        if self._kind("open"):
            return self._function(token, depth)
        found, read = read_path(token.text, self._entity)
        return Operand(found.kind, read, property=found, path=token.text.lower())

    def _function(self, token: Token, depth: int) -> Operand:
        name = token.text.lower()
        self.expect("open")
        if name == "now":
            self.expect("close")
            return Operand("date", lambda record, now: now)
        inner = self._operand(depth + 1)
        self.expect("close")
        if (name not in _TEXTS and name != "length") or inner.kind != "string":
            raise bad_query(f"An unknown function with name '{token.text}' was found.")
        change: Callable[[str], object] = len if name == "length" else _TEXTS[name]

        def read(record: Any, now: datetime) -> object:
            value = inner.read(record, now)
            return None if value is None else change(value)

        return Operand("int" if name == "length" else "string", read, constant=inner.constant)

    def _count(self) -> None:
        self._expressions += 1
        if self._expressions > MOST_EXPRESSIONS:
            raise bad_query(f"The number of expressions exceeds {MOST_EXPRESSIONS}.")

    def _kind(self, kind: str) -> bool:
        return self._tokens[self._at].kind == kind

    def _word(self, word: str) -> bool:
        token = self._tokens[self._at]
        if token.kind == "name" and token.text.lower() == word:
            self._at += 1
            return True
        return False


def _constant(kind: str, value: object) -> Operand:
    return Operand(kind, lambda record, now: value, constant=True)


def _alike(one: Operand, other: Operand) -> Operand:
    """Convert `one` to the type of `other`. An enum may be written as text or as a number."""
    if "null" in (one.kind, other.kind) or one.kind == other.kind:
        return one
    if one.kind == "enum":
        # The other side is converted to a name of this enum.
        return one
    if other.kind == "enum" and other.property is not None and one.constant:
        return _constant("enum", _enum_name(one.read(None, _ANY_TIME), other.property))
    raise _incompatible(one, other)


def _enum_name(value: object, of: Property) -> str:
    if isinstance(value, str):
        for name in of.values:
            if name.lower() == value.lower():
                return name
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(of.values):
        return of.values[value]
    raise bad_query(f"'{value}' is not a value of '{of.name}'.")


def _incompatible(one: Operand, other: Operand) -> RefusalError:
    return bad_query(f"A binary operator with incompatible types was detected: '{one.kind}' and '{other.kind}'.")


def _equality(left: Operand, right: Operand) -> Callable[[Any, datetime], bool]:
    return lambda record, now: bool(left.read(record, now) == right.read(record, now))


def _ordering(holds: Callable[[Any, Any], bool], left: Operand, right: Operand) -> Test:
    """Compare by order. Enums are ordered by their numbers."""
    names = next((each.property.values for each in (left, right) if each.property and each.property.values), ())

    def test(record: Any, now: datetime) -> bool | None:
        one, other = left.read(record, now), right.read(record, now)
        if one is None or other is None:
            return False
        return holds(names.index(one), names.index(other)) if names else holds(one, other)

    return test


def _and(tests: list[Test]) -> Test:
    def test(record: Any, now: datetime) -> bool | None:
        unknown = False
        for each in tests:
            value = each(record, now)
            if value is False:
                return False
            unknown = unknown or value is None
        return None if unknown else True

    return test


def _or(tests: list[Test]) -> Test:
    def test(record: Any, now: datetime) -> bool | None:
        unknown = False
        for each in tests:
            value = each(record, now)
            if value is True:
                return True
            unknown = unknown or value is None
        return None if unknown else False

    return test

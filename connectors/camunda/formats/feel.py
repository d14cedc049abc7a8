"""The small part of FEEL that forms use, evaluated as the vendor's form library evaluates it.

Names and paths, literals, lists and contexts, = != < <= > >=, between, in, and, or, not(), if, arithmetic, and a few
functions. Anything else is NOT_EVALUATED.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from connectors.camunda.formats import feel_values as values
from connectors.camunda.formats.feel_values import NOT_EVALUATED, FeelError, NotEvaluatedError

Context = Mapping[str, object]
Node = Callable[[Context], object]
Test = Callable[[Context, object], bool]
"""A test of a value, as in `x in (< 5, 7)`."""

LONGEST = 5000
DEEPEST = 40
MOST_NAMES = 10_000

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w]))|(?P<text>"(?:[^"\\]|\\["\\nrt])*")|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<sign>\*\*|\.\.|<=|>=|!=|[-+*/=<>(){}\[\],:.]))"""
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
_COMPARISONS = ("<", "<=", ">", ">=")
KEYWORDS = frozenset(
    "and or in between if then else for return some every satisfies instance of function external true false null not".split()
)
# Functions of the language whose name is one word: a missing variable of that name is the function.
_FUNCTION_NAMES = frozenset(
    "number string date time duration now today not substring replace contains matches split count min max sum mean all "
    "any sublist append concatenate remove reverse union flatten product median stddev mode decimal floor ceiling abs "
    "modulo sqrt log exp odd even is before after meets overlaps finishes includes during starts coincides sort assert "
    "range context trim uuid partition duplicate".split()
)


def _of_text(test: Callable[[str, str], object]) -> Callable[[object, object], object]:
    def checked(one: object, other: object) -> object:
        if isinstance(one, str) and isinstance(other, str):
            return test(one, other)
        raise NotEvaluatedError

    return checked


def _text(change: Callable[[str], object]) -> Callable[[object], object]:
    def checked(one: object) -> object:
        if isinstance(one, str):
            return change(one)
        raise NotEvaluatedError

    return checked


def _count(one: object) -> object:
    if isinstance(one, list | tuple):
        return len(one)
    raise NotEvaluatedError


_FUNCTIONS: Mapping[str, tuple[int, Callable[..., object]]] = {
    "not": (1, lambda one: not one if isinstance(one, bool) else None),
    "count": (1, _count),
    "contains": (2, _of_text(lambda one, other: other in one)),
    "starts with": (2, _of_text(str.startswith)),
    "ends with": (2, _of_text(str.endswith)),
    "upper case": (1, _text(str.upper)),
    "lower case": (1, _text(str.lower)),
    "string length": (1, _text(lambda one: len(one.encode("utf-16-le")) // 2)),
}
_FIRST_WORDS = frozenset(name.partition(" ")[0] for name in _FUNCTIONS if " " in name)


def evaluate(expression: str, context: Context) -> object:
    """The value; None where the library fails too, NOT_EVALUATED for what the gateway does not evaluate."""
    try:
        parser = _parsed(expression, is_unary=False)
        return parser(context)
    except NotEvaluatedError:
        return NOT_EVALUATED
    except FeelError:
        return None


def unary_test(expression: str, context: Context) -> object:
    """Whether a condition holds: True, False, None or NOT_EVALUATED.

    The library takes an expression as a test of null. So one that is null itself, such as a comparison with a missing
    value, holds.
    """
    try:
        return _parsed(expression, is_unary=True)(context)
    except NotEvaluatedError:
        return NOT_EVALUATED
    except FeelError:
        return None


@lru_cache(maxsize=1024)
def _parsed(expression: str, *, is_unary: bool) -> Node:
    try:
        return _Parser(expression).whole(is_unary=is_unary)
    except NotEvaluatedError:
        return _not_evaluated


def _not_evaluated(_: Context) -> object:
    raise NotEvaluatedError


class _Parser:
    """Recursive descent; each rule gives a function from the context to the value."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotEvaluatedError
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self, *, is_unary: bool) -> Node:
        if not self._tokens:
            return _failing
        if not is_unary:
            node = self._expression()
            self._end()
            return self._guarded(node)
        negated = self._negated_tests()
        tests = negated if negated is not None else self._expressions(end=None)
        self._end()

        def test(context: Context) -> object:
            holds = any([_holds_for_null(node(context)) for node in tests])
            return not holds if negated is not None else holds

        return self._guarded(test)

    def _negated_tests(self) -> list[Node] | None:
        """`not( ... )` around the whole is a negation of tests, not the function."""
        if [token for _, token in self._tokens[:2]] != ["not", "("]:
            return None
        self._place = 2
        tests = self._expressions(end=")")
        if self._place == len(self._tokens):
            return tests
        self._place = 0
        return None

    def _guarded(self, node: Node) -> Node:
        """The library knows names with signs in them, such as `unit-price`: not taken for a difference here."""
        if not re.search(r"[-+*/]", re.sub(r'"(?:[^"\\]|\\.)*"', "", self._text)):
            return node
        whole = re.sub(r"\s+", "", self._text)

        def guarded(context: Context) -> object:
            if any(name in whole for name in _odd_names(context)):
                raise NotEvaluatedError
            return node(context)

        return guarded

    # Tokens

    def _peek(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._tokens[place][1] if place < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise NotEvaluatedError
        self._place += 1
        return token

    def _take(self, *wanted: str) -> str | None:
        return self._next() if self._kind() in ("sign", "name") and self._peek() in wanted else None

    def _demand(self, wanted: str) -> None:
        if self._take(wanted) is None:
            raise NotEvaluatedError

    def _end(self) -> None:
        if self._place != len(self._tokens):
            raise NotEvaluatedError

    # Rules, by binding strength

    def _expressions(self, end: str | None) -> list[Node]:
        nodes = [self._expression()]
        while self._take(","):
            nodes.append(self._expression())
        if end is not None:
            self._demand(end)
        return nodes

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotEvaluatedError
        node = self._choice() if self._peek() == "if" else self._or()
        self._depth -= 1
        return node

    def _choice(self) -> Node:
        self._demand("if")
        condition = self._expression()
        self._demand("then")
        then = self._expression()
        self._demand("else")
        otherwise = self._expression()
        return lambda context: (otherwise if condition(context) in (False, None) else then)(context)

    def _or(self) -> Node:
        left = self._and()
        while self._take("or"):
            left = _both(left, self._and(), decides=True)
        return left

    def _and(self) -> Node:
        left = self._comparison()
        while self._take("and"):
            left = _both(left, self._comparison(), decides=False)
        return left

    def _comparison(self) -> Node:
        left = self._sum()
        while True:
            if operator := self._take("=", "!=", *_COMPARISONS):
                left = _comparing(operator, left, self._sum())
            elif self._take("in"):
                left = self._within(left)
            elif self._take("between"):
                start = self._sum()
                self._demand("and")
                left = _between(left, start, self._sum())
            else:
                return left

    def _within(self, left: Node) -> Node:
        options = self._postfix() if self._peek() != "(" else self._parenthesized_options(left)
        if isinstance(options, _Tests):
            return options.any_holds

        def within(context: Context) -> object:
            listed = options(context)
            if listed is None:
                return None
            wanted = left(context)
            return any([values.equals(each, wanted) is True for each in (listed if isinstance(listed, list) else [listed])])

        return within

    def _parenthesized_options(self, left: Node) -> "Node | _Tests":
        """Several tests; the value of a single expression in parentheses is a list of options itself."""
        start = self._place
        self._demand("(")
        is_value = self._peek() not in _COMPARISONS
        tests = [self._test()]
        while self._take(","):
            tests.append(self._test())
        self._demand(")")
        if len(tests) > 1 or not is_value:
            return _Tests(left, tests)
        self._place = start
        return self._postfix()

    def _test(self) -> Test:
        operator = self._take(*_COMPARISONS)
        node = self._sum()
        if operator is None:
            return lambda context, value: values.equals(node(context), value) is True
        return lambda context, value: values.compare(operator, value, node(context)) is True

    def _sum(self) -> Node:
        left = self._product()
        while operator := self._take("+", "-"):
            left = _arithmetic(operator, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._power()
        while operator := self._take("*", "/"):
            left = _arithmetic(operator, left, self._power())
        return left

    def _power(self) -> Node:
        left = self._negative()
        while operator := self._take("**"):
            left = _arithmetic(operator, left, self._negative())
        return left

    def _negative(self) -> Node:
        if self._take("-"):
            self._depth += 1
            if self._depth > DEEPEST:
                raise NotEvaluatedError
            node = self._negative()
            return _arithmetic("-", lambda _: 0, node)
        return self._postfix()

    def _postfix(self) -> Node:
        node = self._primary()
        while self._take("."):
            if self._kind() != "name" or self._peek() in KEYWORDS:
                raise NotEvaluatedError
            node = _member(node, self._next())
        return node

    def _primary(self) -> Node:
        kind, token = self._kind(), self._next()
        if kind == "number":
            number = values.plain(float(token))
            return lambda _: number
        if kind == "text":
            text = re.sub(r"\\.", lambda match: _ESCAPES[match[0]], token[1:-1])
            return lambda _: text
        if kind == "name":
            return self._named(token)
        if token == "(":
            node = self._expression()
            self._demand(")")
            return node
        if token == "[":
            return self._list()
        if token == "{":
            return self._context()
        raise NotEvaluatedError

    def _named(self, token: str) -> Node:
        if token in ("true", "false", "null"):
            return lambda _: {"true": True, "false": False}.get(token)
        name = token
        if token in _FIRST_WORDS and self._kind() == "name":
            name = f"{token} {self._next()}"
        if self._take("("):
            known = _FUNCTIONS.get(name)
            given = self._expressions(end=")")
            if known is None or len(given) != known[0]:
                raise NotEvaluatedError
            return _call(name, known[1], given)
        if name != token or token in KEYWORDS:
            raise NotEvaluatedError
        return _variable(token)

    def _list(self) -> Node:
        if self._take("]"):
            return lambda _: []
        parts = self._expressions(end="]")
        return lambda context: [part(context) for part in parts]

    def _context(self) -> Node:
        entries: list[tuple[str, Node]] = []
        while not self._take("}"):
            if entries:
                self._demand(",")
            kind, key = self._kind(), self._next()
            if kind not in ("name", "text") or key in KEYWORDS or "\\" in key:
                raise NotEvaluatedError
            self._demand(":")
            entries.append((key.strip('"'), self._expression()))

        def built(context: Context) -> object:
            made: dict[str, object] = {}
            for key, node in entries:
                made[key] = node({**context, **made})
            return made

        return built


class _Tests:
    """`x in (< 5, 7)`."""

    def __init__(self, left: Node, tests: Sequence[Test]) -> None:
        self._left = left
        self._tests = tests

    def any_holds(self, context: Context) -> object:
        value = self._left(context)
        return any([test(context, value) for test in self._tests])


def _tokens(text: str) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, whole = 0, text.rstrip()
    while place < len(whole):
        match = _TOKEN.match(whole, place)
        if match is None or whole.startswith(("//", "/*"), match.start(match.lastgroup or 0)):
            raise NotEvaluatedError
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    return found


def _failing(_: Context) -> object:
    raise FeelError


def _holds_for_null(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(each is None for each in value)
    return value if isinstance(value, bool) else value is None


def _both(left: Node, right: Node, *, decides: bool) -> Node:
    """`or` (True decides) and `and` (False decides), with three values."""

    def joined(context: Context) -> object:
        # Both sides are evaluated: the library fails if one of them does.
        sides = [side if isinstance(side, bool) else None for side in (left(context), right(context))]
        return decides if decides in sides else None if None in sides else not decides

    return joined


def _comparing(operator: str, left: Node, right: Node) -> Node:
    if operator == "=":
        return lambda context: values.equals(left(context), right(context))
    if operator == "!=":
        return lambda context: not values.equals(left(context), right(context))
    return lambda context: values.compare(operator, left(context), right(context))


def _between(value: Node, start: Node, end: Node) -> Node:
    def between(context: Context) -> object:
        lowest, highest, found = start(context), end(context), value(context)
        if lowest is None or highest is None:
            return None
        if {values.type_of(each) for each in (lowest, highest, found)} != {"number"} or values.compare(">", lowest, highest):
            raise NotEvaluatedError
        return bool(values.compare(">=", found, lowest) and values.compare("<=", found, highest))

    return between


def _arithmetic(operator: str, left: Node, right: Node) -> Node:
    match operator:
        case "+":
            return lambda context: values.add(left(context), right(context))
        case "-":
            return lambda context: values.computed(lambda a, b: a - b, left(context), right(context))
        case "*":
            return lambda context: values.computed(lambda a, b: a * b, left(context), right(context))
        case "/":
            return lambda context: values.divided(left(context), right(context))
        case _:
            return lambda context: values.computed(lambda a, b: float(a**b), left(context), right(context))


def _member(node: Node, name: str) -> Node:
    return lambda context: values.member(node(context), name)


def _call(name: str, function: Callable[..., object], given: Sequence[Node]) -> Node:
    def called(context: Context) -> object:
        if name in context:
            raise NotEvaluatedError
        return function(*(node(context) for node in given))

    return called


def _variable(name: str) -> Node:
    def variable(context: Context) -> object:
        if name in context:
            return values.checked(context[name])
        if name in _FUNCTION_NAMES or name in values.OF_EVERY_OBJECT:
            raise NotEvaluatedError
        return None

    return variable


def _odd_names(value: object) -> set[str]:
    """Names in the context, at any depth, that contain more than letters and digits; without blanks."""
    found: set[str] = set()
    rest: list[object] = [value]
    seen = 0
    while rest:
        node = rest.pop()
        inner = list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else []
        seen += len(inner)
        if seen > MOST_NAMES:
            raise NotEvaluatedError
        rest.extend(inner)
        if isinstance(node, Mapping):
            found |= {re.sub(r"\s+", "", key) for key in node if not re.fullmatch(r"\w+", key)}
    return found - {""}

"""Reads the part of FEEL that forms use. Each expression becomes a function from the context to the value."""

import re
from collections.abc import Callable, Sequence

from connectors.sdk.feel import values
from connectors.sdk.feel.functions import FUNCTIONS
from connectors.sdk.feel.nodes import (
    Node,
    arithmetic,
    between,
    both,
    call,
    comparing,
    failing,
    holds_for_null,
    indexed,
    inside,
    member,
    odd_names,
    quantified,
    variable,
)
from connectors.sdk.feel.values import Context, NotEvaluatedError

Test = Callable[[Context, object], bool]
"""A test of a value, as in `x in (< 5, 7)`."""

LONGEST = 5000
DEEPEST = 40

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w]))|(?P<text>"(?:[^"\\]|\\["\\nrt])*")|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<sign>\*\*|\.\.|<=|>=|!=|[-+*/^=<>(){}\[\],:.]))"""
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
_COMPARISONS = ("<", "<=", ">", ">=")
KEYWORDS = frozenset(
    [
        "and",
        "or",
        "in",
        "between",
        "if",
        "then",
        "else",
        "for",
        "return",
        "some",
        "every",
        "satisfies",
        "instance",
        "of",
        "function",
        "external",
        "true",
        "false",
        "null",
        "not",
    ]
)
_FIRST_WORDS = frozenset(name.partition(" ")[0] for name in FUNCTIONS if " " in name)


class Parser:
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
            return failing
        if not is_unary:
            node = self._expression()
            self._end()
            return self._guarded(node)
        negated = self._negated_tests()
        tests = negated if negated is not None else self._expressions(end=None)
        self._end()

        def test(context: Context) -> object:
            holds = True in [holds_for_null(node(context)) for node in tests]
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
        if not re.search(r"[-+*/^]", re.sub(r'"(?:[^"\\]|\\.)*"', "", self._text)):
            return node
        whole = re.sub(r"\s+", "", self._text)

        def guarded(context: Context) -> object:
            if any(name in whole for name in odd_names(context)):
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
        special = {"if": self._choice, "some": self._quantified, "every": self._quantified}.get(self._peek(), self._or)
        node = special()
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

    def _quantified(self) -> Node:
        """`some x in list satisfies test`, of one list."""
        is_some, name = self._next() == "some", self._next()
        if not name.isidentifier() or name in KEYWORDS:
            raise NotEvaluatedError
        self._demand("in")
        listed = self._expression()
        self._demand("satisfies")
        return quantified(name, listed, self._expression(), is_some=is_some)

    def _or(self) -> Node:
        left = self._and()
        while self._take("or"):
            left = both(left, self._and(), decides=True)
        return left

    def _and(self) -> Node:
        left = self._comparison()
        while self._take("and"):
            left = both(left, self._comparison(), decides=False)
        return left

    def _comparison(self) -> Node:
        left = self._sum()
        while True:
            if operator := self._take("=", "!=", *_COMPARISONS):
                left = comparing(operator, left, self._sum())
            elif self._take("in"):
                left = self._within(left)
            elif self._take("between"):
                start = self._sum()
                self._demand("and")
                left = between(left, start, self._sum())
            else:
                return left

    def _within(self, left: Node) -> Node:
        interval = self._interval(left)
        if interval is not None:
            return interval
        options = self._postfix() if self._peek() != "(" else self._parenthesized_options(left)
        if isinstance(options, _Tests):
            return options.any_holds

        def within(context: Context) -> object:
            listed = options(context)
            if listed is None:
                return None
            wanted = left(context)
            tested = listed if isinstance(listed, list) else [listed]
            return True in [values.equals(each, wanted) for each in tested]

        return within

    def _interval(self, left: Node) -> Node | None:
        """`[1..5]`; a parenthesis or a bracket that is turned round leaves the end out."""
        start = self._place
        first = self._take("[", "(", "]")
        if first is not None and (first == "]" or self._peek() not in (*_COMPARISONS, "]")):
            low = self._sum()
            if self._take(".."):
                high = self._sum()
                last = self._take("]", ")", "[")
                if last is None:
                    raise NotEvaluatedError
                return inside(left, low, high, has_low=first == "[", has_high=last == "]")
        self._place = start
        return None

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
            left = arithmetic(operator, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._power()
        while operator := self._take("*", "/"):
            left = arithmetic(operator, left, self._power())
        return left

    def _power(self) -> Node:
        left = self._negative()
        while self._take("**", "^"):
            left = arithmetic("**", left, self._negative())
        return left

    def _negative(self) -> Node:
        if self._take("-"):
            self._depth += 1
            if self._depth > DEEPEST:
                raise NotEvaluatedError
            node = self._negative()
            return arithmetic("-", lambda _: 0, node)
        return self._postfix()

    def _postfix(self) -> Node:
        node = self._primary()
        while True:
            if self._peek() == "[" and (self._peek(1) == "-" or self._peek(1).isdecimal()):
                self._next()
                node = indexed(node, self._index())
                continue
            if not self._take("."):
                return node
            if self._kind() != "name" or self._peek() in KEYWORDS:
                raise NotEvaluatedError
            node = member(node, self._next())

    def _index(self) -> int:
        """The place of an element. Other filters are not evaluated."""
        sign = -1 if self._take("-") else 1
        word = self._next()
        if not word.isdecimal():
            raise NotEvaluatedError
        self._demand("]")
        return sign * int(word)

    def _primary(self) -> Node:
        kind, word = self._kind(), self._next()
        if kind == "number":
            number = values.plain(float(word))
            return lambda _: number
        if kind == "text":
            text = re.sub(r"\\.", lambda match: _ESCAPES[match[0]], word[1:-1])
            return lambda _: text
        if kind == "name":
            return self._named(word)
        if word == "(":
            node = self._expression()
            self._demand(")")
            return node
        if word == "[":
            return self._list()
        if word == "{":
            return self._context()
        raise NotEvaluatedError

    def _named(self, token: str) -> Node:
        if token in ("true", "false", "null"):
            return lambda _: {"true": True, "false": False}.get(token)
        name = token
        if token in _FIRST_WORDS and self._kind() == "name":
            name = f"{token} {self._next()}"
        if self._take("("):
            known = FUNCTIONS.get(name)
            given = self._expressions(end=")")
            if known is None or len(given) not in known[0]:
                raise NotEvaluatedError
            return call(name, known[1], given)
        if name != token or token in KEYWORDS:
            raise NotEvaluatedError
        return variable(token)

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
        return True in [test(context, value) for test in self._tests]


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

"""The gateway's FEEL, compared with the vendor's: @bpmn-io/feelin, run in Node.js."""

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from connectors.sdk.feel.evaluation import evaluate, unary_test
from connectors.sdk.feel.values import NOT_EVALUATED
from tests.form_js.library import told

pytestmark = pytest.mark.server

CONTEXT: dict[str, Any] = {
    "a": None, "b": True, "f": False, "n": 5, "d": 2.5, "s": "x", "l": [1, 2], "one": [5], "e": [], "i": [2],
    "o": {"k": 1, "m": None, "p": {"q": "deep"}}, "r": [{"k": 1}, {"k": 2}, {}], "_x": 7, "ä": 1,
}  # fmt: skip
EVALUATED = """
a|b|f|n|s|l|e|o|missing|o.k|o.m|o.z|o.p.q|o.p.q.z|r.k|s.k|l.length|_x|ä|true|false|null|[]|[1, 2]|{}|{a: 1, b: a + 1}|{"x y": 1}
n = 5|n != 5|n != s|n = 5.0|s = "x"|b = true|b = "true"|a = null|a != null|n = null|missing = null|e = a|e = e|[] = []|l = 1|one = 5
l = [1,2]|r.k = [1, 2, null]|o.k = 1|o = {k: 1}|one = one|null = null|i = [2]|"x" = s|(n = 5) = true|n = 5 = true|f = not(b)
n > 4|n < 4|n >= 5|n <= 5|n > "4"|s > 4|s > "a"|"B" < "a"|b > 1|n > b|n > l|n > o|a > 1|n > a|a < a|null > 1|one > 4|e > -1|1 < n < 7|d < n
n in (1, 5)|n in (1, 2)|n in [5, 6]|n in l|n in one|n in (one)|n in (<3, >4)|n in (> 7, < 2)|n in a|s in ("x", "y")|s in "x"|a in (null)
a in (1, null)|b in (true, false)|n in (5)|n in ((5))|n in (n)|1 in r.k|s in l|l in (l)|n between 1 and 6|n between 6 and 9|n between a and 6
b and f|b or f|a and f|a or b|n and b|b and a|n = 5 and s = "x" or f|not(b)|not(a)|not(f)|not(n)|not (b)|not(b) and f|not(b) or b|b and not(f)
not(b and f)|not(n = 5)|not(n = 6)|s = "x" and not(n = 6)|not(missing)|not(s = missing)|b or (n > l)|not(not(b))
n + 1|n + s|s + s|-n|-s|n / 0|n - 1|n * 2 > 9|10 / 4|7 - 2 - 1|2 ** 3 ** 2|2 ^ 3 ^ 2|-n ^ 2|2 * n ^ 2|-2 ** 2|2 * 3 + 4|2 + 3 * 4|o.k + o.k|0.1 + 0.2|n + a|l + 1
if b then 1 else 2|if a then 1 else 2|if n > 3 then "x" else "y"|if n > a then 1 else 2|if s then 1 else 2|[if b then 1 else 2, n]
count(l)|count(e) = 0|string length(s)|contains(s, "x")|starts with("abc", "ab")|ends with("abc", "ab")|upper case("ab") = "AB"|lower case("AB")
list contains(l, 2)|list contains(l, n)|list contains(e, 1)|list contains(a, 1)|list contains(n, 5)|list contains([null], a)|count(a)|count(n)
contains(a, "x")|contains(n, "x")|starts with(missing, "x")|upper case(a)|string length(a)|string length("äb")|lower case(n)
sum(l)|sum(e)|sum(1, 2)|sum(r.k)|sum([0.1, 0.2, 0.3])|min(l)|max(l)|max(1, n)|min([1, n]) < 1|max(a, 1)|sum(a)|sum(missing)|sum(n)
abs(-n)|abs(a)|abs(s)|floor(d)|ceiling(d)|floor(-d)|modulo(n, 2)|modulo(-n, 3)|modulo(n, 0)|modulo(5.5, 2)|odd(n)|even(n)|even(a)|odd(-n)|even(d)
string(n)|string(d)|string(b)|string(a)|string(s)|number("7")|number("7.50")|number("x")|number(n)|number("")|number(a)|substring("abc", 2)|substring("abc", 1, 2)
substring("abc", -2)|substring("abc", -2, 1)|l[1]|l[2]|l[3]|l[-1]|n[1]|a[1]|r[2].k|e[1]|one[1]|some x in l satisfies x > 1|every x in l satisfies x > 0
some x in e satisfies x > 1|every x in e satisfies x > 1|some x in r satisfies x.k = 2|some x in a satisfies x|every x in l satisfies x > a
n in [1..5]|n in (1..5)|n in [1..5)|n in [1..5[|n in ]4..6]|n in (5..6]|a in [1..5]|d in [2..3]|(n in [1..5]) and b|n in [1,5]|n in [n]|not(n in [1..4])
"a\\nb"|"a\\"b"|"\\\\"|""|s = ""|1.50|01|"ä" = "ä"|( ( n ) )|((n = 5))|o.p = {q: "deep"}|[1, "x", true, null]
""".strip()
NOT_READ = """
l[n]|l[item > 1]|some x in l, y in l satisfies x > y|date("2026-01-01")|now()|s = 'x'|n = 5 // five|n > 3 and|u n|s in ["a".."z"]
toString|constructor|mean|n instance of number|? = null|1e3|.5|for x in l return x|mean(l)|function(x) x|(n = 5|$y|n > 4 n
""".strip()


def expressions(table: str) -> list[str]:
    return [expression for line in table.splitlines() for expression in line.split("|")]


TERMS = st.sampled_from(
    [
        "a",
        "b",
        "f",
        "n",
        "d",
        "s",
        "l",
        "e",
        "o.k",
        "o.m",
        "r.k",
        "missing",
        "true",
        "null",
        "1",
        "2.5",
        '"x"',
        '"7"',
        "[1, 5]",
    ]
)
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "+", "-", "*"])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})")
        | inner.map(lambda each: f"not({each})")
        | st.tuples(inner, inner, inner).map(lambda parts: f"if {parts[0]} then {parts[1]} else {parts[2]}")
        | st.tuples(inner, st.lists(inner, min_size=1, max_size=3)).map(
            lambda parts: f"({parts[0]}) in ({', '.join(parts[1])})"
        )
    )


def generated() -> list[str]:
    found: list[str] = []

    @settings(max_examples=300, database=None, derandomize=True, phases=[Phase.generate])
    @given(st.recursive(TERMS, _compound, max_leaves=5))
    def collect(expression: str) -> None:
        found.append(expression)

    collect()
    return found


def is_alike(one: object, other: object) -> bool:
    """1 is 1.0, true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def test_expressions_have_the_values_that_the_vendor_computes() -> None:
    """As expressions and as conditions. What the vendor cannot evaluate is null, as in its forms."""
    tried = [*expressions(EVALUATED), *generated()]
    questions = [(expression, is_unary) for expression in tried for is_unary in (False, True)]
    answers = told(
        "feel.mjs", [{"expression": each, "context": CONTEXT, "unary": is_unary} for each, is_unary in questions]
    )

    wrong, unread = [], 0
    for (expression, is_unary), answer in zip(questions, answers, strict=True):
        ours = (unary_test if is_unary else evaluate)(expression, CONTEXT)
        if ours is NOT_EVALUATED:
            unread += 1
        elif not is_alike(ours, answer.get("value")):
            wrong.append((expression, is_unary, ours, answer))

    assert [] == wrong
    assert unread < len(questions) / 20


def test_the_listed_expressions_are_evaluated() -> None:
    """All of the table above but those that compare a list."""
    assert [] == [each for each in expressions(EVALUATED) if evaluate(each, CONTEXT) is NOT_EVALUATED]


@pytest.mark.parametrize("expression", [*expressions(NOT_READ), "n" + " + n" * 3000, "(" * 100 + "n" + ")" * 100])
def test_other_expressions_are_not_evaluated(expression: str) -> None:
    """Nothing is guessed."""
    assert NOT_EVALUATED is evaluate(expression, CONTEXT)
    assert NOT_EVALUATED is unary_test(expression, CONTEXT)


@pytest.mark.parametrize(
    ("expression", "context"),
    [
        ("unit-price > 1", {"unit": 3, "price": 1, "unit-price": 5}),
        ("o.a-b", {"o": {"a-b": 1}, "b": 2}),
        ("known = 1", {"known": NOT_EVALUATED}),
        ("[known] = 1", {"known": NOT_EVALUATED}),
        ("o.k", {"o": NOT_EVALUATED}),
    ],
)
def test_what_depends_on_something_unknown_is_not_evaluated(expression: str, context: dict[str, Any]) -> None:
    """Names with signs in them, and values that were not evaluated themselves."""
    assert NOT_EVALUATED is evaluate(expression, context)

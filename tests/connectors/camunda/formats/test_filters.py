"""Filters of searches."""

from collections.abc import Callable

import pytest

from connectors.camunda.formats import Filter
from connectors.sdk import Interval

Build = Callable[[Filter], object]


def built(*conditions: Build, exact: frozenset[str] = frozenset()) -> dict[str, object] | None:
    filter = Filter()
    for add in conditions:
        add(filter)
    return filter.to_wire(exact=exact)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda made: made.one_of("a", None), {}),
        (lambda made: made.one_of("a", ["y", "x"]), {"a": {"$in": ["x", "y"]}}),
        (lambda made: made.one_of("a", [1]), {"a": {"$eq": 1}}),
        (lambda made: made.one_of("a", ()), None),
        (lambda made: made.between("a", 1, None), {"a": {"$gte": 1}}),
        (lambda made: made.between("a", None, None), {"a": {"$exists": True}}),
        (lambda made: made.within("a", Interval()), {"a": {"$exists": True}}),
        (lambda made: made.exists("a", wanted=None), {}),
        (lambda made: made.exists("a", wanted=False), {"a": {"$exists": False}}),
    ],
)
def test_a_condition_has_its_operators(condition: Build, expected: dict[str, object] | None) -> None:
    """None is no condition; no values match nothing."""
    assert expected == built(condition)


def test_an_exact_member_takes_the_value_itself() -> None:
    """Several values still need an operator."""
    exact = frozenset({"a", "b"})

    assert {"a": "x", "b": {"$in": ["x", "y"]}, "c": {"$eq": "x"}} == built(
        lambda made: made.one_of("a", ["x"]),
        lambda made: made.one_of("b", ["x", "y"]),
        lambda made: made.one_of("c", ["x"]),
        exact=exact,
    )


@pytest.mark.parametrize(
    "compare",
    [
        lambda made: made.one_of("a", ["x"]),
        lambda made: made.between("a", 1, 2),
        lambda made: made.within("a", Interval()),
        lambda made: made.exists("a", wanted=True),
    ],
)
def test_a_missing_value_cannot_be_compared(compare: Build) -> None:
    """In either order such a filter matches nothing, and another member does not matter."""

    def absent(filter: Filter) -> None:
        filter.exists("a", wanted=False)

    assert [None, None] == [built(compare, absent), built(absent, compare)]
    assert built(compare, lambda made: made.exists("b", wanted=False)) is not None

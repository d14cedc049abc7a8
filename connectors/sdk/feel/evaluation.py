"""The small part of FEEL that forms use, evaluated as the library feelin evaluates it.

Names and paths, literals, lists and contexts, = != < <= > >=, between, in, and, or, not(), if, arithmetic, and a few
functions. Anything else is NOT_EVALUATED.
"""

from functools import lru_cache

from connectors.sdk.feel.nodes import Node
from connectors.sdk.feel.parser import Parser
from connectors.sdk.feel.values import NOT_EVALUATED, Context, FeelError, NotEvaluatedError


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
        return Parser(expression).whole(is_unary=is_unary)
    except NotEvaluatedError:
        return _not_evaluated


def _not_evaluated(_: Context) -> object:
    raise NotEvaluatedError

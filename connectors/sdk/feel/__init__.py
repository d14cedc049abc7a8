"""FEEL expressions, as far as forms use them, with the values that the library `feelin` of form-js gives.

evaluation  an expression, and a condition, over a context
parser      the part of the language that is read
nodes       operators
functions   functions
values      comparison and arithmetic
texts       numbers and texts as JavaScript reads and writes them
"""

from connectors.sdk.feel.evaluation import evaluate, unary_test
from connectors.sdk.feel.nodes import FixedContext
from connectors.sdk.feel.texts import javascript_text, number_of
from connectors.sdk.feel.values import NOT_EVALUATED, Context, equals

__all__ = [
    "NOT_EVALUATED",
    "Context",
    "FixedContext",
    "equals",
    "evaluate",
    "javascript_text",
    "number_of",
    "unary_test",
]

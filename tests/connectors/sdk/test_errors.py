import re
from collections.abc import Iterator

from connectors.sdk import errors
from connectors.sdk.errors import ConnectorError, Failure, GatewayError, InputError

ROOTS = (ConnectorError, InputError, GatewayError)


def _below(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from _below(child)


CLASSES = [found for root in ROOTS for found in _below(root) if found.__module__ == errors.__name__]


def test_the_documented_tree_is_correct() -> None:
    """Every class below its parent, in order, with its code."""
    documented = re.findall(r"^([│├└─ ]*)(\w+Error) +([A-Z_]+)\b", errors.__doc__ or "", re.MULTILINE)

    assert [(len(parents(found)), found.__name__, found.code) for found in CLASSES] == [  # type: ignore[attr-defined]
        (len(indent) // 4, name, code) for indent, name, code in documented
    ]


def parents(error: type[Exception]) -> list[type]:
    return [parent for parent in error.__mro__[1:] if issubclass(parent, ROOTS)]


def test_the_roots_are_independent() -> None:
    """`except ConnectorError` catches neither a client's mistake nor a failure of the journal."""
    assert [] == [(one, other) for one in ROOTS for other in ROOTS if one is not other and issubclass(one, other)]
    assert set(ROOTS) == set(Failure.__args__)


def test_a_connector_error_says_where_it_happened() -> None:
    """The first place stays. `message` does not contain it."""
    error = ConnectorError("no answer").at("north", "get task").at("south", "list tasks")

    assert ("north: get task: no answer", "no answer") == (str(error), error.message)

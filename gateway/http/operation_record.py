"""What became of a GraphQL request, for the metrics."""

from typing import Literal

from msgspec import Struct

from schema.execution import GraphQLResponse

MOST_NAMES = 100
"""Names of operations that have metrics of their own; those that come later are "other"."""
LONGEST_NAME = 64


class OperationRecord(Struct, frozen=True, kw_only=True):
    """`kind` and `name` are None if nothing ran; `name` also if the document gives none. `codes`: of the answer's errors."""

    kind: Literal["query", "mutation", "subscription"] | None = None
    name: str | None = None
    codes: tuple[str, ...] = ()
    seconds: float = 0.0


def codes_of(answer: GraphQLResponse) -> tuple[str, ...]:
    """Each once. They are the gateway's own words."""
    return tuple(dict.fromkeys(str(error.get("extensions", {}).get("code", "OTHER")) for error in answer.errors))


class OperationNames:
    """Labels for the names of operations. Clients could invent any number of them, each of any length."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, name: str | None) -> str:
        if name is None:
            return "unnamed"
        if name in self._known:
            return name
        if len(name) > LONGEST_NAME or len(self._known) >= self._most:
            return "other"
        self._known.add(name)
        return name

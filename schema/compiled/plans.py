"""The generated functions: by operation, place in its answer and values of the variables that decide about fields. Bounded."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from graphql import DirectiveNode, Node, OperationDefinitionNode, VariableNode, Visitor, visit
from msgspec import Struct

from schema.compiled.compiler import CompiledList

MOST_OPERATIONS = 512
MOST_LISTS = 64
"""Of one operation. Beyond, the ordinary way is taken: variables of @skip and @include multiply."""
WARM_UP = 2
"""An operation is compiled when it runs for this many times: generating costs more than a single answer saves."""


class Counts(Struct):
    """Lists that were completed by generated code, in the ordinary way, and in the ordinary way after the code gave up."""

    compiled: int = 0
    ordinary: int = 0
    surprised: int = 0


class OperationPlans:
    """Of one operation. It is held here, so that the identity of its nodes cannot be taken by others."""

    def __init__(self, operation: OperationDefinitionNode, fragments: Iterable[Node]) -> None:
        self.operation = operation
        self._held = list(fragments)
        self.runs = 0
        self._deciding = _deciding((operation, *self._held))
        self._lists: dict[Hashable, CompiledList | None] = {}

    def find(
        self,
        row_type: str,
        details: Sequence[Any],
        variables: Mapping[str, Any],
        make: Callable[[], CompiledList | None],
    ) -> CompiledList | None:
        decided = tuple(bool(variables.get(name)) for name in self._deciding)
        key = (row_type, tuple(id(each.node) for each in details), decided)
        if key in self._lists:
            return self._lists[key]
        if len(self._lists) >= MOST_LISTS:
            return None
        made = self._lists[key] = make()
        return made


class Plans:
    """Of all operations, the most recently used ones. `warm_up` as `WARM_UP`."""

    def __init__(self, *, warm_up: int = WARM_UP, most: int = MOST_OPERATIONS) -> None:
        self.warm_up = warm_up
        self._most = most
        self._kept: OrderedDict[int, OperationPlans] = OrderedDict()
        self.counts = Counts()

    def begun(self, operation: OperationDefinitionNode, fragments: Iterable[Node]) -> OperationPlans | None:
        """An operation begins to run. None if it is not to be compiled yet."""
        plans = self._kept.get(id(operation))
        if plans is None:
            plans = self._kept[id(operation)] = OperationPlans(operation, fragments)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(id(operation))
        plans.runs += 1
        return plans if plans.runs >= self.warm_up else None


def _deciding(nodes: Iterable[Node]) -> tuple[str, ...]:
    found: set[str] = set()

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            found.update(each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode))

    for node in nodes:
        visit(node, Directives())
    return tuple(sorted(found))

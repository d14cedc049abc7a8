"""Which fields are selected below the current field, read from the AST."""

from collections.abc import Iterator, Mapping

import strawberry
from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from schema.core.context import Context


def selects(info: strawberry.Info[Context, None], *paths: tuple[str, ...]) -> bool:
    """Whether any of the paths of field names below the current field is selected.

    Each fragment is read once per level, so the time is linear in the document.
    """
    raw = info._raw_info  # noqa: SLF001 info.selected_fields expands nested fragments exponentially
    reader = _Reader(raw.fragments, info.variable_values)
    sets = [node.selection_set for node in raw.field_nodes if node.selection_set]
    # Many paths have the same beginning.
    names: dict[tuple[str, ...], frozenset[str]] = {}
    for path in paths:
        above = path[:-1]
        if above not in names:
            names[above] = reader.names(sets, above)
        if path[-1] in names[above]:
            return True
    return False


def selects_total(info: strawberry.Info[Context, None]) -> bool:
    """Whether a field of the list is selected that needs the total, which may cost upstream calls."""
    return selects(info, ("totalCount",), ("totalAccuracy",), ("sources", "count"))


def selects_cursors(info: strawberry.Info[Context, None]) -> bool:
    """Whether the cursor of any row of the list is selected."""
    return selects(info, ("edges", "cursor"), ("pageInfo", "startCursor"), ("pageInfo", "endCursor"))


# Fields of a task that are made of its candidates.
_OF_CANDIDATES = ("candidateUsers", "candidateGroups", "permittedActions", "permits", "version")
_ROWS = (("nodes",), ("edges", "node"))


def spares_candidates(info: strawberry.Info[Context, None]) -> bool:
    """Whether no field of the rows of a list of tasks needs their candidates."""
    return not selects(info, *((*row, field) for row in _ROWS for field in _OF_CANDIDATES))


def selects_data(info: strawberry.Info[Context, None]) -> bool:
    """Whether the data of the rows of a list of tasks are selected."""
    return selects(info, *((*row, "data") for row in _ROWS))


def has_root_field(
    document: DocumentNode, operation: OperationDefinitionNode, name: str, variables: Mapping[str, object]
) -> bool:
    """Whether the operation selects a root field of that name."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return _Reader(fragments, variables).reaches([operation.selection_set], (name,))


class _Reader:
    def __init__(self, fragments: Mapping[str, object], variables: Mapping[str, object]) -> None:
        self._fragments = fragments
        self._variables = variables

    def reaches(self, sets: list[SelectionSetNode], path: tuple[str, ...]) -> bool:
        return path[-1] in self.names(sets, path[:-1])

    def names(self, sets: list[SelectionSetNode], path: tuple[str, ...]) -> frozenset[str]:
        """The names of the fields at the end of the path."""
        for name in path:
            sets = [node.selection_set for node in self._fields(sets) if node.name.value == name and node.selection_set]
        return frozenset(node.name.value for node in self._fields(sets))

    def _fields(self, sets: list[SelectionSetNode]) -> Iterator[FieldNode]:
        seen: set[str] = set()
        waiting = list(sets)
        while waiting:
            for node in waiting.pop().selections:
                if not self._included(node):
                    continue
                if isinstance(node, FieldNode):
                    yield node
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                    seen.add(node.name.value)
                    waiting.append(self._fragments[node.name.value].selection_set)  # type: ignore[attr-defined]

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                value = directive.arguments[0].value if directive.arguments else None
                if isinstance(value, VariableNode):
                    decided = bool(self._variables.get(value.name.value))
                else:
                    decided = isinstance(value, BooleanValueNode) and value.value
                if decided == (directive.name.value == "skip"):
                    return False
        return True

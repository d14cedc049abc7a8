"""Counts of what a document contains, taken in one pass before validation.

Validation takes more than linear time in several of these counts (graphql-core 3.3: fields that share a name, fragments
that spread each other, every operation over every fragment). With these counts limited it is fast for any document.
"""

from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError, Node
from graphql.language import ast

from schema.core.limits import DocumentLimits

_COUNTED: dict[type[Node], str] = {
    ast.OperationDefinitionNode: "operations",
    ast.FragmentDefinitionNode: "fragments",
    ast.FieldNode: "fields",
    ast.FragmentSpreadNode: "spreads",
    ast.InlineFragmentNode: "spreads",
    ast.DirectiveNode: "directives",
    ast.VariableDefinitionNode: "variables",
    ast.ArgumentNode: "arguments",
    ast.ObjectFieldNode: "arguments",
}
_LEAVES = frozenset({"loc", "name", "alias", "type", "type_condition", "description"})
"""Attributes of AST nodes that contain nothing to count."""


def excesses(document: DocumentNode, limits: DocumentLimits) -> Iterator[GraphQLError]:
    """The first limit that the document exceeds, or its first type definition, which is not allowed."""
    for definition in document.definitions:
        if not isinstance(definition, ast.ExecutableDefinitionNode):
            yield GraphQLError("Only operations and fragments are served.", definition)
            return
    left = {what: getattr(limits, what) for what in _COUNTED.values()}
    stack: list[Node] = list(document.definitions)
    while stack:
        node = stack.pop()
        what = _COUNTED.get(type(node))
        if what is not None:
            left[what] -= 1
            if left[what] < 0:
                yield GraphQLError(f"The document has more than {getattr(limits, what)} {what}.", node)
                return
        for key in node.keys:
            if key in _LEAVES:
                continue
            below = getattr(node, key)
            if isinstance(below, Node):
                stack.append(below)
            elif isinstance(below, tuple | list):
                stack.extend(below)

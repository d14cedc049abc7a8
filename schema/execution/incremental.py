"""Answers in parts, for @defer and @stream: which operations have them, and how the parts are written.

The parts have the format of the specification's present text (`pending`, `incremental` with `id`, `completed`). Clients that
read an earlier text find `path` and `label` beside it, which later ones leave out of account.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLSchema,
    GraphQLStreamDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
)
from graphql.execution import (
    CompletedResult,
    IncrementalStreamResult,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from schema.execution.response import ResponsePart, shown

DIRECTIVES = (GraphQLDeferDirective, GraphQLStreamDirective)
_NAMES = frozenset(each.name for each in DIRECTIVES)
Place = tuple[str | int, ...]


@lru_cache(maxsize=2)
def with_directives(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with @defer and @stream. The printed one has neither: they are no part of the graph."""
    made = GraphQLSchema(**{**schema.to_kwargs(), "directives": (*schema.directives, *DIRECTIVES)})  # type: ignore[arg-type]
    made._strawberry_schema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 its resolvers ask for it
    return made


def asks_for_parts(
    text: str, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
) -> bool:
    """Whether the operation has @defer or @stream, and its variables do not switch all of them off."""
    if "defer" not in text and "stream" not in text:
        return False
    values = {
        each.variable.name.value: each.default_value.value
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, BooleanValueNode)
    } | dict(variables or {})
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    left: list[SelectionNode] = list(operation.selection_set.selections)
    while left:
        node = left.pop()
        if any(each.name.value in _NAMES and _is_on(each, values) for each in node.directives or ()):
            return True
        if isinstance(node, FragmentSpreadNode):
            # Each once.
            fragment = fragments.pop(node.name.value, None)
            left.extend(fragment.selection_set.selections if fragment is not None else ())
        elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
            left.extend(node.selection_set.selections)
    return False


def _is_on(directive: DirectiveNode, values: Mapping[str, Any]) -> bool:
    for each in directive.arguments or ():
        if each.name.value == "if":
            value = each.value
            found = (
                values.get(value.name.value, True) if isinstance(value, VariableNode) else getattr(value, "value", True)
            )
            return found is not False
    return True


class PartWriter:
    """Writes the parts of one answer, in their order.

    `earlier`: for a client that reads the text of August 2022, which knows no `completed`. A fragment that failed is told there as
    `data` null with its errors.
    """

    def __init__(self, *, earlier: bool = False) -> None:
        self._earlier = earlier
        self._pending: dict[str, PendingResult] = {}
        # Of each streamed list: how many items the client has.
        self._lengths: dict[str, int] = {}

    def first(self, result: InitialIncrementalExecutionResult) -> ResponsePart:
        errors = [shown(error) for error in result.errors or ()]
        self._note(result.pending, [((), result.data)])
        content: dict[str, Any] = {"data": result.data, "pending": [_pending(each) for each in result.pending]}
        if errors:
            content["errors"] = errors
        content["hasNext"] = result.has_next
        return ResponsePart(errors, content=content)

    def later(self, result: SubsequentIncrementalExecutionResult) -> ResponsePart:
        errors: list[dict[str, Any]] = []
        delivered: list[tuple[Place, Any]] = []
        incremental: list[dict[str, Any]] = []
        pending = list(result.pending or ())
        self._pending.update((each.id, each) for each in pending)
        for each in result.incremental or ():
            of = self._pending[each.id]
            place = (*of.path, *(each.sub_path or ()))
            told: dict[str, Any] = {"id": each.id}
            if each.sub_path:
                told["subPath"] = each.sub_path
            if isinstance(each, IncrementalStreamResult):
                # The list grows: an earlier text names the place of the first item.
                length = self._lengths.get(each.id, 0)
                self._lengths[each.id] = length + len(each.items)
                delivered += [((*place, length + index), item) for index, item in enumerate(each.items)]
                told["items"], place = each.items, (*place, length)
            else:
                told["data"] = each.data
                delivered.append((place, each.data))
            if each.errors:
                told["errors"] = [shown(error) for error in each.errors]
                errors += told["errors"]
            incremental.append({**told, **_located(place, of.label)})
        self._note(pending, delivered)
        content: dict[str, Any] = {}
        if pending:
            content["pending"] = [_pending(each) for each in pending]
        completed = [_completed(each) for each in result.completed or ()]
        for done in completed:
            if "errors" in done:
                errors += done["errors"]
                if self._earlier:
                    of = self._pending[done["id"]]
                    incremental.append({"data": None, "errors": done["errors"], **_located(tuple(of.path), of.label)})
        if incremental:
            content["incremental"] = incremental
        if completed:
            content["completed"] = completed
        content["hasNext"] = result.has_next
        return ResponsePart(errors, content=content)

    def _note(self, pending: Iterable[PendingResult], delivered: Iterable[tuple[Place, Any]]) -> None:
        """How long the lists are that begin to be streamed. They stand in what is delivered with the notice."""
        delivered = list(delivered)
        for each in pending:
            self._pending[each.id] = each
            found = next((value for value in _found(tuple(each.path), delivered) if isinstance(value, list)), None)
            if found is not None:
                self._lengths[each.id] = len(found)


def _found(path: Place, delivered: Iterable[tuple[Place, Any]]) -> Iterable[Any]:
    for place, value in delivered:
        if path[: len(place)] == place:
            found = value
            try:
                for step in path[len(place) :]:
                    found = found[step]
            except (KeyError, IndexError, TypeError):
                continue
            yield found


def _located(path: Place, label: str | None) -> dict[str, Any]:
    return {"path": list(path)} if label is None else {"path": list(path), "label": label}


def _pending(each: PendingResult) -> dict[str, Any]:
    return {"id": each.id, **_located(tuple(each.path), each.label)}


def _completed(each: CompletedResult) -> dict[str, Any]:
    return {"id": each.id, "errors": [shown(error) for error in each.errors]} if each.errors else {"id": each.id}

"""Whether the answer to an operation may be kept: whether it shows nothing that changes while the answers of sources stay the same."""

from collections.abc import Mapping
from typing import Any

import orjson
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

ROOTS = frozenset({"tasks", "viewer", "__typename"})
"""Root fields of answers that are kept."""
LIVE = frozenset(
    {
        "Source.cache",
        "Source.capabilities",
        "Source.lastSuccessAt",
        "Source.rateLimits",
        "Source.status",
        "Source.statusReason",
        "SourceResult.fromCache",
        "SourceResult.upstreamCalls",
        "Task.lastWrite",
        "Task.permits",
        "Task.permittedActions",
        "User.identities",
        "Viewer.identities",
        "Viewer.taskStats",
        "Query.node",
        "Query.nodes",
    }
)
"""Fields that change by themselves, or that depend on what is not kept."""
_TIMED = ("isOverdue", "OVERDUE", "DUE_DAY")
"""In arguments and variables: which rows there are depends on the time. As a selected field, `isOverdue` is watched by the rows."""
_KEPT = 256


class KeptOperations:
    """By document and name; the newest are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._judged: LRUCache[tuple[int, str | None], tuple[DocumentNode, bool]] = LRUCache(maxsize=_KEPT)

    def may_be_kept(self, document: DocumentNode, name: str | None, variables: Mapping[str, Any] | None) -> bool:
        key = (id(document), name)
        known = self._judged.get(key)
        if known is None:
            known = self._judged[key] = document, self._is_still(document)
        if not known[1]:
            return False
        if not variables:
            return True
        try:
            sent = orjson.dumps(variables)
        except TypeError:
            return False
        return not any(word.encode() in sent for word in _TIMED)

    def _is_still(self, document: DocumentNode) -> bool:
        types = TypeInfo(self._schema)
        found: set[str] = set()

        class Fields(Visitor):
            def enter_field(self, node: FieldNode, *_: object) -> None:
                parent = types.get_parent_type()
                if parent is not None:
                    found.add(f"{get_named_type(parent).name}.{node.name.value}")

            def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
                found.add(f"argument {node.name.value}")

            def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
                found.add(f"argument {node.value}")

        visit(document, TypeInfoVisitor(types, Fields()))
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        roots = {each.partition(".")[2] for each in found if each.startswith("Query.")}
        return (
            len(operations) == 1
            and roots <= ROOTS
            and not found & LIVE
            and not found & {f"argument {word}" for word in _TIMED}
        )

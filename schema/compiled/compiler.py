"""Writes the function that completes a list, as Python text, and makes it.

Nothing that a client wrote gets into the text but the names of fields in the answer, as string literals.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    EnumValueNode,
    FieldNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
)
from msgspec import Struct

from connectors.sdk.commands import TaskAction
from schema.compiled import leaves, shapes
from schema.compiled.directory import Directory, Naming
from schema.compiled.leaves import Surprise, leaf
from schema.compiled.shapes import (
    FROM_DIRECTORY,
    SHAPES,
    Getters,
    Groups,
    Items,
    Leaf,
    Object,
    People,
    Shape,
    Verdicts,
)
from schema.core.context import Context
from schema.source import all_sources

Selection = Mapping[str, Sequence[Any]]
"""Fields of an answer by their names in it, each with its `FieldDetails`."""
Select = Callable[[GraphQLObjectType, Sequence[Any]], Selection]
"""What is selected of a type below a field; Surprise where that is not known yet."""

# The GraphQL types of rows that are compiled: the shape, and how the record is got from an edge of a page.
ROWS = {"Task": ("task", "e.task"), "TaskEdge": ("task edge", "e")}


class CompiledList(Struct, frozen=True):
    """`rows` completes edges of a page. `namings`: what has to be looked up for them before. `text` is the function's."""

    rows: Callable[[Sequence[Any], Context, Directory], list[dict[str, Any]]]
    namings: Sequence[Naming]
    text: str


def compiled(row_type: GraphQLObjectType, details: Sequence[Any], select: Select) -> CompiledList:
    """Surprise if something is selected that the code here does not know."""
    return _Writer(select).list_of(row_type, details)


class _Writer:
    def __init__(self, select: Select) -> None:
        self._select = select
        self._names: dict[str, Any] = {**leaves.HELPERS, **shapes.HELPERS, "SOURCES": all_sources}
        self._functions: list[str] = []
        self._namings: list[Naming] = []
        self._number = 0

    def list_of(self, row_type: GraphQLObjectType, details: Sequence[Any]) -> CompiledList:
        shape, record = ROWS[row_type.name]
        row = self._object(row_type, details, "r", SHAPES[shape])
        text = "\n".join(
            (
                "def rows(edges, c, directory):",
                " S = c.once(SOURCES)",
                *self._functions,
                " made = []",
                " add = made.append",
                " for e in edges:",
                f"  r = {record}",
                f"  add({row})",
                " return made",
            )
        )
        if "S[" not in text:
            text = text.replace(" S = c.once(SOURCES)\n", "")
        # The text holds names of the schema and of this room, and string literals.
        exec(compile(text, "<compiled rows>", "exec"), self._names)  # noqa: S102
        return CompiledList(self._names["rows"], tuple(self._namings), text)

    def _object(self, declared: GraphQLObjectType, details: Sequence[Any], record: str, shape: Shape | None) -> str:
        """A dict display of what is selected of the object in the variable `record`."""
        parts = []
        for name, below in self._select(declared, details).items():
            node = below[0].node
            field = node.name.value
            if field == "__typename":
                written = repr(declared.name)
            else:
                getter = _attribute(declared, field) if shape is None else shape.get(field)
                if getter is None or (node.arguments and not isinstance(getter, Verdicts)):
                    raise Surprise
                written = self._value(declared.fields[field].type, below, record, getter)
            parts.append(f"{name!r}: {written}")
        return "{" + ", ".join(parts) + "}"

    def _value(self, declared: GraphQLOutputType, below: Sequence[Any], record: str, getter: Getters) -> str:
        match getter:
            case Leaf(read):
                return self._leaf(declared, _at(read, record))
            case Object(read, shape):
                return self._inner(declared, below, _at(read, record), shape)
            case Items(read, shape):
                return self._items(declared, below, _at(read, record), shape)
            case People(read, is_one):
                return self._named(declared, below, record, read, "user", is_one=is_one)
            case Groups(read):
                return self._named(declared, below, record, read, "group", is_one=False)
            case Verdicts(argument):
                action = self._name(_action(below[0].node, argument))
                return self._inner(declared, below, f"c.federation.verdicts(c.caller, {record}, ({action},))[0]", None)

    def _leaf(self, declared: GraphQLOutputType, read: str) -> str:
        inner = _nullable(declared)
        if not isinstance(inner, GraphQLList):
            return leaf(declared, read, self._names)
        item = self._function("r", leaf(inner.of_type, "r", self._names))
        return self._or_null(declared, read, lambda variable: f"[{item}(t) for t in {variable}]")

    def _inner(self, declared: GraphQLOutputType, below: Sequence[Any], read: str, shape: str | None) -> str:
        of = _object_type(declared)
        return self._or_null(
            declared, read, lambda variable: self._object(of, below, variable, None if shape is None else SHAPES[shape])
        )

    def _items(self, declared: GraphQLOutputType, below: Sequence[Any], read: str, shape: str | None) -> str:
        of = _item_type(declared)
        item = self._function("r", self._object(of, below, "r", None if shape is None else SHAPES[shape]))
        return self._or_null(declared, read, lambda variable: f"[{item}(t) for t in {variable}]")

    def _named(
        self, declared: GraphQLOutputType, below: Sequence[Any], record: str, read: str, kind: str, *, is_one: bool
    ) -> str:
        """Users and groups are shown by a function of their own, which knows what the directory has of them."""
        of = _object_type(declared) if is_one else _item_type(declared)
        show = self._function("f, r, p, d", self._object(of, below, "r", SHAPES[kind]))
        shown = self._fresh("u")
        self._functions.append(f" {shown} = directory.{kind}s({show})")
        selected = {details[0].node.name.value for details in self._select(of, below).values()}
        needs = [needed for field, needed in FROM_DIRECTORY[kind].items() if field in selected]
        if needs:
            named = f"({_at(read, 't')} or ())" + ("[:1]" if is_one else "")
            self._namings.append(
                Naming(
                    is_group=kind == "group",
                    of=self._made(f"lambda t: {named}"),
                    needs=self._made(f"lambda r: {' or '.join(_at(each, 'r') for each in needs)}"),
                )
            )
        if is_one:
            null = _null(declared)
            variable = self._fresh("o")
            read = _at(read, record)
            return f"({shown}({record}.source, {variable}[0]) if ({variable} := {read}) else {null})"
        return self._or_null(
            declared,
            _at(read, record),
            lambda variable: f"[{shown}(source, t) for source in ({record}.source,) for t in {variable}]",
        )

    def _or_null(self, declared: GraphQLOutputType, read: str, written: Callable[[str], str]) -> str:
        variable = self._fresh("o")
        return f"({_null(declared)} if ({variable} := {read}) is None else {written(variable)})"

    def _function(self, arguments: str, value: str) -> str:
        name = self._fresh("f")
        self._functions.append(f" def {name}({arguments}):\n  return {value}")
        return name

    def _fresh(self, letter: str) -> str:
        self._number += 1
        return f"{letter}{self._number}"

    def _name(self, value: object) -> str:
        name = self._fresh("A")
        self._names[name] = value
        return name

    def _made(self, text: str) -> Any:
        return eval(text, self._names)  # noqa: S307 as above


def _at(read: str, record: str) -> str:
    return read.replace("{r}", record)


def _null(declared: GraphQLOutputType) -> str:
    return "X()" if isinstance(declared, GraphQLNonNull) else "None"


def _nullable(declared: Any) -> Any:
    return declared.of_type if isinstance(declared, GraphQLNonNull) else declared


def _object_type(declared: GraphQLOutputType) -> GraphQLObjectType:
    of = _nullable(declared)
    if not isinstance(of, GraphQLObjectType):
        raise Surprise
    return of


def _item_type(declared: GraphQLOutputType) -> GraphQLObjectType:
    items = _nullable(declared)
    # Of a list that may hold nulls, none is compiled.
    if not isinstance(items, GraphQLList) or not isinstance(items.of_type, GraphQLNonNull):
        raise Surprise
    return _object_type(items.of_type)


def _attribute(declared: GraphQLObjectType, field: str) -> Getters | None:
    """A plain attribute of the GraphQL object; None for a field with a resolver."""
    definition = declared.fields[field]
    own = definition.extensions.get("strawberry-definition")
    if own is None or own.base_resolver is not None:
        return None
    read = "{r}." + own.python_name
    if is_leaf_type(get_named_type(definition.type)):
        return Leaf(read)
    return Items(read) if isinstance(_nullable(definition.type), GraphQLList) else Object(read)


def _action(node: FieldNode, argument: str) -> TaskAction:
    """The action that is written in the document. One in a variable may be another next time."""
    (given,) = node.arguments or ()
    if given.name.value != argument or not isinstance(given.value, EnumValueNode):
        raise Surprise
    return TaskAction(given.value.value)

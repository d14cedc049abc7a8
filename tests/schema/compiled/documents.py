"""Generated documents about lists of tasks: aliases, fragments, directives, nested objects. The seed decides everything."""

from random import Random

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_non_null_type,
)

VARIABLES = {"yes": True, "no": False, "some": None}
"""Of @skip and @include."""
LISTS = (
    "tasks(first: 10)",
    'tasks(first: 2, after: "x")',
    "viewer { inbox(first: 10, scope: ALL_VISIBLE) %s }",
    "viewer { inbox(scope: ALL_VISIBLE, first: 5) %s }",
)
# They lead to further lists of tasks. Each list would be as large.
_DEEP = frozenset({"tasks", "currentTasks", "members", "parent", "root"})
_ARGUMENTS = {
    "permits": ("(action: CLAIM)", "(action: COMPLETE)", "(action: $action)"),
    "data": ("", '(names: ["amount"])'),
}
DEPTH = 3


class Writer:
    """Writes one document over the schema."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._fragments: list[str] = []
        self._aliases = 0
        self._uses_action = False

    def document(self) -> str:
        lists = []
        for number in range(self._random.choice((1, 1, 2))):
            chosen = self._random.choice(LISTS)
            below = self._connection()
            text = chosen % below if "%s" in chosen else f"{chosen} {below}"
            lists.append(f"list{number}: {text}")
        declared = "$yes: Boolean = true, $no: Boolean = false, $some: Boolean! = true"
        used = "".join(lists) + "".join(self._fragments)
        names = [name for name in ("yes", "no", "some") if f"${name}" in used]
        parts = [part for part in declared.split(", ") if part[1:].split(":")[0] in names]
        if self._uses_action:
            parts.append("$action: TaskAction! = RELEASE")
        # What may be null cannot stand in a directive.
        head = (
            f"query Generated({', '.join(parts)}) ".replace("Boolean =", "Boolean! =") if parts else "query Generated "
        )
        return "\n".join([head + "{ " + " ".join(lists) + " }", *self._fragments])

    def _connection(self) -> str:
        connection = self._schema.type_map["TaskConnection"]
        task = self._schema.type_map["Task"]
        assert isinstance(connection, GraphQLObjectType)
        assert isinstance(task, GraphQLObjectType)
        parts = []
        if self._random.random() < 0.8:
            parts.append("nodes " + self._selection(task, 0))
        if not parts or self._random.random() < 0.4:
            cursor = self._random.choice(("cursor ", "", "at: cursor __typename "))
            parts.append(f"edges {{ {cursor}node {self._selection(task, 0)} }}")
        if self._random.random() < 0.3:
            parts.append(self._random.choice(("totalCount", "pageInfo { hasNextPage endCursor }", "isComplete")))
        if self._random.random() < 0.2:
            parts.append("sources { source { key } status count error { code } }")
        return "{ " + " ".join(parts) + " }"

    def _selection(self, declared: GraphQLObjectType, depth: int) -> str:
        names = [name for name in declared.fields if name not in _DEEP]
        chosen = self._random.sample(names, k=min(len(names), self._random.randint(1, 8 if depth == 0 else 4)))
        parts = [self._field(declared.fields[name], name, depth) for name in chosen]
        if self._random.random() < 0.2:
            parts.append("__typename")
        parts = [part for part in parts if part]
        if parts and self._random.random() < 0.3:
            parts.append(self._fragment(declared, parts))
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _fragment(self, declared: GraphQLObjectType, parts: list[str]) -> str:
        """Some of the parts again, in a fragment: the same fields are merged."""
        again = " ".join(self._random.sample(parts, k=1))
        condition = declared.name
        if again.split()[0] == "id" and any(is_interface_type(each) for each in declared.interfaces):
            condition = "Node"
        style = self._random.randrange(3)
        if style == 0:
            return f"... on {condition} {self._directive()} {{ {again} }}"
        if style == 1:
            return f"... {self._directive()} {{ {again} }}"
        name = f"Fragment{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {condition} {{ {again} }}")
        return f"...{name} {self._directive()}"

    def _directive(self) -> str:
        name = self._random.choice(("$yes", "$no", "$some", "true", "false"))
        return self._random.choice(("", "", f"@include(if: {name})", f"@skip(if: {name})"))

    def _field(self, field: GraphQLField, name: str, depth: int) -> str:
        inner = get_named_type(field.type)
        needed = [key for key, argument in field.args.items() if is_non_null_type(argument.type)]
        arguments = self._random.choice(_ARGUMENTS.get(name, ("",)) if field.args else ("",))
        if needed and not arguments:
            return ""
        self._uses_action = self._uses_action or "$action" in arguments
        self._aliases += 1
        alias = f"as{self._aliases}: " if arguments or self._random.random() < 0.15 else ""
        directive = self._directive() if alias else ""
        if is_leaf_type(inner):
            return f"{alias}{name}{arguments} {directive}"
        if depth >= DEPTH or not isinstance(inner, GraphQLObjectType):
            return ""
        return f"{alias}{name}{arguments} {directive} {self._selection(inner, depth + 1)}"

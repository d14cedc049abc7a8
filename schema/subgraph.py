"""The graph as a subgraph of Apollo Federation: what a router asks for beside the graph itself, and its SDL with keys."""

import re
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, NewType

import strawberry
from strawberry.tools import create_type

from connectors.sdk.errors import InputError
from schema.core.context import Context
from schema.core.federation_version import FederationVersion
from schema.core.limits import DETAIL_ROWS
from schema.core.pagination import MAX_PAGE
from schema.core.relay import Node, decode
from schema.flow import Flow
from schema.node import node_by_id
from schema.people import Group, User
from schema.source import Source
from schema.task import Task

ENTITIES = ("Task", "Flow", "User", "Group", "Source")
SHARED = ("PageInfo",)
"""Types that other graphs have with the same fields, by the Relay specification."""

Representation = NewType("Representation", object)

SUBGRAPH_SCALARS: Mapping[object, Any] = {
    Representation: strawberry.scalar(
        name="_Any",
        description="An entity as another graph knows it: its `__typename` and its `id`.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    )
}

Entity = Annotated[
    Task | Flow | User | Group | Source,
    strawberry.union("_Entity", description="A type that other graphs may refer to by `id`."),
]


@strawberry.type(name="_Service", description="This graph as part of a larger one.")
class Service:
    sdl: str = strawberry.field(description="The schema with its keys, for the composition of a larger graph.")


def subgraph_query(query: type, sdl: str) -> type:
    """The type Query with the fields that a router asks for."""

    def service() -> Service:
        return Service(sdl=sdl)

    entities: Any = strawberry.field(
        name="_entities",
        resolver=_entities,
        graphql_type=list[Entity | None],
        description=f"Objects that other graphs refer to, at most {MAX_PAGE}, in the order of `representations`. Null if one is unknown or invisible.",
    )
    # Without a class to stand in, fields have no name of their own.
    entities.python_name = "_entities"
    told: Any = strawberry.field(name="_service", resolver=service, description="The schema of this graph.")
    told.python_name = "_service"
    made = type("Query", (create_type("Query", [entities, told]), query), {})
    return strawberry.type(made, description="Read fields. Reading never changes a source.")


def _entities(
    info: strawberry.Info[Context, None],
    representations: Annotated[
        list[Representation],
        strawberry.argument(description=f"The entities, at most {MAX_PAGE}: each with `__typename` and `id`."),
    ],
) -> list[Awaitable[Node | None]]:
    if len(representations) > MAX_PAGE:
        raise InputError(f"representations must have at most {MAX_PAGE} entries", field=("representations",))
    is_listed = len(representations) > DETAIL_ROWS
    return [_entity(each, info.context, is_listed=is_listed) for each in representations]


async def _entity(representation: object, context: Context, *, is_listed: bool) -> Node | None:
    known = representation if isinstance(representation, dict) else {}
    name, text = known.get("__typename"), known.get("id")
    if name not in ENTITIES or not isinstance(text, str):
        raise InputError(f"an entity needs an id and a __typename of {', '.join(ENTITIES)}", field=("representations",))
    found = decode(text)
    return await node_by_id(text, context, is_listed=is_listed) if found is not None and found.type == name else None


def subgraph_sdl(sdl: str, version: FederationVersion) -> str:
    """The graph's SDL with the directives of Apollo Federation."""
    link = f'@link(url: "https://specs.apollo.dev/federation/v{version}", import: ["@key", "@shareable"])'
    for names, directive in ((ENTITIES, '@key(fields: "id")'), (SHARED, "@shareable")):
        heads = re.compile(rf"^(type (?:{'|'.join(names)})(?: implements \w+)?) {{$", re.MULTILINE)
        sdl, found = heads.subn(rf"\1 {directive} {{", sdl)
        if found != len(names):
            raise ValueError(f"not each of {names} is a type of the schema")
    return f"extend schema {link}\n\n{sdl}"

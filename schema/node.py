"""Anything by its global id."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import MAX_PAGE
from schema.core.context import Context
from schema.core.limits import DETAIL_ROWS
from schema.core.relay import Node, decode
from schema.core.resolver import resolved
from schema.flow.queries import flow_by_id
from schema.people.queries import group_by_id, user_by_id
from schema.task.queries import task_by_id

_WHAT = (
    "Tasks, flows, users, groups and sources can be found; definitions cannot yet, and are null, like an id that is "
    "malformed, unknown or invisible"
)


@strawberry.type
class NodeQueries:
    @resolved(description=f"Anything by its global id. {_WHAT}; null with an error if it cannot be loaded.")
    async def node(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")],
    ) -> Node | None:
        return await node_by_id(id, info.context)

    @resolved(
        graphql_type=list[Node | None],
        description=f"Several by their global ids, at most 100, in the order of `ids`. {_WHAT}.",
    )
    def nodes(
        self,
        info: strawberry.Info[Context, None],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Awaitable[Node | None]]:
        if len(ids) > MAX_PAGE:
            raise InputError(f"ids must be at most {MAX_PAGE}", field=("ids",))
        return [node_by_id(text, info.context, is_listed=len(ids) > DETAIL_ROWS) for text in ids]


async def node_by_id(text: str, context: Context, *, is_listed: bool = False) -> Node | None:
    """`is_listed`: one of so many that a task's description is not loaded for each."""
    found = decode(text)
    match found.type if found else None:
        case "Task":
            return await task_by_id(found, context, is_listed=is_listed)
        case "Flow":
            return await flow_by_id(found, context)
        case "User":
            return user_by_id(found, context)
        case "Group":
            return group_by_id(found, context)
        case "Source":
            return context.sources.get(found.parts[0]) if found else None
        case _:
            return None

"""`node` and `nodes`: any object by its global id."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.context import Context
from schema.core.limits import DETAIL_ROWS
from schema.core.pagination import MAX_PAGE
from schema.core.relay import Node, decode
from schema.core.resolver import resolved
from schema.flow import flow_by_id, flow_definition_by_id
from schema.people import group_by_id, user_by_id
from schema.source import all_sources
from schema.task import comment_by_id, task_by_id, task_definition_by_id

_WHAT = (
    "Null if the id is malformed, unknown or invisible. A definition is found if its source lists it, or if it is among "
    "the definitions of recent tasks and flows."
)


@strawberry.type
class NodeQueries:
    @resolved(description=f"Any object by its global id. {_WHAT} Null plus an error if it cannot be loaded.")
    async def node(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")],
    ) -> Node | None:
        return await node_by_id(id, info.context)

    @resolved(
        graphql_type=list[Node | None],
        description=f"Objects by their global ids, at most 100, in the order of `ids`. {_WHAT}",
    )
    def nodes(
        self,
        info: strawberry.Info[Context, None],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Awaitable[Node | None]]:
        if len(ids) > MAX_PAGE:
            raise InputError(f"ids must have at most {MAX_PAGE} entries", field=("ids",))
        tasks = {found.parts[:2] for text in ids if (found := decode(text)) is not None and found.type == "Comment"}
        if len(tasks) > DETAIL_ROWS:
            raise InputError(f"ids must name comments of at most {DETAIL_ROWS} tasks", field=("ids",))
        return [node_by_id(text, info.context, is_listed=len(ids) > DETAIL_ROWS) for text in ids]


async def node_by_id(text: str, context: Context, *, is_listed: bool = False) -> Node | None:
    """`is_listed`: too many ids to load the description of each task."""
    found = decode(text)
    if found is None:
        return None
    match found.type:
        case "Task":
            return await task_by_id(found, context, is_listed=is_listed)
        case "Flow":
            return await flow_by_id(found, context)
        case "User":
            return user_by_id(found, context)
        case "Group":
            return group_by_id(found, context)
        case "Source":
            return context.once(all_sources).get(found.parts[0])
        case "TaskDefinition":
            return await task_definition_by_id(found, context)
        case "FlowDefinition":
            return await flow_definition_by_id(found, context)
        case "Comment":
            return await comment_by_id(found, context)
        case _:
            raise NotImplementedError(f"node(id) does not load {found.type}")

"""`sourceStatusChanged`: how the sources fare."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.core.resolver import subscribed
from schema.source.types import Source, all_sources


@strawberry.type
class SourceSubscriptions:
    @subscribed(description="A source each time its status changes. Costs no upstream call.")
    async def source_status_changed(
        self,
        info: strawberry.Info[Context, None],
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="Global ids: these sources only. An unknown id is an error. Null or absent means all."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[Source, None]:
        context, wanted = info.context, given(ids)
        keys = list(context.sources) if wanted is None else [source_key(text, ("ids",), context) for text in wanted]
        async with aclosing(context.federation.watch_statuses(keys)) as changed:
            async for key in changed:
                # As it is at this moment: the context of the subscription remembers the sources of its beginning.
                yield all_sources(context.anew())[key]

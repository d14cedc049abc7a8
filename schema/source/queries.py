"""Configured sources."""

from typing import Annotated

import strawberry

from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.core.resolver import resolved
from schema.source.types import Source, all_sources


@strawberry.type
class SourceQueries:
    @resolved(description="Configured sources in configuration order. Costs no upstream call.")
    def sources(
        self,
        info: strawberry.Info[Context, None],
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="Global ids: return these sources only. An unknown id is an error. Null or absent means all."
            ),
        ] = strawberry.UNSET,
    ) -> list[Source]:
        context, wanted = info.context, given(ids)
        configured = info.context.once(all_sources)
        if wanted is None:
            return list(configured.values())
        keys = {source_key(text, ("ids",), context) for text in wanted}
        return [source for key, source in configured.items() if key in keys]

"""Sources by configuration."""

from typing import Annotated

import strawberry

from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.core.resolver import resolved
from schema.source.types import Source


@strawberry.type
class SourceQueries:
    @resolved(
        description="Configured sources in configuration order, from memory. No limit: as many as are configured."
    )
    def sources(
        self,
        info: strawberry.Info[Context, None],
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only these; null or absent means all. An unknown id is an error."),
        ] = strawberry.UNSET,
    ) -> list[Source]:
        context, wanted = info.context, given(ids)
        if wanted is None:
            return list(context.sources.values())
        keys = {source_key(text, ("ids",), context) for text in wanted}
        return [source for key, source in context.sources.items() if key in keys]

"""The schema: root types, the schema object, and its text (SDL)."""

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.core.scalars import SCALARS
from schema.flow import FlowMutations, FlowQueries
from schema.node import NodeQueries
from schema.operation import OperationQueries
from schema.people import PeopleQueries
from schema.source import SourceQueries
from schema.task import (
    ChangeMutations,
    CreateMutations,
    EndMutations,
    OwnershipMutations,
    TaskDefinitionQueries,
    TaskQueries,
    TaskStatsQueries,
    WorkMutations,
)


@strawberry.type(description="What can be read. Reads never change a source.")
class Query(
    TaskQueries,
    TaskStatsQueries,
    TaskDefinitionQueries,
    FlowQueries,
    PeopleQueries,
    SourceQueries,
    OperationQueries,
    NodeQueries,
):
    pass


@strawberry.type(description="What can be done. Each write is sent at most once; expected failures are in `errors`.")
class Mutation(OwnershipMutations, WorkMutations, ChangeMutations, EndMutations, CreateMutations, FlowMutations):
    pass


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """The schema, built once per process."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        config=StrawberryConfig(scalar_map=dict(SCALARS)),
    )


def sdl() -> str:
    """The schema as text. schema.graphql beside this file holds the same (tested)."""
    return build_schema().as_str().strip() + "\n"

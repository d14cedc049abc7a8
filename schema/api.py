"""The schema: root types, the schema object, and its text (SDL)."""

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.compiled import CompiledExecutor
from schema.core.scalars import SCALARS
from schema.flow import FlowMutations, FlowQueries
from schema.node import NodeQueries
from schema.operation import OperationQueries
from schema.people import PeopleQueries
from schema.source import SourceQueries, SourceSubscriptions
from schema.task import (
    BulkMutations,
    ChangeMutations,
    CreateMutations,
    EndMutations,
    NextTaskMutations,
    OwnershipMutations,
    TaskDefinitionQueries,
    TaskQueries,
    TaskStatsQueries,
    TaskSubscriptions,
    WorkMutations,
)


@strawberry.type(description="Read fields. Reading never changes a source.")
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


@strawberry.type(
    description="Write fields. A write is sent to its source at most once. Expected failures are in `errors` of the payload."
)
class Mutation(
    OwnershipMutations,
    WorkMutations,
    ChangeMutations,
    EndMutations,
    CreateMutations,
    BulkMutations,
    NextTaskMutations,
    FlowMutations,
):
    pass


@strawberry.type(
    description="Changes, told as the gateway learns of them. Subscribe first and read then: what changes in between is told."
)
class Subscription(TaskSubscriptions, SourceSubscriptions):
    pass


DESCRIPTION = """One inbox over the human-task systems of a company.

Start at `viewer.inbox`: the tasks of the person who sends the request, over all sources, in one order.
`tasks` lists all tasks that this person sees, `taskStats` counts them, `node(id:)` finds any object by its global id.
Every list reports in `sources` how each source answered. A failing source never fails a list.

Writes are mutations. Their payload has a `status` and `errors`; `operation(id:)` tells the result of a write later.
`permittedActions` of a task tells beforehand which actions the viewer may do."""


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """The schema, built once per process."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=dict(SCALARS)),
        execution_context_class=CompiledExecutor,
    )
    schema._schema.description = DESCRIPTION  # noqa: SLF001 Strawberry has no argument for it
    return schema


def sdl() -> str:
    """The schema as text. schema.graphql beside this file holds the same (tested)."""
    head = f'"""\n{DESCRIPTION}\n"""\nschema {{\n  query: Query\n  mutation: Mutation\n  subscription: Subscription\n}}'
    return f"{head}\n\n{build_schema().as_str().strip()}\n"

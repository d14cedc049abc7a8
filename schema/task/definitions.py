"""TaskDefinition, by id and in lists."""

from typing import Annotated

import strawberry

from connectors.sdk import model
from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.relay import GlobalId, Node, global_id
from schema.core.resolver import resolved
from schema.execution import selects_total
from schema.ports import PageRequest
from schema.source import MergedConnection


@strawberry.type(
    description="What a source creates tasks from, in one deployed version: a step of a process model (Camunda), a catalogue (UiPath), a task of a workflow (LittleHorse, epilot), a step of a workflow (GEOtareas)."
)
class TaskDefinition(Node):
    key: str = strawberry.field(
        description="Key in the source, the same for all versions. Often the key of the process and the key of the step: `invoice/approve_invoice`."
    )
    name: str | None = strawberry.field(description="Name for people. Null if the source has none.")
    version: str | None = strawberry.field(description="Native version. Null if the source has none.")

    @classmethod
    def from_model(cls, definition: model.Definition, source: str) -> "TaskDefinition":
        return cls(
            id=global_id("TaskDefinition", source, definition.native_id),
            key=definition.key,
            name=definition.name,
            version=definition.version,
        )


@strawberry.type(description="A page of task definitions, by name, over all sources.")
class TaskDefinitionConnection(MergedConnection[TaskDefinition]):
    pass


@strawberry.type
class TaskDefinitionQueries:
    @resolved(
        description=(
            "Task definitions by name. `sources` tells how each source answered: SKIPPED if it does not list definitions."
        )
    )
    async def task_definitions(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        source: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id of a source: return its definitions only. Null means all sources."
            ),
        ] = strawberry.UNSET,
    ) -> TaskDefinitionConnection:
        context, wanted = info.context, given(source)
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            sources=None if wanted is None else frozenset({source_key(wanted, ("source",), context)}),
            first=page.size,
            after=page.cursor,
            until=page.until,
            backward=page.backward,
            count=selects_total(info),
        )
        found = await context.federation.list_task_definitions(context.caller, request)
        return TaskDefinitionConnection.merged(
            found, context, lambda row: TaskDefinition.from_model(row.definition, row.source)
        )


async def task_definition_by_id(found: GlobalId, context: Context) -> TaskDefinition | None:
    ref = model.NativeRef(*found.parts)
    definition = await context.federation.get_task_definition(context.caller, ref)
    return None if definition is None else TaskDefinition.from_model(definition, ref.source)

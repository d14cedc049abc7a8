"""TaskOrder: the sort order of task lists."""

from typing import Annotated

import strawberry

from connectors.sdk.query import SortKey
from schema.core.enums import SortDirection, TaskOrderField
from schema.core.tasks import BY_DUE_TIME


@strawberry.input(description="A sort key.")
class TaskOrder:
    field: TaskOrderField = strawberry.field(description="Field to sort by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Direction.")

    def to_port(self) -> SortKey:
        return SortKey(self.field, self.direction)


DEFAULT_ORDER = [TaskOrder(field=key.field, direction=key.direction) for key in BY_DUE_TIME]

OrderBy = Annotated[
    list[TaskOrder] | None,
    strawberry.argument(
        description="Sort keys, the first is the most significant. Ties are broken by due time, creation time and id."
    ),
]


def sort_keys(order: list[TaskOrder] | None) -> tuple[SortKey, ...]:
    return BY_DUE_TIME if order is None else tuple(key.to_port() for key in order)

"""Pages of flows over all sources."""

from typing import Self

import strawberry

from connectors.sdk import model
from schema.core.context import Context
from schema.core.enums import CountAccuracy
from schema.flow.types import Flow
from schema.ports import RowList
from schema.source import MergedConnection


@strawberry.type(description="A page of flows, newest first, over all sources.")
class FlowConnection(MergedConnection[Flow]):
    total_accuracy: CountAccuracy = strawberry.field(description="Accuracy of `totalCount`.")

    @classmethod
    def from_list(cls, flows: RowList[model.Flow], context: Context) -> Self:
        return cls.merged(
            flows, context, lambda flow: Flow.from_model(flow, context), total_accuracy=flows.total_accuracy
        )

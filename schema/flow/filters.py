"""Filter inputs of flows, and their conversion to the port's query."""

from collections.abc import Sequence

import strawberry

from connectors.sdk.query import FlowQuery
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.enums import FlowState
from schema.core.filters import DateTimeFilter, IdFilter, StringFilter, SubjectFilter, both


@strawberry.input(
    description="Condition on a flow's state. Members combine by AND. A member that is null or absent is no condition."
)
class FlowStateFilter:
    eq: FlowState | None = strawberry.field(default=strawberry.UNSET, description="Equal to this state.")
    in_: list[FlowState] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="One of these states. An empty list matches nothing.",
    )

    def states(self) -> frozenset[FlowState] | None:
        found: frozenset[FlowState] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        return found


@strawberry.input(
    description="Condition on flows. Members combine by AND. A member that is null, absent or empty is no condition."
)
class FlowFilter:
    source: IdFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Source, by global id. An unknown id is an error."
    )
    state: FlowStateFilter | None = strawberry.field(default=strawberry.UNSET, description="Unified state.")
    definition_key: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Key of the flow definition."
    )
    subject: SubjectFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Business objects that the flow is about."
    )
    started_at: DateTimeFilter | None = strawberry.field(default=strawberry.UNSET, description="Start time.")

    def source_keys(self, field: Sequence[str], context: Context) -> frozenset[str] | None:
        source = given(self.source)
        return None if source is None else source.source_keys((*field, "source"), context)

    def query(self) -> FlowQuery:
        state, definition = given(self.state), given(self.definition_key)
        subject, started = given(self.subject), given(self.started_at)
        kind = None if subject is None else given(subject.type)
        native_id = None if subject is None else given(subject.id)
        is_null = None if started is None else given(started.is_null)
        return FlowQuery(
            states=None if state is None else state.states(),
            definition_keys=None if definition is None else definition.values(),
            definition=None if definition is None else definition.match(),
            subject_types=None if kind is None else frozenset({kind}),
            subject_ids=None if native_id is None else frozenset({native_id}),
            subject_label=None if subject is None else given(subject.label),
            has_start=None if is_null is None else not is_null,
            started_at=None if started is None else started.interval(),
        )

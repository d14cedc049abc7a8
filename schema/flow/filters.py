"""Filter inputs of flows, and their conversion to the port's query."""

from collections.abc import Sequence

import strawberry

from connectors.sdk.query import FlowQuery
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.enums import FlowState
from schema.core.filters import NOT_CONSIDERED, DateTimeFilter, IdFilter, StringFilter, SubjectFilter, both


@strawberry.input(description="Which states; members combine by AND.")
class FlowStateFilter:
    eq: FlowState | None = strawberry.field(default=strawberry.UNSET, description=f"This state. {NOT_CONSIDERED}")
    in_: list[FlowState] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description=f"One of these; an empty list matches nothing. {NOT_CONSIDERED}",
    )

    def states(self) -> frozenset[FlowState] | None:
        found: frozenset[FlowState] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        return found


@strawberry.input(description="Which flows; members combine by AND, null and empty ones are not considered.")
class FlowFilter:
    source: IdFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Sources, by their ids. An unknown one is an error. {NOT_CONSIDERED}"
    )
    state: FlowStateFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Unified states. {NOT_CONSIDERED}"
    )
    definition_key: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"Keys of the definition that they run by. {NOT_CONSIDERED}"
    )
    subject: SubjectFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"What they are about. {NOT_CONSIDERED}"
    )
    started_at: DateTimeFilter | None = strawberry.field(
        default=strawberry.UNSET, description=f"When they began. {NOT_CONSIDERED}"
    )

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

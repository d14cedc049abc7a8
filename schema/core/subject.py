"""SubjectRef and NativeRecord: fields that tasks and flows share."""

import strawberry

from connectors.sdk import model
from schema.core.resolver import resolved
from schema.core.scalars import JSON


@strawberry.type(
    description="A business object that a task or flow is about, for example an account, an order or an asset."
)
class SubjectRef:
    type: str = strawberry.field(description="Type of the object, as the source names it.")
    native_id: str = strawberry.field(description="Native id of the object.")
    label: str | None = strawberry.field(description="Name for people. Null if the row does not have it.")
    url: str | None = strawberry.field(description="Page of the object, for people. Null if there is none.")
    is_primary: bool | None = strawberry.field(
        description="Whether this is the main subject. Null if the source does not mark one."
    )

    @classmethod
    def from_model(cls, subject: model.SubjectRef) -> "SubjectRef":
        return cls(
            type=subject.type,
            native_id=subject.native_id,
            label=subject.label,
            url=subject.url,
            is_primary=subject.is_primary,
        )


def subjects_from_model(subjects: tuple[model.SubjectRef, ...] | None) -> list[SubjectRef] | None:
    return None if subjects is None else [SubjectRef.from_model(subject) for subject in subjects]


@strawberry.type(description="The object as the vendor names and records it.")
class NativeRecord:
    native_id: str = strawberry.field(description="Native id.")
    type: str | None = strawberry.field(description="Native type. Null if the vendor has none.")
    state: str | None = strawberry.field(
        description="Native state. Null if the vendor has none or the record is not loaded."
    )
    rule: str = strawberry.field(description="Name of the mapping rule that decided the unified state.")
    is_shown: strawberry.Private[bool]
    record: strawberry.Private[object]

    @resolved(
        graphql_type=JSON | None,
        description="The vendor's record as received. Null unless the viewer is a task admin, and null if it was not kept.",
    )
    def payload(self) -> object:
        return self.record if self.is_shown else None

"""SubjectRef and NativeRecord: fields that tasks and flows share."""

import strawberry

from connectors.sdk import model
from schema.core.resolver import resolved
from schema.core.scalars import JSON


@strawberry.type(description="A business object that work is about: an account, an order, an asset.")
class SubjectRef:
    type: str = strawberry.field(description="The source's word for the kind of object. Never null.")
    native_id: str = strawberry.field(description="The source's id of the object. Never null.")
    label: str | None = strawberry.field(description="Name for people; null where the row has none.")
    url: str | None = strawberry.field(description="Where a person can open it; null where there is no link.")
    is_primary: bool | None = strawberry.field(
        description="Whether it is the main one; null if the source has no such mark."
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


@strawberry.type(description="The thing in the vendor's own words.")
class NativeRecord:
    native_id: str = strawberry.field(description="The vendor's id. Never null.")
    type: str | None = strawberry.field(description="The vendor's type; null where it has none.")
    state: str | None = strawberry.field(description="The vendor's state; null where it has none or it is not loaded.")
    rule: str = strawberry.field(description="The rule that made the unified state of it. Never null.")
    is_shown: strawberry.Private[bool]
    record: strawberry.Private[object]

    @resolved(
        graphql_type=JSON | None,
        description="The vendor's record as received. Null for all but task admins, and where none was kept.",
    )
    def payload(self) -> object:
        return self.record if self.is_shown else None

"""Parts of a task that are read from the vendor's full record, and its tags and service level."""

from datetime import datetime

import strawberry

from connectors.sdk import model
from schema.core.context import Context
from schema.core.enums import FormFieldType, FormKind, OutcomeNature, Requirement
from schema.core.scalars import JSON
from schema.people import User


@strawberry.type(description="One choice of a form field.")
class FormOption:
    value: str = strawberry.field(description="What completing takes. Never null.")
    label: str | None = strawberry.field(description="Text for people; null where the source has none.")


@strawberry.type(description="One field of a form.")
class FormField:
    key: str = strawberry.field(description="The key that `completeTask` takes in `data`. Never null.")
    label: str | None = strawberry.field(description="Text for people; null where the source has none.")
    type: FormFieldType = strawberry.field(description="Type of the value. Never null.")
    native_type: str | None = strawberry.field(description="The vendor's word for the type; null where there is none.")
    required: bool = strawberry.field(description="Whether completing needs a value. Never null.")
    value: JSON | None = strawberry.field(description="The present value; null if there is none.")
    options: list[FormOption] | None = strawberry.field(
        description="The choices, all that the form lists; null where the type has none or the source does not say."
    )
    description: str | None = strawberry.field(description="Words of help; null where there are none.")

    @classmethod
    def from_model(cls, field: model.FormField) -> "FormField":
        return cls(
            key=field.key,
            label=field.label,
            type=field.type,
            native_type=field.native_type,
            required=field.required,
            value=None if field.value is None else JSON(field.value),
            options=None
            if field.options is None
            else [FormOption(value=option.value, label=option.label) for option in field.options],
            description=field.description,
        )


@strawberry.type(description="The form by which a task is worked on.")
class TaskForm:
    kind: FormKind = strawberry.field(description="How the form is given. Never null.")
    fields: list[FormField] = strawberry.field(description="Its fields, all of them; empty unless they are known.")
    json_schema: JSON | None = strawberry.field(description="A JSON Schema of the data; null where there is none.")
    vendor_schema: JSON | None = strawberry.field(description="The vendor's own description; null where there is none.")
    url: str | None = strawberry.field(description="The page that holds the form; null where there is none.")
    key: str | None = strawberry.field(description="The vendor's key of the form; null where there is none.")

    @classmethod
    def from_model(cls, form: model.Form) -> "TaskForm":
        return cls(
            kind=form.kind,
            fields=[FormField.from_model(field) for field in form.fields],
            json_schema=None if form.json_schema is None else JSON(form.json_schema),
            vendor_schema=None if form.vendor_schema is None else JSON(form.vendor_schema),
            url=form.url,
            key=form.key,
        )


@strawberry.type(description="One way to complete a task.")
class TaskOutcome:
    code: str = strawberry.field(description="What `completeTask` takes as `outcome`. Never null.")
    label: str | None = strawberry.field(description="Text for people; null where the source has none.")
    nature: OutcomeNature = strawberry.field(description="What it means. Never null.")
    data: Requirement = strawberry.field(description="Whether data must come along. Never null.")
    comment: Requirement = strawberry.field(description="Whether a comment must come along. Never null.")

    @classmethod
    def from_model(cls, outcome: model.TaskOutcome) -> "TaskOutcome":
        return cls(
            code=outcome.code,
            label=outcome.label,
            nature=outcome.nature,
            data=outcome.data,
            comment=outcome.comment,
        )


@strawberry.type(description="A step of the same flow that was done before.")
class PreviousStep:
    name: str = strawberry.field(description="Name of the step. Never null.")
    completed_by: User | None = strawberry.field(
        description="Who did it, by the name that the source gives; null where it gives none."
    )
    completed_at: datetime | None = strawberry.field(description="When it was done; null where not known.")
    outcome: str | None = strawberry.field(description="Code of its outcome; null where it had none.")
    data: JSON | None = strawberry.field(description="What was captured; null where the source does not say.")

    @classmethod
    def from_model(cls, step: model.PreviousStep, source: str, context: Context) -> "PreviousStep":
        person = step.completed_by and model.UserRef(native_id=step.completed_by, name=step.completed_by)
        return cls(
            name=step.name,
            completed_by=User.from_row(person, source, context) if person else None,
            completed_at=step.completed_at,
            outcome=step.outcome,
            data=None if step.data is None else JSON(step.data),
        )


@strawberry.type(description="A mark on a task.")
class Tag:
    name: str = strawberry.field(description="What `updateTask` takes. Never null.")
    value: str | None = strawberry.field(description="Its value; null where it has none.")
    label: str | None = strawberry.field(description="Text for people; null where the source has none.")

    @classmethod
    def from_model(cls, tag: model.Tag) -> "Tag":
        return cls(name=tag.name, value=tag.value, label=tag.label)


@strawberry.type(description="Service level as the source words it.")
class TaskSla:
    status: str | None = strawberry.field(description="The source's word; null where it has none.")
    starts_on: str | None = strawberry.field(description="Begin as the source writes it; null where it has none.")
    ends_on: str | None = strawberry.field(
        description="End as the source writes it, maybe without a zone; null where it has none."
    )
    expires_at: datetime | None = strawberry.field(description="When it is missed; null where not known.")

    @classmethod
    def from_model(cls, sla: model.Sla) -> "TaskSla":
        return cls(status=sla.status, starts_on=sla.starts_on, ends_on=sla.ends_on, expires_at=sla.expires_at)

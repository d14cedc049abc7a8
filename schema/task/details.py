"""Parts of a task that are read from the vendor's full record, and its tags and service level."""

from datetime import datetime

import strawberry

from connectors.sdk import model
from schema.core.context import Context
from schema.core.enums import FormFieldType, FormKind, OutcomeNature, Requirement
from schema.core.scalars import JSON
from schema.people import User


@strawberry.type(description="An option of a form field.")
class FormOption:
    value: str = strawberry.field(description="Value to send in `data` of `completeTask`.")
    label: str | None = strawberry.field(description="Text for people. Null if the source has none.")


@strawberry.type(description="A field of a form.")
class FormField:
    key: str = strawberry.field(description="Key of the field in `data` of `completeTask`.")
    label: str | None = strawberry.field(
        description="Text for people; made from the key if the source has keys only (GEOtareas). Null if there is none."
    )
    type: FormFieldType = strawberry.field(description="Type of the value.")
    native_type: str | None = strawberry.field(description="Native type. Null if there is none.")
    required: bool = strawberry.field(description="Whether completing the task requires a value.")
    value: JSON | None = strawberry.field(description="Current value. Null if there is none.")
    options: list[FormOption] | None = strawberry.field(
        description="Options to choose from. Null if the type has none or the source does not list them."
    )
    description: str | None = strawberry.field(description="Help text. Null if there is none.")

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


@strawberry.type(description="The form that a person fills in to complete a task.")
class TaskForm:
    kind: FormKind = strawberry.field(description="How the form is described.")
    fields: list[FormField] = strawberry.field(description="Fields of the form. Empty if they are unknown.")
    json_schema: JSON | None = strawberry.field(description="JSON Schema of the data. Null if there is none.")
    vendor_schema: JSON | None = strawberry.field(
        description="The vendor's own form description. Null if there is none."
    )
    url: str | None = strawberry.field(description="Page with the form, for people. Null if there is none.")
    key: str | None = strawberry.field(description="Native key of the form. Null if there is none.")

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


@strawberry.type(description="A way to complete a task.")
class TaskOutcome:
    code: str = strawberry.field(description="Value for `outcome` of `completeTask`.")
    label: str | None = strawberry.field(description="Text for people. Null if the source has none.")
    nature: OutcomeNature = strawberry.field(
        description="Meaning of the outcome. NEUTRAL unless the source or its configuration says otherwise."
    )
    data: Requirement = strawberry.field(description="Whether `data` must, may or cannot be sent with it.")
    comment: Requirement = strawberry.field(description="Whether `comment` must, may or cannot be sent with it.")

    @classmethod
    def from_model(cls, outcome: model.TaskOutcome) -> "TaskOutcome":
        return cls(
            code=outcome.code,
            label=outcome.label,
            nature=outcome.nature,
            data=outcome.data,
            comment=outcome.comment,
        )


@strawberry.type(description="An earlier, completed step of the same flow.")
class PreviousStep:
    name: str = strawberry.field(description="Name of the step.")
    completed_by: User | None = strawberry.field(
        description="User who completed it, by the name that the source gives. Null if it gives none."
    )
    completed_at: datetime | None = strawberry.field(description="Completion time. Null if unknown.")
    outcome: str | None = strawberry.field(description="Code of its outcome. Null if it had none.")
    data: JSON | None = strawberry.field(description="Data entered in the step. Null if the source does not say.")

    @classmethod
    def from_model(cls, step: model.PreviousStep, source: str, context: Context) -> "PreviousStep":
        person = step.completed_by
        return cls(
            name=step.name,
            completed_by=User.from_row(person, source, context) if person else None,
            completed_at=step.completed_at,
            outcome=step.outcome,
            data=None if step.data is None else JSON(step.data),
        )


@strawberry.type(description="A tag of a task.")
class Tag:
    name: str = strawberry.field(description="Name of the tag, as `updateTask` takes it.")
    value: str | None = strawberry.field(description="Value of the tag. Null if it has none.")
    label: str | None = strawberry.field(description="Text for people. Null if the source has none.")

    @classmethod
    def from_model(cls, tag: model.Tag) -> "Tag":
        return cls(name=tag.name, value=tag.value, label=tag.label)


@strawberry.type(description="Service level of a task.")
class TaskSla:
    status: str | None = strawberry.field(description="Status in the source's own word. Null if there is none.")
    starts_on: str | None = strawberry.field(
        description="Start as the source writes it: a time, or the event that it starts with (UiPath: `TaskCreated`). Null if there is none."
    )
    ends_on: str | None = strawberry.field(
        description="End as the source writes it, possibly without a time zone: for people, not for comparing. `dueAt` and `expiresAt` are in UTC. Null if there is none."
    )
    expires_at: datetime | None = strawberry.field(
        description="Time when the service level is missed. Null if unknown."
    )

    @classmethod
    def from_model(cls, sla: model.Sla) -> "TaskSla":
        return cls(status=sla.status, starts_on=sla.starts_on, ends_on=sla.ends_on, expires_at=sla.expires_at)

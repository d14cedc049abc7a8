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
    value: str = strawberry.field(description="Value as text.")
    raw_value: JSON = strawberry.field(
        description="Value to send in `data` of `completeTask`: a text, a number, a boolean or an object."
    )
    label: str | None = strawberry.field(description="Text for people. Null if the source has none.")


@strawberry.type(description="An input of a form. Buttons, texts and pictures are no fields.")
class FormField:
    key: str = strawberry.field(description="Key of the field in `data` of `completeTask`.")
    label: str | None = strawberry.field(
        description="Text for people; made from the key if the source has keys only (GEOtareas). Null if there is none."
    )
    type: FormFieldType = strawberry.field(description="Type of the value.")
    native_type: str | None = strawberry.field(description="Native type. Null if there is none.")
    required: bool = strawberry.field(
        description="Whether completing the task requires a value while the field is shown. A conditional field may be hidden; a disabled field is never required."
    )
    value: JSON | None = strawberry.field(
        description="Present value, of the process or the draft; never the default. Null if there is none."
    )
    default_value: JSON | None = strawberry.field(
        description="Value that the form proposes. The gateway does not send it: send it yourself. Null if there is none."
    )
    options: list[FormOption] | None = strawberry.field(
        description="Options to choose from. Null if the type has none or the source does not list them."
    )
    description: str | None = strawberry.field(description="Help text. Null if there is none.")
    is_read_only: bool = strawberry.field(description="Whether people see the value but cannot change it.")
    is_disabled: bool = strawberry.field(description="Whether the field takes no value. Its value is not sent.")
    is_conditional: bool = strawberry.field(
        description="Whether a condition, of the field or of a group around it, decides if it is shown."
    )
    condition: str | None = strawberry.field(
        description="The condition in the vendor's own expression language. Null if there is none, or if it has no text."
    )
    is_multiple: bool = strawberry.field(description="Whether the value is a list of values of `type`.")
    is_multiline: bool = strawberry.field(description="Whether the text may have several lines.")
    minimum: JSON | None = strawberry.field(description="Smallest value, a number or a time. Null if there is none.")
    maximum: JSON | None = strawberry.field(description="Largest value, a number or a time. Null if there is none.")
    step: JSON | None = strawberry.field(
        description="Difference between two numbers that the field takes, counted from `minimum` or 0. Null if there is none."
    )
    min_length: int | None = strawberry.field(description="Fewest characters of a text. Null if there is no limit.")
    max_length: int | None = strawberry.field(description="Most characters of a text. Null if there is no limit.")
    min_items: int | None = strawberry.field(description="Fewest entries of a list. Null if there is no limit.")
    max_items: int | None = strawberry.field(description="Most entries of a list. Null if there is no limit.")
    pattern: str | None = strawberry.field(
        description="Regular expression that a text must match, as the vendor writes it. Null if there is none."
    )
    group: list[str] = strawberry.field(description="Labels of the groups around the field, outermost first.")
    fields: "list[FormField] | None" = strawberry.field(
        description="Fields of one row, if the value is a list of rows. Null otherwise."
    )

    @classmethod
    def from_model(cls, field: model.FormField) -> "FormField":
        return cls(
            key=field.key,
            label=field.label,
            type=field.type,
            native_type=field.native_type,
            required=field.required,
            value=_json(field.value),
            default_value=_json(field.default_value),
            options=None
            if field.options is None
            else [
                FormOption(value=option.value, raw_value=JSON(option.raw_value), label=option.label)
                for option in field.options
            ],
            description=field.description,
            is_read_only=field.is_read_only,
            is_disabled=field.is_disabled,
            is_conditional=field.is_conditional,
            condition=field.condition,
            is_multiple=field.is_multiple,
            is_multiline=field.is_multiline,
            minimum=_json(field.minimum),
            maximum=_json(field.maximum),
            step=_json(field.step),
            min_length=field.min_length,
            max_length=field.max_length,
            min_items=field.min_items,
            max_items=field.max_items,
            pattern=field.pattern,
            group=list(field.group),
            fields=None if field.fields is None else [cls.from_model(each) for each in field.fields],
        )


def _json(value: object) -> JSON | None:
    return None if value is None else JSON(value)


@strawberry.type(description="The form that a person fills in to complete a task.")
class TaskForm:
    kind: FormKind = strawberry.field(description="How the form is described.")
    fields: list[FormField] = strawberry.field(description="Fields of the form. Empty if they are unknown.")
    json_schema: JSON | None = strawberry.field(
        description="JSON Schema (2020-12) of `data` of `completeTask`. Null if the form's fields are unknown."
    )
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

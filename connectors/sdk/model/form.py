"""What a person fills in to complete a task, and the ways to complete it."""

from msgspec import Struct

from connectors.sdk.model.enums import FormFieldType, FormKind, OutcomeNature, Requirement


class FormOption(Struct, frozen=True, kw_only=True):
    value: str
    label: str | None = None


class FormField(Struct, frozen=True, kw_only=True):
    """`key` is the key of the value in the `data` of a completion, not the vendor's field id."""

    key: str
    type: FormFieldType
    required: bool
    label: str | None = None
    native_type: str | None = None
    value: object = None
    options: tuple[FormOption, ...] | None = None
    description: str | None = None


class Form(Struct, frozen=True, kw_only=True):
    kind: FormKind
    fields: tuple[FormField, ...] = ()
    json_schema: object = None
    vendor_schema: object = None
    url: str | None = None
    key: str | None = None


class TaskOutcome(Struct, frozen=True, kw_only=True):
    """One way to complete a task. `data` and `comment`: whether the completion must, may or cannot carry them."""

    code: str
    label: str | None = None
    nature: OutcomeNature = OutcomeNature.NEUTRAL
    data: Requirement = Requirement.UNKNOWN
    comment: Requirement = Requirement.UNKNOWN

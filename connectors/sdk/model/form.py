"""What a person fills in to complete a task, the ways to complete it, and what is wrong with what was filled in."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.sdk.model.enums import FormFieldType, FormKind, OutcomeNature, Requirement


class FormOption(Struct, frozen=True, kw_only=True):
    """`raw_value` is what is sent and read: a text, a number, a boolean or an object. `value` is its text."""

    value: str
    raw_value: object
    label: str | None = None


class FormField(Struct, frozen=True, kw_only=True):
    """An input of a form. Buttons, texts, pictures and separators are no fields.

    `key` is the key of the value in the `data` of a completion, not the vendor's field id. A key with dots leads into
    nested objects if `is_nested`. `value` is the present one (of the process, of the draft), never the default.
    `required` and the rules hold only while the field is shown: a conditional or disabled field is never demanded
    without knowing that. `condition` is the vendor's own expression. `must_be_true`: a required box that must be ticked.
    `minimum` and `maximum` are numbers, or times as text; `step` is a number, counted from `minimum` or 0.
    `group`: labels of the groups around the field, outermost first. `fields`: of one row, if the value is a list of rows.
    """

    key: str
    type: FormFieldType
    required: bool
    label: str | None = None
    native_type: str | None = None
    value: object = None
    default_value: object = None
    options: tuple[FormOption, ...] | None = None
    description: str | None = None
    is_nested: bool = False
    is_read_only: bool = False
    is_disabled: bool = False
    is_conditional: bool = False
    condition: str | None = None
    is_multiple: bool = False
    is_multiline: bool = False
    must_be_true: bool = False
    minimum: object = None
    maximum: object = None
    step: object = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str | None = None
    group: tuple[str, ...] = ()
    fields: "tuple[FormField, ...] | None" = None


class Form(Struct, frozen=True, kw_only=True):
    """`json_schema` (2020-12) describes the `data` of a completion. `held` are the data of the task, where the read of
    the form gives them too.
    """

    kind: FormKind
    fields: tuple[FormField, ...] = ()
    json_schema: object = None
    vendor_schema: object = None
    held: Mapping[str, object] | None = None
    url: str | None = None
    key: str | None = None


class FormFault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with filled-in data.

    `path` leads to the value in `data`, by names and places: ("lines", 0, "item"). `rule` completes a sentence that begins with the field's
    label: "is required", "takes a number from 1 to 5".
    """

    path: tuple[object, ...]
    rule: str
    label: str | None = None

    @property
    def message(self) -> str:
        """A sentence for people."""
        return f"{self.label or self.key} {self.rule}"

    @property
    def key(self) -> str:
        """As people write it: "lines[0].item"."""
        first, *rest = self.path or ("data",)
        return f"{first}" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in rest)


class FormJudgement(Struct, frozen=True, kw_only=True):
    """`data` is what to send, in the vendor's shape. It counts only if there are no `faults`, which are all that were
    found. `unevaluated` are conditions that the gateway cannot evaluate; their fields were not demanded.
    `depends_on_held`: without the data of the task the judgement is not final.
    """

    data: Mapping[str, object]
    faults: tuple[FormFault, ...] = ()
    unevaluated: tuple[str, ...] = ()
    depends_on_held: bool = False


class TaskOutcome(Struct, frozen=True, kw_only=True):
    """One way to complete a task. `data` and `comment`: whether the completion must, may or cannot carry them."""

    code: str
    label: str | None = None
    nature: OutcomeNature = OutcomeNature.NEUTRAL
    data: Requirement = Requirement.UNKNOWN
    comment: Requirement = Requirement.UNKNOWN

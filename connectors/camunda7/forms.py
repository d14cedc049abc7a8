"""A task's form, and the data that complete it: form data of the BPMN document, Camunda forms, forms of applications."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client, ProcessPath
from connectors.camunda7.formats import DEFAULT_PATTERN, FormInput, format_date, has_time, user_tasks
from connectors.camunda7.ids import process_key
from connectors.sdk import (
    Form,
    FormField,
    FormFieldType,
    FormKind,
    NotFoundError,
    Task,
    decode_json,
    json_schema_of,
    option,
)
from connectors.sdk.form_js import form_of_document

TYPES = {
    "string": FormFieldType.TEXT,
    "long": FormFieldType.INTEGER,
    "boolean": FormFieldType.BOOLEAN,
    "date": FormFieldType.DATE,
    "enum": FormFieldType.SELECT,
}
# A form of the engine itself: made of form data.
_OF_ENGINE = "embedded:engine:"
_CAMUNDA_FORM = "camunda-forms:"
# The native type of a date is this word and its pattern.
_DATE = "date "


async def form_of(client: Camunda7Client, task: Task, held: Mapping[str, object]) -> Form:
    """Of an open task. `held` are its variables."""
    return await form_from(
        await client.get_form(task.native_id),
        held,
        document=lambda: client.get_deployed_form(task.native_id),
        inputs=lambda: _inputs(client, task),
    )


async def form_from(
    form: wire.TaskForm,
    held: Mapping[str, object],
    *,
    document: Callable[[], Awaitable[bytes]],
    inputs: Callable[[], Awaitable[list[FormInput]]],
) -> Form:
    """`document` reads a Camunda form, `inputs` form data: one of the two is called at most."""
    reference = form.reference
    if reference is not None or (form.key or "").startswith(_CAMUNDA_FORM):
        try:
            schema = decode_json(await document(), object, what="the form's schema")
        except NotFoundError:
            raise NotFoundError("the Camunda form that the process names is not deployed in the engine") from None
        return form_of_document(schema, held, key=form.key if reference is None else reference.key)
    if form.key is None:
        return Form(kind=FormKind.NONE)
    if not form.key.startswith(_OF_ENGINE):
        return external_form(form)
    fields = tuple(field_of(each, held) for each in await inputs())
    schema = json_schema_of(fields, sends_unknown=True)
    return Form(kind=FormKind.FIELDS, fields=fields, json_schema=schema, held=held)


def external_form(form: wire.TaskForm) -> Form:
    """A form of another application. It has an address only if the key is one of the web."""
    url = form.key if form.key and form.key.startswith(("https://", "http://")) else None
    return Form(kind=FormKind.EXTERNAL_URL, url=url, key=form.key)


async def _inputs(client: Camunda7Client, task: Task) -> list[FormInput]:
    """The form data of the task's element. The engine serves them as HTML otherwise."""
    if task.definition is None:
        return []
    definition, _, element = task.definition.native_id.rpartition("/")
    key = task.definition.key.rpartition("/")[0] or process_key(definition)
    found = user_tasks(await client.get_process_xml(ProcessPath.of_version(definition)), key)
    return next((each.inputs for each in found if each.element_id == element), [])


def field_of(given: FormInput, held: Mapping[str, object]) -> FormField:
    pattern = given.pattern or DEFAULT_PATTERN
    is_time = given.type == "date" and has_time(pattern)
    rules = given.rules
    return FormField(
        key=given.id,
        type=FormFieldType.DATETIME if is_time else TYPES.get(given.type, FormFieldType.UNKNOWN),
        native_type=f"{_DATE}{pattern}" if given.type == "date" else given.type or None,
        label=given.label,
        required="required" in rules,
        value=held.get(given.id),
        default_value=_default(given),
        options=tuple(option(id, label) for id, label in given.options) if given.type == "enum" else None,
        is_read_only="readonly" in rules,
        is_disabled="readonly" in rules,
        minimum=_whole(rules.get("min")),
        maximum=_whole(rules.get("max")),
        min_length=_whole(rules.get("minlength")),
        max_length=_whole(rules.get("maxlength")),
    )


def as_sent(fields: tuple[FormField, ...], data: Mapping[str, object]) -> dict[str, object]:
    """The data in the shape that the engine's form data take: a date as a text in the pattern of its field."""
    patterns = {
        field.key: field.native_type.removeprefix(_DATE)
        for field in fields
        if field.native_type is not None and field.native_type.startswith(_DATE)
    }
    return {name: _date(value, patterns[name]) if name in patterns else value for name, value in data.items()}


def _date(value: object, pattern: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value) if has_time(pattern) else date.fromisoformat(value[:10])
    except ValueError:
        return value
    text = format_date(moment if isinstance(moment, datetime) else datetime(*moment.timetuple()[:3]), pattern)  # noqa: DTZ001 a date
    return value if text is None else text


def _default(given: FormInput) -> object:
    """An expression is for the engine."""
    if given.default is None or "{" in given.default:
        return None
    if given.type == "boolean":
        return given.default == "true"
    return _whole(given.default) if given.type == "long" else given.default


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None

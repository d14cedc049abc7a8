"""Forms as fields, and form data as variables."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.forms import variables_of
from connectors.sdk.errors import MalformedResponseError, ValidationFailedError
from connectors.sdk.model import OPEN_STATES, DetailAspect, FormFieldType, FormKind, Task
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]
Drain = Callable[..., Any]


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": page})


def form_and_variables(
    form: Any, variables: dict[str, str] | None = None
) -> Callable[[httpx2.Request], httpx2.Response]:
    rows = [{"name": name, "value": value, "scopeKey": "1"} for name, value in (variables or {}).items()]
    found = page_of(*rows, totalItems=len(rows), hasMoreTotalItems=False)
    return lambda request: httpx2.Response(200, json=form) if request.url.path.endswith("/form") else found


async def test_a_linked_form_is_read_as_fields(task: Task, answering: Answering) -> None:
    """Fields in groups are included, layout components are not. The form also has the vendor's schema."""
    schema = {
        "type": "default",
        "components": [
            {"type": "text", "text": "# Hello"},
            {"type": "textfield", "key": "name", "label": "Name", "validate": {"required": True}},
            {"type": "number", "key": "count", "decimalDigits": 0, "description": "How many"},
            {"type": "datetime", "key": "on", "subtype": "date", "dateLabel": "On"},
            {
                "type": "group",
                "path": "customer",
                "components": [
                    {"type": "select", "key": "size", "values": [{"label": "Big", "value": "b"}, {"value": 1}]}
                ],
            },
            {"type": "dynamiclist", "path": "rows", "components": [{"type": "textfield", "key": "inner"}]},
            {"type": "hologram", "key": "holo"},
        ],
    }
    body = {"formKey": "1", "formId": "invoice", "version": 1, "schema": msgspec.json.encode(schema).decode()}

    detail = await answering(form_and_variables(body)).get_detail(task, {DetailAspect.FORM})

    assert detail.form is not None
    assert (FormKind.VENDOR_SCHEMA, schema, "invoice") == (
        detail.form.kind,
        detail.form.vendor_schema,
        detail.form.key,
    )
    assert [
        (
            field.key,
            field.type,
            field.required,
            field.label,
            field.options and [(option.value, option.label) for option in field.options],
        )
        for field in detail.form.fields
    ] == [
        ("name", FormFieldType.TEXT, True, "Name", None),
        ("count", FormFieldType.INTEGER, False, None, None),
        ("on", FormFieldType.DATE, False, "On", None),
        ("customer.size", FormFieldType.SELECT, False, None, [("b", "Big"), ("1", "1")]),
        ("rows", FormFieldType.JSON, False, None, None),
        ("holo", FormFieldType.UNKNOWN, False, None, None),
    ]


async def test_a_value_is_that_of_the_process(task: Task, answering: Answering) -> None:
    """Never the default, which is a member of its own. Paths lead into objects."""
    components = [
        {"type": "number", "key": "a", "defaultValue": 3},
        {"type": "number", "key": "b", "defaultValue": 3},
        {"type": "textfield", "key": "c.d"},
    ]
    body = {"schema": msgspec.json.encode({"components": components}).decode()}
    variables = {"b": "4", "c": '{"d":"x"}', "z": "1"}

    detail = await answering(form_and_variables(body, variables)).get_detail(task, {DetailAspect.FORM})

    assert detail.form is not None
    shown = [(field.key, field.value, field.default_value, field.is_nested) for field in detail.form.fields]
    assert [("a", None, 3, False), ("b", 4, 3, False), ("c.d", "x", None, True)] == shown


@pytest.mark.parametrize(
    ("components", "aspects", "paths"),
    [
        ([{"type": "textfield", "key": "a"}], {DetailAspect.FORM}, ["form", "search"]),
        ([{"type": "textfield", "key": "a"}], {DetailAspect.FORM, DetailAspect.DATA}, ["form", "search"]),
        ([{"type": "text", "text": "# T"}], {DetailAspect.FORM}, ["form"]),
    ],
)
async def test_variables_are_read_once_and_only_for_inputs(
    components: list[object], aspects: set[DetailAspect], paths: list[str], task: Task, answering: Answering
) -> None:
    """For form and data together too."""
    called: list[str] = []
    body = {"schema": msgspec.json.encode({"components": components}).decode()}

    def answer(request: httpx2.Request) -> httpx2.Response:
        called.append(request.url.path.rpartition("/")[2])
        return form_and_variables(body)(request)

    await answering(answer).get_detail(task, aspects)

    assert paths == called


async def test_the_forms_of_the_stand_in_are_read(connector: CamundaConnector, drain: Drain) -> None:
    """None fails, and at least one has fields."""
    tasks = await drain(connector, TaskQuery(states=OPEN_STATES))

    forms = [(await connector.get_detail(task, {DetailAspect.FORM})).form for task in tasks[:20]]

    assert all(form is not None for form in forms)
    assert any(form.fields for form in forms if form is not None)


async def test_a_task_may_have_no_form(task: Task, answering: Answering) -> None:
    """The vendor answers 204."""
    detail = await answering(lambda _: httpx2.Response(204)).get_detail(task, {DetailAspect.FORM})

    assert detail.form is not None
    assert FormKind.NONE is detail.form.kind


async def test_an_embedded_form_is_read_as_a_linked_one(task: Task, answering: Answering) -> None:
    """Where a server delivers it: its key is that of a place in the BPMN document, and it has no id. Others answer 204."""
    schema = {"type": "default", "components": [{"type": "textfield", "key": "name", "validate": {"required": True}}]}
    body = {"formKey": "camunda-forms:bpmn:userTaskForm_1", "schema": msgspec.json.encode(schema).decode()}
    connector = answering(form_and_variables(body))

    form = (await connector.get_detail(task, {DetailAspect.FORM})).form

    assert form is not None
    assert (FormKind.VENDOR_SCHEMA, "camunda-forms:bpmn:userTaskForm_1", schema) == (
        form.kind,
        form.key,
        form.vendor_schema,
    )
    assert [("name",)] == [fault.path for fault in connector.judge_form(form, {}, {}).faults]


@pytest.mark.parametrize(
    ("reference", "url"),
    [("https://forms.test/7", "https://forms.test/7"), ("javascript:alert(1)", None), ("embedded:app:7", None)],
)
async def test_an_external_form_needs_no_call(
    reference: str, url: str | None, row: dict[str, Any], answering: Answering
) -> None:
    """Its reference is in the row. Only an address of the web becomes a link."""
    connector = answering(lambda _: page_of({**row, "externalFormReference": reference}))
    [task] = (await connector.list_tasks(TaskQuery(), limit=1)).items

    detail = await connector.get_detail(task, {DetailAspect.FORM})

    assert detail.form is not None
    assert (FormKind.EXTERNAL_URL, url, reference) == (detail.form.kind, detail.form.url, detail.form.key)


async def test_a_form_whose_schema_is_no_json_is_malformed(task: Task, answering: Answering) -> None:
    """It is not an empty form."""
    connector = answering(lambda _: httpx2.Response(200, json={"schema": "{"}))

    with pytest.raises(MalformedResponseError):
        await connector.get_detail(task, {DetailAspect.FORM})


def test_form_data_becomes_variables() -> None:
    """Keys with dots are members of one variable, together with what is given as an object. Decimals are numbers."""
    sent = variables_of({"customer.name": "Ada", "customer": {"age": 3}, "sums": [Decimal("1.10")], "ok": True})

    assert msgspec.json.encode(sent) == b'{"customer":{"name":"Ada","age":3},"sums":[1.10],"ok":true}'


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({"a.0.b": 1, "a.2.b": 3}, {"a": [{"b": 1}, None, {"b": 3}]}),
        ({"a": [{"b": 1}], "a.0.c": 2, "a.1": 3}, {"a": [{"b": 1, "c": 2}, 3]}),
        ({"0.a": 1, "x.1": None}, {"0": {"a": 1}, "x": [None, None]}),
        ({"a.01": 1, "b.1000": 2}, {"a": {"01": 1}, "b": {"1000": 2}}),
    ],
)
def test_numbers_in_keys_are_places_in_lists(data: dict[str, object], sent: dict[str, object]) -> None:
    """Of at most three digits, without zeros before them."""
    assert sent == variables_of(data)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"a": 1, "a.b": 2}, "a.b"),
        ({"a.b": 2, "a": 1}, "a"),
        ({"a.b": 2, "a": {"b": 1}}, "a"),
        ({"...": 1}, "..."),
        ({"a..b": 1}, "a..b"),
        ({"": 1}, ""),
        ({"a.0": 1, "a.x": 2}, "a.x"),
        ({"a": [1], "a.0": 2}, "a.0"),
        ({"a": [1], "a.0.b": 2}, "a.0.b"),
        ({"x": Decimal("NaN")}, "x"),
        ({"x": [float("inf")]}, "x"),
    ],
)
def test_form_data_that_cannot_be_sent_is_named(data: dict[str, object], key: str) -> None:
    """Two values in one place, keys with empty parts, and numbers that JSON does not have."""
    with pytest.raises(ValidationFailedError) as caught:
        variables_of(data)

    assert ("data", key) == caught.value.field

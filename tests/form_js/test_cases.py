"""Forms that were misjudged: what is shown of them, what is refused and what is sent."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from connectors.sdk import FormField, FormFieldType, FormJudgement, json_schema_of
from connectors.sdk.form_js import judge_form
from connectors.sdk.form_js.fields import fields_of

TODAY = date(2026, 6, 15)


def judged(
    components: list[Any], data: Mapping[str, object], held: Mapping[str, object] | None = None
) -> FormJudgement:
    return judge_form({"components": components}, data, held or {}, is_draft=False, today=TODAY)


def shown(components: list[Any], held: Mapping[str, object] | None = None) -> dict[str, FormField]:
    return {field.key: field for field in fields_of({"components": components}, held or {})}


def faults(judgement: FormJudgement) -> list[str]:
    return [fault.key for fault in judgement.faults]


def required(kind: str, key: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": key, "validate": {"required": True}, **members}


def labelled(*pairs: tuple[str, object]) -> list[dict[str, object]]:
    return [{"label": label, "value": value} for label, value in pairs]


ESCALATION = [
    required("textarea", "caseSummary", readonly=True),
    {"type": "checkbox", "key": "takeOver"},
    {
        "type": "group",
        "label": "Answer",
        "conditional": {"hide": "=takeOver"},
        "components": [
            required("textarea", "answer"),
            required("radio", "keep", values=labelled(("Yes", "yes"), ("No", "no"))),
        ],
    },
]
LOAN = [
    required("number", "amount", defaultValue=25000, decimalDigits=0),
    required("textfield", "employer", defaultValue="Sample Ltd"),
    {"type": "textarea", "key": "incident", "readonly": True},
    required("number", "tenure", disabled=True),
]
PROPERTY = [
    {
        "type": "group",
        "path": "property",
        "label": "Property",
        "components": [
            required("select", "kind", values=labelled(("TV", "tv"), ("PC", "pc"))),
            required("textfield", "maker"),
        ],
    },
    required("textfield", "invoice.number"),
]
HELD_PROPERTY = {"property": {"kind": "tv", "maker": "Lumen"}, "invoice": {"number": "R-17", "currency": "EUR"}}
LINES = [
    {
        "type": "dynamiclist",
        "path": "lines",
        "label": "Lines",
        "components": [
            required("textfield", "item"),
            {"type": "number", "key": "qty", "decimalDigits": 0, "validate": {"min": 1}},
        ],
    }
]
CONSENT = [
    required("checkbox", "termsRead"),
    required("checklist", "checks", values=labelled(("ID", "id"), ("Address", "addr"))),
    required("taglist", "tags", values=labelled(("VIP", "vip"))),
]
DYNAMIC = [
    required("select", "supplier", valuesKey="suppliers"),
    {"type": "radio", "key": "slot", "valuesKey": "slots"},
    {"type": "select", "key": "contact", "valuesExpression": "=contacts"},
    {"type": "taglist", "key": "floors", "valuesKey": "slots"},
]
CAROL = {"id": 7, "mail": "carol@example.com"}
LISTS = {
    "suppliers": labelled(("Lumen Optics", "lumen"), ("Casa Verde", "casa")),
    "slots": [1, 2, 3],
    "contacts": labelled(("Carol", CAROL)),
}
PLAIN_LISTS = [
    {"type": "select", "key": "domain", "valuesExpression": "=domains"},
    {"type": "select", "key": "no", "valuesKey": "numbers"},
]
HELD_LISTS = {"domains": ["Consulting", "Software"], "numbers": [10, 20]}
RULES = [
    {"type": "textarea", "key": "reason", "validate": {"required": True, "minLength": 20, "maxLength": 500}},
    {"type": "textfield", "key": "iban", "validate": {"pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$"}},
    {"type": "textfield", "key": "mail", "validate": {"validationType": "email"}},
    {"type": "number", "key": "tenure", "decimalDigits": 0, "validate": {"min": 24, "max": 48}},
]
REASON = {"reason": "The customer paid twice in May"}
DATES = [
    {**required("datetime", "boughtOn"), "subtype": "date", "dateLabel": "Date of purchase", "label": "Date time"},
    {
        "type": "datetime",
        "subtype": "time",
        "timeLabel": "Delivery window",
        "label": "Date time",
        "key": "window",
        "timeSerializingFormat": "no_timezone",
    },
    {
        "type": "datetime",
        "subtype": "datetime",
        "dateLabel": "Accident on",
        "timeLabel": "at",
        "label": "Date time",
        "key": "accident",
        "timeSerializingFormat": "utc_offset",
    },
]
AMOUNTS = [
    {**required("number", "amount"), "decimalDigits": 2, "serializeToString": True},
    {"type": "number", "key": "share", "decimalDigits": 2},
]
FILE = [
    {"type": "filepicker", "key": "evidence", "label": "Evidence", "multiple": True},
    {"type": "checkbox", "key": "ok"},
]
NULLABLE = [required("number", "n"), required("radio", "r", values=labelled(("No", "no")))]
HIDDEN_LINES = [{"type": "checkbox", "key": "h"}, {**LINES[0], "conditional": {"hide": "=h"}}]
HIDDEN_ITEMS = [
    {"type": "checkbox", "key": "h"},
    {
        "type": "dynamiclist",
        "path": "lines",
        "components": [{**required("textfield", "item"), "conditional": {"hide": "=h"}}],
    },
]

Sent = Mapping[str, object]


@pytest.mark.parametrize(
    ("components", "held", "data", "sent"),
    [
        (ESCALATION, {"caseSummary": "Meter"}, {"takeOver": True}, {"takeOver": True}),
        (ESCALATION, {"caseSummary": "Meter"}, {"takeOver": True, "answer": None, "keep": ""}, {"takeOver": True}),
        (LOAN, {"amount": 41000, "employer": "Orbit", "incident": "Broken"}, {}, {}),
        (LOAN, {"employer": "Orbit"}, {"tenure": 3, "amount": 41000}, {"amount": 41000}),
        (PROPERTY, HELD_PROPERTY, {}, {}),
        (
            PROPERTY,
            HELD_PROPERTY,
            {"property.kind": "pc", "property.maker": "Orbit", "invoice.number": "R-18"},
            {"property": {"kind": "pc", "maker": "Orbit"}, "invoice": {"number": "R-18"}},
        ),
        (
            PROPERTY,
            HELD_PROPERTY,
            {"property": {"kind": "pc", "maker": "Orbit"}, "invoice": {"number": "R-18"}},
            {"property": {"kind": "pc", "maker": "Orbit"}, "invoice": {"number": "R-18"}},
        ),
        (PROPERTY, HELD_PROPERTY, {"property.kind": "pc"}, {"property": {"kind": "pc", "maker": "Lumen"}}),
        (LINES, {}, {"lines": [{"item": "bolt", "qty": 2}]}, {"lines": [{"item": "bolt", "qty": 2}]}),
        (
            CONSENT,
            {},
            {"termsRead": True, "checks": ["id"], "tags": ["vip"]},
            {"termsRead": True, "checks": ["id"], "tags": ["vip"]},
        ),
        (DYNAMIC, LISTS, {"supplier": "lumen", "slot": 2}, {"supplier": "lumen", "slot": 2}),
        (DYNAMIC, LISTS, {"supplier": "lumen", "contact": CAROL}, {"supplier": "lumen", "contact": CAROL}),
        (DYNAMIC, LISTS, {"supplier": "lumen", "floors": [1, 3]}, {"supplier": "lumen", "floors": [1, 3]}),
        (PLAIN_LISTS, HELD_LISTS, {"domain": "Consulting", "no": 20}, {"domain": "Consulting", "no": 20}),
        (
            RULES,
            {},
            {**REASON, "mail": "alice@example.com", "tenure": 36},
            {**REASON, "mail": "alice@example.com", "tenure": 36},
        ),
        (
            DATES,
            {},
            {"boughtOn": "2026-03-04", "window": "08:15", "accident": "2026-03-04T08:15+01:00"},
            {"boughtOn": "2026-03-04", "window": "08:15", "accident": "2026-03-04T08:15+01:00"},
        ),
        (AMOUNTS, {}, {"amount": "12345678901234567.89"}, {"amount": "12345678901234567.89"}),
        (AMOUNTS, {}, {"amount": 12.5}, {"amount": "12.5"}),
        (AMOUNTS, {}, {"amount": Decimal("12.50"), "share": "0.25"}, {"amount": "12.5", "share": Decimal("0.25")}),
        ([{"type": "number", "key": "a"}], {}, {"a": "12345678901234567.89"}, {"a": Decimal("12345678901234567.89")}),
        (FILE, {}, {"ok": True}, {"ok": True}),
        (NULLABLE, {"n": 0, "r": "no"}, {}, {}),
        (HIDDEN_LINES, {"lines": [{"item": "nut"}]}, {"h": True, "lines": [{"item": "bolt"}]}, {"h": True}),
        (HIDDEN_LINES, {"lines": [{"item": "nut"}]}, {"h": True, "lines": "bolt"}, {"h": True}),
        (HIDDEN_ITEMS, {"lines": [{"item": "nut"}]}, {"h": True, "lines": [{"item": "bolt"}]}, {"h": True}),
        ([{"type": "textfield", "key": "a"}], {}, {"a": "x", "other": {"b": 1}}, {"a": "x", "other": {"b": 1}}),
    ],
)
def test_what_the_form_accepts_is_sent(components: list[Any], held: Sent, data: Sent, sent: Sent) -> None:
    """Without hidden and disabled fields, and with the members of an object that were left alone."""
    judgement = judged(components, data, held)

    assert ((), sent) == (judgement.faults, judgement.data)


@pytest.mark.parametrize(
    ("components", "held", "data", "keys"),
    [
        (ESCALATION, {"caseSummary": "Meter"}, {"takeOver": False}, ["answer", "keep"]),
        (PROPERTY, HELD_PROPERTY, {"property": {"kind": "boat", "maker": "Orbit"}}, ["property.kind"]),
        (LINES, {}, {"lines": [{"qty": 2}]}, ["lines[0].item"]),
        (LINES, {}, {"lines": "bolt"}, ["lines"]),
        (
            LINES,
            {},
            {"lines": [{"item": "bolt", "qty": "two"}, {"qty": 0}]},
            ["lines[0].qty", "lines[1].item", "lines[1].qty"],
        ),
        (CONSENT, {}, {"termsRead": False, "checks": [], "tags": None}, ["termsRead", "checks", "tags"]),
        (DYNAMIC, LISTS, {"supplier": "acme"}, ["supplier"]),
        (DYNAMIC, LISTS, {"supplier": "lumen", "slot": "2", "floors": [1, 9]}, ["slot", "floors"]),
        (PLAIN_LISTS, HELD_LISTS, {"domain": "Farming"}, ["domain"]),
        (
            RULES,
            {},
            {"reason": "no", "iban": "oops", "mail": "not a mail", "tenure": 480},
            ["reason", "iban", "mail", "tenure"],
        ),
        (DATES, {}, {"boughtOn": "2026-03-04Tlate in the day", "window": "quarter past"}, ["boughtOn", "window"]),
        (AMOUNTS, {}, {"amount": 1.5, "share": 0.125}, ["share"]),
        (FILE, {}, {"evidence": [{"camunda.document.type": "camunda", "documentId": "6d9f"}]}, ["evidence"]),
        ([required("filepicker", "evidence")], {}, {}, ["evidence"]),
        (NULLABLE, {"n": 0, "r": "no"}, {"n": None, "r": None}, ["n", "r"]),
        ([required("number", "rate", defaultValue=18)], {}, {}, ["rate"]),
        ([{"type": "textfield", "key": "a"}], {}, {"...": 1}, ["..."]),
        (ESCALATION, {"caseSummary": "Meter"}, {"takeOver": True, "caseSummary": "changed"}, ["caseSummary"]),
    ],
)
def test_what_the_form_refuses_is_refused(components: list[Any], held: Sent, data: Sent, keys: list[str]) -> None:
    """All faults at once, each with its place."""
    assert keys == faults(judged(components, data, held))


def test_faults_are_sentences_for_people() -> None:
    """They begin with the label."""
    components = [*CONSENT, required("number", "rate", defaultValue=18), required("filepicker", "photo")]

    assert [
        "termsRead must be ticked",
        "checks is required",
        "tags takes one of vip",
        "rate is required; the form proposes 18",
        "photo takes a file, which cannot be sent through this gateway: use the vendor's own form",
    ] == [fault.message for fault in judged(components, {"tags": ["old"]}).faults]


def test_a_draft_may_lack_required_values() -> None:
    """What is in it is checked nevertheless."""
    judgement = judge_form({"components": LINES}, {"lines": [{"qty": 0}]}, {}, is_draft=True, today=TODAY)

    assert ["lines[0].qty"] == faults(judgement)


def test_fields_show_what_the_process_holds() -> None:
    """Not the default."""
    fields = shown(LOAN, {"amount": 41000, "incident": "Screen broken", "employer": "Orbit Foods"})

    assert [41000, "Orbit Foods", "Screen broken", None] == [field.value for field in fields.values()]
    assert [25000, "Sample Ltd"] == [fields["amount"].default_value, fields["employer"].default_value]
    assert (True, True) == (fields["incident"].is_read_only, fields["tenure"].is_disabled)
    assert not fields["tenure"].required


def test_options_of_variables_are_listed_with_their_types() -> None:
    """`raw_value` is what is sent."""
    fields = shown(DYNAMIC, LISTS)

    assert [1, 2, 3] == [each.raw_value for each in fields["slot"].options or ()]
    assert [("Carol", CAROL)] == [(each.label, each.raw_value) for each in fields["contact"].options or ()]


def test_conditions_and_groups_are_shown() -> None:
    """A field has the condition of the group around it."""
    field = shown(ESCALATION)["answer"]

    assert (True, "=takeOver", ("Answer",)) == (field.is_conditional, field.condition, field.group)
    nested = [
        {
            "type": "group",
            "conditional": {"hide": "=a"},
            "components": [{**required("textfield", "b"), "conditional": {"hide": "=c"}}],
        }
    ]
    assert "=(a) or (c)" == shown(nested)["b"].condition


def test_labels_are_those_that_people_see() -> None:
    """`label` of a date is a leftover of the editor."""
    assert ["Date of purchase", "Delivery window", "Accident on"] == [field.label for field in shown(DATES).values()]


def test_rules_of_a_field_are_shown() -> None:
    """As far as they are known: expressions over what the process holds, too."""
    fields = shown(RULES)

    assert (20, 500) == (fields["reason"].min_length, fields["reason"].max_length)
    assert (24, 48) == (fields["tenure"].minimum, fields["tenure"].maximum)
    limited = [{"type": "number", "key": "n", "decimalDigits": 2, "validate": {"min": "=lowest"}}]
    assert (3, Decimal("0.01")) == (shown(limited, {"lowest": 3})["n"].minimum, shown(limited, {"lowest": 3})["n"].step)
    assert shown(limited)["n"].minimum is None


def test_rows_have_fields() -> None:
    """With keys inside of a row."""
    rows = shown(LINES)["lines"].fields or ()

    assert [("item", FormFieldType.TEXT, True), ("qty", FormFieldType.INTEGER, False)] == [
        (each.key, each.type, each.required) for each in rows
    ]


def test_buttons_and_texts_are_no_fields() -> None:
    """Of an old schema they have keys."""
    components = [
        {"type": "text", "key": "t1", "text": "# Invoice"},
        {"type": "textfield", "key": "approver"},
        {"type": "iframe", "key": "mapFrame", "url": "https://maps.example.com"},
        {"type": "button", "key": "submit", "action": "submit"},
        {"type": "expression", "key": "total", "expression": "=price * count"},
        *({"type": kind, "key": kind} for kind in ("html", "image", "table", "documentPreview", "separator", "spacer")),
    ]
    held = {"price": 5, "count": 3}

    assert ["approver", "total"] == list(shown(components, held))
    assert {"approver": "Bob", "total": 15} == judged(components, {"approver": "Bob"}, held).data
    assert ["total"] == faults(judged(components, {"total": 16}, held))


def test_expressions_that_are_not_evaluated_are_counted() -> None:
    """Their fields are not demanded, but sent if given."""
    condition = "=some x in lines, y in lines satisfies x.late"
    components = [{**required("textfield", "b"), "conditional": {"hide": condition}}]

    empty, given = judged(components, {}), judged(components, {"b": "x"})

    assert ((), {}, (condition,)) == (empty.faults, empty.data, empty.unevaluated)
    assert {"b": "x"} == given.data


def test_expressions_may_depend_on_each_other() -> None:
    """In any order. Those that never come to rest are not evaluated."""
    number = {"type": "number", "key": "n"}
    chain = [
        *({"type": "expression", "key": f"e{place}", "expression": f"=e{place + 1} + 1"} for place in range(9)),
        number,
    ]
    chain[8]["expression"] = "=n + 1"
    circle = [{"type": "expression", "key": "a", "expression": "=if a = 1 then 2 else 1"}, number]

    assert 14 == judged(chain, {"n": 5}).data["e0"]
    assert {"n": 5} == judged(circle, {"n": 5}).data
    assert {"n": 5, "a": 2} == judged(circle, {"n": 5, "a": 2}).data


def test_what_the_process_holds_is_asked_for() -> None:
    """A form without inputs needs nothing."""
    schema = {"components": LOAN}

    assert judge_form(schema, {}, None, is_draft=False, today=TODAY).depends_on_held
    assert not judge_form({"components": []}, {"a": 1}, None, is_draft=False, today=TODAY).depends_on_held


def test_a_form_that_needs_nothing_of_the_process_is_judged_without_it() -> None:
    """All inputs are given, and no expression looks at anything else."""
    judgement = judge_form({"components": LINES}, {"lines": [{"qty": 1}]}, None, is_draft=False, today=TODAY)

    assert (False, ["lines[0].item"]) == (judgement.depends_on_held, faults(judgement))


@pytest.mark.parametrize(
    ("components", "data"),
    [
        (PROPERTY, {"property": {"kind": "pc", "maker": "Orbit"}, "invoice": {"number": "R-18"}}),
        (LINES, {"lines": [{"item": "bolt", "qty": 2}]}),
        (CONSENT, {"termsRead": True, "checks": ["id"], "tags": ["vip"]}),
        (RULES, {**REASON, "mail": "alice@example.com", "tenure": 36}),
        (DATES, {"boughtOn": "2026-03-04", "window": "08:15"}),
    ],
)
def test_the_json_schema_says_what_may_be_sent(components: list[Any], data: Mapping[str, Any]) -> None:
    """And that nothing is not enough."""
    schema = json_schema_of(fields_of({"components": components}, {}), sends_unknown=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(data)
    assert components is LINES or not validator.is_valid({})
    assert not judged(components, data).faults


def test_fields_beside_a_hidden_group_keep_what_the_process_holds() -> None:
    """In the object of the group, which replaces that of the process."""
    components = [
        {
            "type": "group",
            "path": "a",
            "conditional": {"hide": "=h"},
            "components": [{"type": "textfield", "key": "b"}],
        },
        {"type": "checkbox", "key": "h"},
        {"type": "textfield", "key": "a.c"},
        {"type": "textfield", "key": "a.d"},
    ]

    judgement = judged(components, {"h": True, "a": {"b": "x", "c": "new"}}, {"a": {"b": "old", "c": "c", "d": "d"}})

    assert {"h": True, "a": {"c": "new", "d": "d"}} == judgement.data


@pytest.mark.parametrize(
    "data", [{"a.0.b": "x", "a.1.b": "y"}, {"a": [{"b": "x"}, {"b": "y"}]}, {"a": {"0": {"b": "x"}, "1": {"b": "y"}}}]
)
def test_a_list_by_numbers_is_taken_in_each_writing(data: dict[str, object]) -> None:
    """And sent as a list; what was not given is as the process has it."""
    components = [required("textfield", "a.0.b"), {"type": "textfield", "key": "a.1.b"}]
    held = {"a": [{"b": "1"}, {"b": "2"}]}

    assert {"a": [{"b": "x"}, {"b": "y"}]} == judged(components, data).data
    assert {"a": [{"b": "x"}, {"b": "2"}]} == judged(components, {"a.0.b": "x"}, held).data
    assert ["1", "2"] == [field.value for field in shown(components, held).values()]
    assert ["a[0].b"] == faults(judged(components, {}))

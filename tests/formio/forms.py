"""Forms of our own for Form.io's library: every component type, condition and rule, each with several fillings.

A filling that the gateway judges otherwise than the library, on purpose, names its reason from docs/forms.md.
"""

from typing import Any, NamedTuple

Part = dict[str, Any]
Data = dict[str, Any]

TYPES = "types"
OPTIONS = "options"
UNKNOWN_KEYS = "unknown keys"
DEFAULTS = "defaults"
NOTHING = "nothing"
SCRIPTS = "scripts"
DAYS = "days"
DATES = "dates"
DISABLED = "disabled"
FILES = "files"
DOTS = "dots"
TWICE = "twice"
LIMITS = "limits"
ROWS = "rows"
REASONS = (
    TYPES,
    OPTIONS,
    UNKNOWN_KEYS,
    DEFAULTS,
    NOTHING,
    SCRIPTS,
    DAYS,
    DATES,
    DISABLED,
    FILES,
    DOTS,
    TWICE,
    LIMITS,
    ROWS,
)


class Filling(NamedTuple):
    """`given` is what a person filled in. `differs` is the reason why the gateway judges it otherwise."""

    given: Data
    differs: str | None = None


class Case(NamedTuple):
    name: str
    components: list[Part]
    fillings: list[Filling]
    held: Data

    @property
    def layout(self) -> Part:
        return {"display": "form", "components": self.components}


def part(type_: str, key: str = "x", **members: Any) -> Part:
    """A component; `required` and the rules of `validate` are given as they are."""
    rules = {name: members.pop(name) for name in list(members) if name in RULES}
    made: Part = {"type": type_, "key": key, "label": key.capitalize(), "input": True, **members}
    return made | ({"validate": rules} if rules else {})


RULES = {
    "required", "min", "max", "minLength", "maxLength", "minWords", "maxWords", "pattern", "custom", "json", "step",
    "onlyAvailableItems", "minSelectedCount", "maxSelectedCount",
}  # fmt: skip


def group(type_: str, *components: Part, key: str = "group", **members: Any) -> Part:
    """A component without a value of its own."""
    return {"type": type_, "key": key, "label": key, "input": False, "components": list(components), **members}


def when(key: str, eq: object, *, show: object = True) -> Part:
    return {"conditional": {"show": show, "when": key, "eq": eq}}


def all_of(*conditions: tuple[Any, ...], conjunction: str = "all", show: object = True) -> Part:
    listed = [dict(zip(("component", "operator", "value"), each, strict=False)) for each in conditions]
    return {"conditional": {"show": show, "conjunction": conjunction, "conditions": listed}}


def values(*names: object) -> list[Part]:
    return [{"label": str(name).capitalize(), "value": name} for name in names]


def choice(key: str = "x", *names: object, **members: Any) -> Part:
    return part("select", key, data={"values": values(*names)}, **members)


def case(
    name: str, components: Part | list[Part], *fillings: Data | tuple[Data, str], held: Data | None = None
) -> Case:
    """An empty filling is added."""
    given = [Filling(*each) if isinstance(each, tuple) else Filling(each) for each in fillings]
    if all(each.given for each in given):
        given.append(Filling({}))
    return Case(name, components if isinstance(components, list) else [components], given, held or {})


DECISION = part("radio", "decision", values=values("approve", "reject"), required=True)
YES = part("checkbox", "yes")

CASES = [
    # Texts
    case("text", part("textfield"), {"x": "a"}, {"x": ""}, ({"x": 5}, TYPES), {"x": None}, {"x": ["a"]}),
    case("text required", part("textfield", required=True), {"x": "a"}, {"x": ""}, {"x": "  "}, {"x": None}),
    case("text lengths", part("textfield", minLength=2, maxLength=4), {"x": "abc"}, {"x": "a"}, {"x": "abcde"}, {"x": "😀"}),
    case("text lengths as text", part("textfield", minLength="2", maxLength="4"), {"x": "abc"}, {"x": "a"}, {"x": "abcde"}),
    case("text lengths left open", part("textfield", minLength="", maxLength="", pattern=""), {"x": "abc"}),
    case("text words", part("textfield", minWords=2, maxWords=3), {"x": "a b"}, {"x": "a"}, {"x": "a b  c d"}),
    case("text pattern", part("textfield", pattern="[A-Z]{2}[0-9]+"), {"x": "DE12"}, {"x": "de12"}, {"x": "xDE12"}),
    case("text pattern with choice", part("textfield", pattern="a|b"), {"x": "ax"}, {"x": "xb"}, {"x": "xc"}),
    case("text pattern with letters", part("textfield", pattern="[\\u00e4-\\u00fc]+"), {"x": "äü"}, {"x": "au"}),
    case("text pattern that looks ahead", part("textfield", pattern="(?=.*[0-9]).+"), {"x": "a1"}, {"x": "a"}),
    case("text pattern that refers back", part("textfield", pattern="(a|b)\\1"), {"x": "aa"}, ({"x": "ab"}, SCRIPTS)),
    case("text mask", part("textfield", inputMask="999-aa"), {"x": "123-ab"}, {"x": "12-ab"}, {"x": "123-a1"}),
    case("text mask capital", part("textfield", inputMask="AA9*"), {"x": "DE1x"}, {"x": "de1x"}, {"x": "DE1-"}),
    case(
        "text masks",
        part("textfield", allowMultipleMasks=True, inputMasks=[{"label": "US", "mask": "999"}, {"label": "UK", "mask": "A9"}]),
        {"x": {"value": "123", "maskName": "US"}}, {"x": {"value": "1", "maskName": "US"}}, {"x": "123"}, ({}, NOTHING),
    ),
    case("text spaces", part("textfield", truncateMultipleSpaces=True, maxLength=3), {"x": " a   b "}, {"x": "ab cd"}),
    case("text several", part("textfield", multiple=True), {"x": ["a", "b"]}, {"x": "a"}, {"x": []}, ({"x": [1]}, TYPES)),
    case("text several required", part("textfield", multiple=True, required=True), {"x": ["a"]}, {"x": []}, {"x": ["a", ""]}, {"x": "a"}),
    case("text several lengths", part("textfield", multiple=True, minLength=2), {"x": ["ab"]}, {"x": ["ab", "a"]}),
    case("textarea", part("textarea", required=True, maxWords=2), {"x": "a\nb"}, {"x": "a b c"}, ({"x": True}, TYPES)),
    case("password", part("password", required=True, protected=True), {"x": "secret"}, ({"x": 1}, TYPES)),
    case("mail", part("email"), {"x": "a@b.de"}, {"x": "A@B.de "}, {"x": "a@b"}, {"x": "a"}, {"x": "ü@b.de"}),
    case("mail several", part("email", multiple=True), {"x": ["a@b.de"]}, {"x": ["a@b.de", "a"]}),
    case(
        "web", part("url"),
        {"x": "https://example.com/a?b=c"}, {"x": "example.com"}, {"x": "http://localhost:3000"}, {"x": "localhost"},
        {"x": "a@b.de"}, {"x": "http://8.8.8.8/"}, {"x": "10.1.2.3"}, {"x": "ftp://x.org"}, {"x": "no address"},
    ),
    case("phone", part("phoneNumber", inputMask="(999) 999-9999"), {"x": "(123) 456-7890"}, {"x": "123"}),
    case("signature", part("signature", required=True), {"x": "data:image/png;base64,AA=="}, {"x": ""}),
    # Numbers
    case("number", part("number"), {"x": 1.5}, {"x": "12"}, {"x": "1e3"}, {"x": 0}, {"x": "twelve"}, {"x": True}),
    case("number required", part("number", required=True), {"x": 0}, {"x": None}, {"x": ""}),
    case("number range", part("number", min=1, max=5), {"x": 5}, {"x": 0}, {"x": 6}, {"x": "5.01"}),
    case("number range as text", part("number", min="-1.5", max="0"), {"x": -1}, {"x": -2}, {"x": 0.5}),
    case("number range left open", part("number", min="", max=""), {"x": 99}),
    case("number range of null", part("number", min=None, max=None), ({"x": -1}, LIMITS), ({"x": 1}, LIMITS)),
    case("number step", part("number", step=5, min=1), {"x": 6}, {"x": 7}),
    case("number several", part("number", multiple=True, max=5), {"x": [1, 5]}, {"x": ["2"]}, {"x": [1, 6]}, {"x": 3}),
    case("currency", part("currency", min=0), {"x": 12.5}, {"x": -1}, ({"x": "12"}, TYPES), ({"x": "a"}, TYPES)),
    case("currency required", part("currency", required=True), {"x": 0}, {"x": None}),
    # Boxes and choices
    case("checkbox", part("checkbox"), {"x": True}, {"x": False}, ({"x": "yes"}, TYPES), {"x": None}),
    case("checkbox required", part("checkbox", required=True), {"x": True}, {"x": False}, {"x": None}),
    case("radio", part("radio", values=values("a", "b")), {"x": "a"}, ({"x": "c"}, OPTIONS)),
    case("radio required", part("radio", values=values("a", "b"), required=True), {"x": "a"}, {"x": ""}),
    case("radio numbers", part("radio", values=values("1", "2")), {"x": 1}, {"x": "2"}, ({"x": 3}, OPTIONS)),
    case("radio number", part("radio", dataType="number", values=values("1", "2")), {"x": "1"}, {"x": 2}, ({}, NOTHING)),
    case("radio boolean", part("radio", dataType="boolean", values=values("true", "false")), {"x": False}, {"x": "true"}, ({}, NOTHING)),
    case("radio boolean required", part("radio", dataType="boolean", values=values("true", "false"), required=True), {"x": False}, ({}, NOTHING)),
    case("radio text", part("radio", dataType="string", values=values("1", "2")), {"x": "1"}, {"x": 2}, ({}, NOTHING)),
    case("radio only its values", part("radio", values=values("a", "b"), onlyAvailableItems=True), {"x": "a"}, {"x": "c"}),
    case("select", choice("x", "a", "b"), {"x": "a"}, {"x": ""}, ({"x": "c"}, OPTIONS), {"x": None}),
    case("select required", choice("x", "a", "b", required=True), {"x": "a"}, {"x": ""}, {"x": {}}),
    case("select numbers", choice("x", "1", "2.50", "007"), {"x": "1"}, {"x": 1}, {"x": "007"}, {"x": "2.50"}, ({"x": 7}, OPTIONS)),
    case("select number", choice("x", "1", "2", dataType="number"), {"x": "1"}, {"x": 2}, ({"x": "3"}, OPTIONS)),
    case("select boolean", choice("x", "true", "false", dataType="boolean"), {"x": "True"}, {"x": False}),
    case("select text", choice("x", "1", "2", dataType="string"), {"x": 1}, {"x": "2"}, ({"x": 3}, OPTIONS)),
    case("select objects", part("select", dataSrc="json", dataType="object", data={"json": [{"id": 1}, {"id": 2}]}), {"x": {"id": 1}}, ({"x": {"id": 3}}, OPTIONS)),
    case("select by property", part("select", dataSrc="json", valueProperty="id", data={"json": '[{"id": "a"}, {"id": "b"}]'}), {"x": "a"}, ({"x": "c"}, OPTIONS)),
    case("select of an address", part("select", dataSrc="url", data={"url": "https://example.com"}), {"x": "any"}, {"x": {"id": 1}}),
    case("select several", choice("x", "a", "b", multiple=True), {"x": ["a", "b"]}, {"x": []}, {"x": "a"}, ({"x": ["c"]}, OPTIONS)),
    case("select several required", choice("x", "a", "b", multiple=True, required=True), {"x": ["a"]}, {"x": []}),
    case("select only its values", choice("x", "a", "b", onlyAvailableItems=True), {"x": "a"}, {"x": "c"}),
    case("boxes", part("selectboxes", values=values("a", "b")), {"x": {"a": True, "b": False}}, {"x": ["a"]}, {"x": "a"}, ({"x": {"c": True}}, OPTIONS), ({"x": {"a": "yes"}}, TYPES)),
    case("boxes required", part("selectboxes", values=values("a", "b"), required=True), {"x": {"a": True}}, {"x": {"a": False, "b": False}}, {"x": {}}),
    case("boxes counted", part("selectboxes", values=values("a", "b", "c"), minSelectedCount=2, maxSelectedCount=2), {"x": {"a": True, "b": True}}, {"x": {"a": True}}, {"x": ["a", "b", "c"]}, {"x": {"a": False}}),
    case("tags", part("tags"), {"x": "a,b"}, {"x": ["a", "b"]}, ({"x": [1]}, TYPES)),
    case("tags as list", part("tags", storeas="array"), {"x": ["a", "b"]}, {"x": "a,b"}, {"x": []}),
    case("tags with another delimiter", part("tags", storeas="string", delimeter=";", required=True), {"x": ["a", "b"]}, {"x": ""}, {"x": []}),
    case(
        "survey", part("survey", required=True, questions=values("q1", "q2"), values=values("good", "bad")),
        {"x": {"q1": "good", "q2": "bad"}}, {"x": {"q1": "good"}}, {"x": {}}, ({"x": {"q1": "good", "q2": "so so"}}, OPTIONS),
    ),
    # Dates
    case("moment", part("datetime"), {"x": "2026-03-04T10:00:00+01:00"}, {"x": "2026-03-04"}, {"x": "late"}, ({"x": "March 7"}, DATES), ({"x": "2026-02-30"}, DATES), {"x": 5}),
    case("moment required", part("datetime", required=True), {"x": "2026-03-04T10:00:00Z"}, {"x": ""}),
    case("moment within", part("datetime", widget={"minDate": "2026-03-01", "maxDate": "2026-03-31"}), {"x": "2026-03-31T23:59:00Z"}, {"x": "2026-02-28T23:59:59Z"}, {"x": "2026-04-01T00:00:00Z"}),
    case("moment within times", part("datetime", widget={"enableTime": True, "minDate": "2026-03-01T12:00:00Z"}), {"x": "2026-03-01T12:00:00Z"}, {"x": "2026-03-01T11:59:00Z"}),
    case("moment several", part("datetime", multiple=True), {"x": ["2026-03-04T10:00:00Z"]}, {"x": ["2026-03-04T10:00:00Z", "x"]}),
    case("day", part("day"), {"x": "03/04/2026"}, {"x": "00/00/2026"}, {"x": "02/30/2026"}, {"x": "13/01/2026"}, ({"x": "2026-03-04"}, DAYS), {"x": "soon"}),
    case("day first", part("day", dayFirst=True), {"x": "31/12/2026"}, {"x": "12/31/2026"}, {"x": "29/02/2024"}, {"x": "29/02/2026"}),
    case("day required", part("day", required=True), {"x": "03/04/2026"}, {"x": "00/00/0000"}, {"x": ""}),
    case("day parts required", part("day", fields={"day": {"required": True}, "month": {}, "year": {"required": True}}), {"x": "00/04/2026"}, {"x": "03/00/2026"}, {"x": "03/04/2026"}),
    case("day without a day", part("day", fields={"day": {"hide": True}, "month": {}, "year": {}}), {"x": "03/2026"}, {"x": "13/2026"}, ({"x": "2026-03-04"}, DAYS)),
    case("day of a year", part("day", minYear=2000, maxYear=2030, fields={"year": {"minYear": 2000, "maxYear": 2030}}), {"x": "03/04/2026"}, {"x": "03/04/1999"}, {"x": "03/04/2031"}),
    case("day within", part("day", minDate="2026-03-01", maxDate="2026-03-31"), {"x": "03/31/2026"}, {"x": "02/28/2026"}, {"x": "04/01/2026"}),
    case("time", part("time"), {"x": "10:30:00"}, {"x": "10:30"}, {"x": "25:00:00"}, {"x": "noon"}),
    case("time of its own form", part("time", format="hh:mm A", dataFormat="HH:mm"), {"x": "01:05 PM"}, {"x": "13:05"}, {"x": "13:05 PM"}),
    case("time required", part("time", required=True), {"x": "10:30:00"}, {"x": ""}),
    # Other values
    case("hidden", part("hidden", "trace"), {"trace": {"any": [1]}}, {"trace": "x"}),
    case("file", part("file"), ({"x": [{"name": "a.pdf"}]}, FILES)),
    case("file required", part("file", required=True), ({"x": [{"name": "a.pdf"}]}, FILES)),
    case("address", part("address", required=True), {"x": {"display_name": "Rue 1"}}, {"x": {}}),
    case("address by hand", part("address", enableManualMode=True), {"x": {"place_id": 1}}, {"x": {"mode": "manual", "address": {"city": "Bonn"}}}),
    case("map", part("datamap", required=True), {"x": {"a": 1}}, {"x": {}}),
    case("button", [part("textfield"), part("button", "submit")], {"x": "a", "submit": True}, ({"x": "a", "submt": True}, UNKNOWN_KEYS)),
    case("custom type", part("rating", required=True), {"x": 5}, {"x": None}),
    case("texts for people", [part("htmlelement", "h", content="x", input=False), part("content", "c", html="x", input=False), part("textfield")], {"x": "a"}),
    case("not an input", part("textfield", required=True) | {"input": False}, {"x": "a"}),
    case("not kept", part("textfield", required=True, persistent=False), {"x": "a"}),
    case("disabled", part("textfield", required=True, disabled=True), ({"x": "a"}, DISABLED), ({}, DISABLED)),
    case("disabled and held", part("textfield", required=True, disabled=True), ({"x": "b"}, DISABLED), held={"x": "a"}),
    case("default", part("textfield", defaultValue="a", required=True), {"x": "b"}, ({}, DEFAULTS)),
    # Groups
    case("panel", group("panel", part("textfield", required=True)), {"x": "a"}),
    case("well in fieldset", group("fieldset", group("well", part("number", max=3))), {"x": 3}, {"x": 4}),
    case("columns", [{"type": "columns", "key": "c", "input": False, "columns": [{"components": [part("textfield", required=True)]}, {"components": [part("number", "y")]}]}], {"x": "a", "y": 1}, {"y": 1}, {"x": "a", "y": "b"}),
    case("table", [{"type": "table", "key": "t", "input": False, "rows": [[{"components": [part("textfield", required=True)]}, {"components": []}], [{"components": [part("number", "y")]}]]}], {"x": "a", "y": 1}),
    case("tabs", [{"type": "tabs", "key": "t", "input": False, "components": [{"label": "One", "key": "one", "components": [part("email", required=True)]}]}], {"x": "a@b.de"}, {"x": "a"}),
    case("container", part("container", "c", components=[part("textfield", required=True), part("number", "n")]), {"c": {"x": "a", "n": 1}}, {"c": {"n": 1}}, {"c": 5}, ({"c.x": "a"}, DOTS)),
    case("container required", part("container", "c", required=True, components=[part("textfield")]), {"c": {"x": "a"}}, {"c": {"x": ""}}),
    case("container in container", part("container", "c", components=[part("container", "d", components=[part("textfield", maxLength=1)])]), {"c": {"d": {"x": "a"}}}, {"c": {"d": {"x": "ab"}}}),
    case("dots", part("textfield", "customer.name", required=True), {"customer": {"name": "Orbit"}}, {"customer": {"name": ""}}, ({"customer.name": "Orbit"}, DOTS)),
    case("dots and held", part("textfield", "customer.name", required=True), {"customer": {"name": "Orbit"}}, held={"customer": {"name": "Casa"}}),
    case("grid", part("datagrid", "lines", components=[part("textfield", "item", required=True), part("number", "n", max=9)]), {"lines": [{"item": "bolt", "n": 1}]}, {"lines": [{"item": ""}]}, {"lines": [{}]}, {"lines": [{"item": "a"}, {"item": "b", "n": 10}]}, ({"lines": "bolt"}, TYPES), {"lines": []}),
    case("grid required", part("datagrid", "lines", required=True, components=[part("textfield", "item")]), {"lines": [{"item": "bolt"}]}, {"lines": []}, {"lines": [{"item": ""}]}, {"lines": [{}]}),
    case("grid counted", part("editgrid", "lines", minLength=1, maxLength=2, components=[part("textfield", "item")]), {"lines": [{"item": "a"}]}, ({"lines": [{"item": "a"}, {"item": "b"}, {"item": "c"}]}, ROWS)),
    case("grid in grid", part("editgrid", "a", components=[part("datagrid", "b", components=[part("number", "n", required=True)])]), {"a": [{"b": [{"n": 1}]}]}, {"a": [{"b": [{"n": 1}, {"n": None}]}]}),
    case("grid in container", part("container", "c", components=[part("datagrid", "lines", components=[part("checkbox", "ok", required=True)])]), {"c": {"lines": [{"ok": True}]}}, {"c": {"lines": [{"ok": False}]}}),
    case("container in grid", part("datagrid", "lines", components=[part("container", "c", components=[part("textfield", "x", required=True)])]), {"lines": [{"c": {"x": "a"}}]}, {"lines": [{"c": {}}]}),
    case("columns in grid", part("datagrid", "lines", components=[{"type": "columns", "key": "c", "input": False, "columns": [{"components": [part("textfield", "item", required=True)]}]}]), {"lines": [{"item": "a"}]}, {"lines": [{"item": ""}]}),
    case("table of data", part("datatable", "lines", components=[part("textfield", "item", required=True)]), {"lines": [{"item": "a"}]}, {"lines": [{"item": None}]}),
    # Data beside the form
    case("beside", [part("textfield"), part("button", "submit")], {"x": "b"}, {"x": "b", "ref": "R-17"}, ({"ref": "R-18"}, UNKNOWN_KEYS), ({"y": 1}, UNKNOWN_KEYS), held={"x": "a", "ref": "R-17", "rows": [{"id": 1}]}),
    case("held and required", part("textfield", required=True), {"x": "b"}, {"x": ""}, {"x": None}, held={"x": "a"}),
    case("held and wrong", part("number", max=5), {"x": 5}, held={"x": 9}),
    # Conditions
    case("when", [DECISION, part("textarea", "why", required=True, **when("decision", "reject"))], {"decision": "approve"}, {"decision": "reject"}, {"decision": "reject", "why": "late"}, {"decision": "approve", "why": "late"}),
    case("when kept", [DECISION, part("textarea", "why", clearOnHide=False, **when("decision", "reject"))], {"decision": "approve", "why": "late"}, held={"why": "early"}),
    case("when not", [YES, part("textfield", required=True, **when("yes", "true", show=False))], {"yes": True}, {"yes": False}, {"yes": False, "x": "a"}),
    case("when as text", [YES, part("textfield", required=True, **when("yes", "true", show="true"))], {"yes": True}, {"yes": True, "x": "a"}, {"yes": False}),
    case("when nothing", [part("textfield", required=True, conditional={"show": "", "when": "", "eq": ""})], {"x": "a"}),
    case("when null", [part("textfield", required=True, conditional={"show": None, "when": None, "eq": ""})], {"x": "a"}),
    case("when ticked among boxes", [part("selectboxes", "b", values=values("a", "c")), part("textfield", required=True, **when("b", "a"))], {"b": {"a": True, "c": False}}, {"b": {"a": False}}, {"b": {"a": True}, "x": "t"}),
    case("when among several", [choice("s", "a", "b", multiple=True), part("textfield", required=True, **when("s", "a"))], {"s": ["a", "b"]}, {"s": ["b"]}, {"s": []}),
    case("when a number", [part("number", "n"), part("textfield", required=True, **when("n", "5"))], {"n": 5}, {"n": "5"}, {"n": 5.5}),
    case("when a group", [DECISION, group("panel", part("number", "penalty", required=True), **when("decision", "reject"))], {"decision": "approve"}, {"decision": "reject"}, {"decision": "reject", "penalty": 1}, {"decision": "approve", "penalty": 1}),
    case("when a container", [YES, part("container", "c", components=[part("textfield", required=True)], **when("yes", True))], {"yes": False}, {"yes": True}, {"yes": False, "c": {"x": "a"}}),
    case("when a container with boxes", [YES, part("container", "c", components=[part("selectboxes", values=values("a"))], **when("yes", True))], {"c": {}}, {"yes": True, "c": {}}),
    case("when hidden with a wrong value", [YES, part("number", "n", **when("yes", True)), part("datagrid", "lines", components=[part("datetime", "d")], **when("yes", True))], {"n": "many"}, {"yes": True, "n": "many"}, {"lines": [{"d": "late"}]}, {"lines": "none"}),
    case("when a grid", [YES, part("datagrid", "lines", required=True, components=[part("textfield", "item", required=True)], **when("yes", True))], {"yes": False, "lines": [{"item": ""}]}, {"yes": True}, {"yes": True, "lines": [{"item": "a"}]}),
    case("when of a row", part("datagrid", "lines", components=[choice("kind", "a", "b"), part("textfield", "why", required=True, **when("lines.kind", "b"))]), {"lines": [{"kind": "a"}, {"kind": "b", "why": "x"}]}, {"lines": [{"kind": "a"}, {"kind": "b"}]}, {"lines": [{"kind": "a", "why": "gone"}]}),
    case("when hidden by another", [YES, part("checkbox", "more", **when("yes", "true")), part("textfield", required=True, **when("more", "true"))], {"yes": False, "more": True}, {"yes": True, "more": True}, {"yes": True, "more": True, "x": "a"}),
    case("when in a container", [part("container", "c", components=[YES]), part("textfield", required=True, **when("c.yes", "true"))], {"c": {"yes": True}}, {"c": {"yes": False}}),
    case("when by whole path", [group("panel", YES, key="p"), part("textfield", required=True, **when("p.yes", "true"))], {"yes": True}, {"yes": False}),
    case("when beside", part("textfield", required=True, **when("kind", "b")), {"x": "a"}, held={"kind": "b"}),
    case("all", [YES, part("number", "n"), part("textfield", required=True, **all_of(("yes", "isEqual", "true"), ("n", "greaterThan", 5)))], {"yes": True, "n": 6}, {"yes": True, "n": 5}, {"yes": True, "n": 6, "x": "a"}, {"n": 6}),
    case("any", [YES, part("number", "n"), part("textfield", required=True, **all_of(("yes", "isEqual", True), ("n", "lessThanOrEqual", 5), conjunction="any"))], {"yes": False, "n": 6}, {"n": 5}, {"yes": True, "n": 9}),
    case("all not shown", [YES, part("textfield", required=True, **all_of(("yes", "isEqual", True), show=False))], {"yes": True}, {"yes": False}),
    case("empty", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "isEmpty")))], {"t": "a"}, {"t": " "}),
    case("not empty", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "isNotEmpty")))], {"t": "a"}, {"t": "a", "x": "b"}),
    case("empty box", [YES, part("textfield", required=True, **all_of(("yes", "isEmpty")))], {"yes": True}, {"yes": False}),
    case("empty boxes", [part("selectboxes", "b", values=values("a")), part("textfield", required=True, **all_of(("b", "isNotEmpty")))], {"b": {"a": False}}, {"b": {"a": True}}),
    case("not equal", [choice("s", "a", "b"), part("textfield", required=True, **all_of(("s", "isNotEqual", "a")))], {"s": "a"}, {"s": "b"}),
    case("equal number", [part("number", "n"), part("textfield", required=True, **all_of(("n", "isEqual", "5")))], {"n": 5}, {"n": 6}),
    case("equal among several", [choice("s", "a", "b", multiple=True), part("textfield", required=True, **all_of(("s", "isEqual", "b")))], {"s": ["a", "b"]}, {"s": ["a"]}, {"s": []}),
    case("equal box", [part("selectboxes", "b", values=values("a", "c")), part("textfield", required=True, **all_of(("b", "isEqual", "a")))], {"b": {"a": True}}, {"b": {"c": True}}),
    case("includes", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "includes", "b")))], {"t": "abc"}, {"t": "ac"}),
    case("not includes", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "notIncludes", "b")))], {"t": "abc"}, {"t": "ac"}),
    case("starts", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "startsWith", "ab")))], {"t": "abc"}, {"t": "bc"}),
    case("ends", [part("textfield", "t"), part("textfield", required=True, **all_of(("t", "endsWith", "c")))], {"t": "abc"}, {"t": "ab"}),
    case("size", [part("number", "n"), part("textfield", required=True, **all_of(("n", "lessThan", "5"), ("n", "greaterThanOrEqual", 1)))], {"n": 1}, {"n": 5}, {"n": 0}),
    case("before a day", [part("datetime", "d"), part("textfield", required=True, **all_of(("d", "dateLessThan", "2026-03-04T00:00:00Z")))], {"d": "2026-03-03T10:00:00Z"}, {"d": "2026-03-05T10:00:00Z"}),
    case("from a day", [part("datetime", "d"), part("textfield", required=True, **all_of(("d", "dateGreaterThanOrEqual", "2026-03-04T00:00:00Z")))], {"d": "2026-03-04T00:00:00Z"}, {"d": "2026-03-03T10:00:00Z"}),
    case("of a day", [part("datetime", "d"), part("textfield", required=True, **all_of(("d", "isDateEqual", "2026-03-04T00:00:00Z")))], {"d": "2026-03-04T00:00:00Z"}, {"d": "2026-03-03T10:00:00Z"}),
    case("not of a day", [part("datetime", "d"), part("textfield", required=True, **all_of(("d", "isNotDateEqual", "2026-03-04T00:00:00Z")))], {"d": "2026-03-04T00:00:00Z"}, {"d": "2026-03-03T10:00:00Z"}),
    case("all of a row", part("datagrid", "lines", components=[part("number", "n"), part("textfield", "why", required=True, **all_of(("lines.n", "greaterThan", 5)))]), {"lines": [{"n": 1}, {"n": 9, "why": "x"}]}, {"lines": [{"n": 9}]}),
    case("all of nothing", [part("textfield", required=True, conditional={"show": True, "conjunction": "all", "conditions": []})], {"x": "a"}),
    case("all of no component", [part("textfield", required=True, **all_of((None, "isEqual", 1)))], {"x": "a"}),
    case("all of a component that is not there", [part("textfield", required=True, **all_of(("z", "isEqual", "a")))], {"x": "a"}, held={"z": "a"}),
    case("an operator that is not there", [YES, part("textfield", required=True, **all_of(("yes", "isNice", "a")))], {"x": "a"}),
    case("hidden by its author", part("textfield", required=True, hidden=True), {"x": "a"}),
    case("hidden group", group("panel", part("textfield", required=True), hidden=True), {"x": "a"}),
    case("hidden and judged", part("textfield", required=True, hidden=True, validateWhenHidden=True), {"x": "a"}),
    case("hidden by a condition and judged", [YES, part("textfield", required=True, validateWhenHidden=True, **when("yes", "true"))], {"yes": False}, {"yes": True, "x": "a"}),
    case("same key twice", [DECISION, group("panel", part("textfield", required=True), **when("decision", "approve")), group("panel", part("textfield", required=True, maxLength=1), key="other", **when("decision", "reject"))], ({"decision": "approve", "x": "ab"}, TWICE), ({"decision": "reject", "x": "a"}, TWICE), {"decision": "reject"}),
    case("logic hides", [YES, part("textfield", required=True, logic=[{"name": "l", "trigger": {"type": "simple", "simple": {"show": True, "when": "yes", "eq": "true"}}, "actions": [{"type": "property", "property": {"type": "boolean", "value": "hidden"}, "state": True}]}])], {"yes": True}, {"yes": False}, {"yes": True, "x": "gone"}),
    case("logic shows", [YES, part("textfield", required=True, hidden=True, logic=[{"name": "l", "trigger": {"type": "simple", "simple": {"show": True, "when": "yes", "eq": "true"}}, "actions": [{"type": "property", "property": {"type": "boolean", "value": "hidden"}, "state": False}]}])], {"yes": True}, {"yes": False}),
    case("logic requires", [YES, part("textfield", logic=[{"name": "l", "trigger": {"type": "simple", "simple": {"show": True, "conjunction": "all", "conditions": [{"component": "yes", "operator": "isEqual", "value": True}]}}, "actions": [{"type": "property", "property": {"type": "boolean", "value": "validate.required"}, "state": True}]}])], {"yes": True}, {"yes": False}, {"yes": True, "x": "a"}),
    # Scripts
    case("custom condition", [DECISION, part("textfield", "why", required=True, customConditional="show = data.decision === 'reject';")], {"decision": "approve"}, ({"decision": "reject"}, SCRIPTS), {"decision": "reject", "why": "late"}, ({"decision": "approve", "why": "late"}, SCRIPTS)),
    case("condition in JSON Logic", [YES, part("textfield", required=True, conditional={"json": {"==": [{"var": "data.yes"}, True]}})], {"yes": False}, ({"yes": True}, SCRIPTS)),
    case("custom rule", part("textfield", custom="valid = input === 'a' ? true : 'No';"), {"x": "a"}, ({"x": "b"}, SCRIPTS), ({}, SCRIPTS)),
    case("rule in JSON Logic", part("number", json={"if": [{"<": [{"var": "input"}, 5]}, True, "No"]}), {"x": 4}, ({"x": 5}, SCRIPTS)),
    case("calculated", [part("number", "a"), part("number", "b", calculateValue="value = data.a * 2;", disabled=True)], {"a": 1, "b": 2}, ({"a": 1}, SCRIPTS), ({"a": 1, "b": 3}, SCRIPTS), ({}, SCRIPTS)),
    case("logic in a script", part("textfield", required=True, logic=[{"name": "l", "trigger": {"type": "javascript", "javascript": "result = true;"}, "actions": [{"type": "property", "property": {"type": "boolean", "value": "hidden"}, "state": True}]}]), {}, ({"x": "a"}, SCRIPTS)),
]  # fmt: skip

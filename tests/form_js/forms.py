"""Forms of our own: every component, condition and rule of form-js, and what people fill in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

Data = Mapping[str, Any]


class Sheet(Struct, frozen=True):
    """A form, the variables of the process, and entries: nested, each of them judged alone."""

    name: str
    components: Sequence[Data]
    entries: Sequence[Data]
    held: Data = {}

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "default", "id": "form", "schemaVersion": 19, "components": list(self.components)}


def field(kind: str, key: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": key.title(), **members}


def text(key: str, **members: Any) -> dict[str, Any]:
    return field("textfield", key, **members)


def number(key: str, **members: Any) -> dict[str, Any]:
    return field("number", key, **members)


def box(key: str, **members: Any) -> dict[str, Any]:
    return field("checkbox", key, **members)


def group(*components: Data, path: str | None = None, **members: Any) -> dict[str, Any]:
    return {
        "type": "group",
        "label": "Group",
        "components": list(components),
        **({"path": path} if path else {}),
        **members,
    }


def rows(path: str, *components: Data, **members: Any) -> dict[str, Any]:
    return {"type": "dynamiclist", "path": path, "label": "Rows", "components": list(components), **members}


def hidden(expression: str) -> dict[str, Any]:
    return {"conditional": {"hide": expression}}


def choices(*values: Any) -> list[dict[str, Any]]:
    return [{"label": f"L {value}", "value": value} for value in values]


REQUIRED: dict[str, Any] = {"validate": {"required": True}}
SIZES = choices("s", "m", "l")


def rule(**rules: Any) -> dict[str, Any]:
    return {"validate": rules}


def sheets() -> Iterator[Sheet]:
    yield from _plain()
    yield from _rules()
    yield from _options()
    yield from _times()
    yield from _conditions()
    yield from _nesting()
    yield from _lists()
    yield from _computed()
    yield from _states()


def _plain() -> Iterator[Sheet]:
    yield Sheet("text", [text("a")], [{"a": "x"}, {}, {"a": 5}, {"a": True}, {"a": ["x"]}, {"a": ""}, {"a": None}])
    yield Sheet(
        "required text", [text("a", **REQUIRED)], [{"a": "x"}, {}, {"a": ""}, {"a": None}, {"a": "  "}, {"a": {}}]
    )
    yield Sheet("lines in a text field", [text("a")], [{"a": "x\ny"}, {"a": "x\ty\r\n"}])
    yield Sheet("text area", [field("textarea", "a", **REQUIRED)], [{"a": "x\ny"}, {}, {"a": ""}, {"a": 3}])
    yield Sheet("held text", [text("a", **REQUIRED)], [{}, {"a": ""}, {"a": None}, {"a": "new"}], {"a": "old"})
    yield Sheet("held empty text", [text("a", **REQUIRED)], [{}, {"a": "x"}], {"a": ""})
    yield Sheet("held number in a text", [text("a", **REQUIRED)], [{}, {"a": "x"}], {"a": 5})
    yield Sheet("held object in a text", [text("a", **REQUIRED)], [{}], {"a": {"b": 1}})
    yield Sheet(
        "number", [number("n")], [{"n": 5}, {"n": 1.5}, {"n": "two"}, {}, {"n": "7"}, {"n": True}, {"n": []}, {"n": ""}]
    )
    yield Sheet("required number", [number("n", **REQUIRED)], [{"n": 0}, {}, {"n": None}, {"n": ""}, {"n": -3}])
    yield Sheet("held number", [number("n", **REQUIRED)], [{}, {"n": None}, {"n": 4}], {"n": 0})
    yield Sheet("held text in a number", [number("n", **REQUIRED)], [{}], {"n": "seven"})
    yield Sheet(
        "number as text", [number("n", serializeToString=True)], [{"n": "12.50"}, {"n": 12.5}, {}, {"n": "x"}, {"n": 3}]
    )
    yield Sheet(
        "long number as text",
        [number("n", serializeToString=True, **REQUIRED)],
        [{"n": "12345678901234567.89"}, {"n": ""}],
    )
    yield Sheet("box", [box("b")], [{"b": True}, {"b": False}, {}, {"b": "true"}, {"b": 1}, {"b": None}])
    yield Sheet("box to be ticked", [box("b", **REQUIRED)], [{"b": True}, {"b": False}, {}, {"b": None}, {"b": "yes"}])
    yield Sheet("held box", [box("b", **REQUIRED)], [{}, {"b": False}, {"b": True}], {"b": True})
    yield Sheet("held text in a box", [box("b", **REQUIRED)], [{}], {"b": "true"})
    yield Sheet(
        "components that only show",
        [
            {"type": "text", "text": "# T", "id": "t"},
            {"type": "html", "content": "<p>x</p>"},
            {"type": "image", "source": "https://example.com/a.png", "alt": "a"},
            {"type": "iframe", "url": "https://example.com", "label": "F"},
            {"type": "separator"},
            {"type": "spacer", "height": 10},
            {
                "type": "table",
                "label": "T",
                "dataSource": "=lines",
                "columns": [{"label": "I", "key": "i"}],
                "rowCount": 5,
            },
            {"type": "documentPreview", "label": "D", "dataSource": "=docs"},
            {"type": "button", "label": "Go", "action": "submit", "key": "submit"},
            text("a", **REQUIRED),
        ],
        [{"a": "x"}, {}, {"a": 1}],
        {"lines": [{"i": 1}]},
    )
    yield Sheet(
        "default of an optional field",
        [text("a", defaultValue="d"), number("n", defaultValue=3)],
        [{}, {"a": "x", "n": 4}],
    )
    yield Sheet("file", [field("filepicker", "f", multiple=True), box("b")], [{"b": True}, {}, {"f": "no file"}])
    yield Sheet(
        "default of a required field",
        [number("n", defaultValue=18, **rule(required=True, min=18))],
        [{}, {"n": 18}, {"n": 3}],
    )
    yield Sheet(
        "required file that the process holds",
        [field("filepicker", "f", **REQUIRED), text("a")],
        [{}, {"a": "x"}],
        {"f": [{"documentId": "1"}]},
    )
    yield Sheet("keys that the form does not have", [text("a")], [{"a": "x", "b": 1}, {"b": {"c": 1}}, {}])
    yield Sheet("required file", [field("filepicker", "f", **REQUIRED)], [{}, {"f": "no file"}])


def _rules() -> Iterator[Sheet]:
    yield Sheet(
        "fewest letters", [text("a", **rule(minLength=3))], [{"a": "abc"}, {"a": "ab"}, {}, {"a": " ab "}, {"a": "ab𝒳"}]
    )
    yield Sheet(
        "most letters",
        [text("a", **rule(maxLength=3))],
        [{"a": "abc"}, {"a": "abcd"}, {"a": "  abc  "}, {}, {"a": "ab𝒳"}],
    )
    yield Sheet(
        "both lengths",
        [field("textarea", "a", **rule(required=True, minLength=2, maxLength=4))],
        [{"a": "abc"}, {}, {"a": "abcde"}, {"a": "a"}],
    )
    yield Sheet(
        "lengths as text", [text("a", **rule(minLength="2", maxLength="4"))], [{"a": "abc"}, {"a": "a"}, {"a": "abcde"}]
    )
    yield Sheet(
        "pattern",
        [text("a", **rule(pattern="^[A-Z]{2}[0-9]{3}$"))],
        [{"a": "AB123"}, {"a": "ab123"}, {}, {"a": "AB1234"}, {"a": "xAB123"}],
    )
    yield Sheet("pattern anywhere", [text("a", **rule(pattern="[0-9]"))], [{"a": "x1"}, {"a": "x"}, {"a": ""}])
    yield Sheet(
        "pattern with look-ahead",
        [text("a", **rule(pattern=r"^(?=.*[A-Z])(?=.*\d)(?!.*x).{4,}$"))],
        [{"a": "Abc1"}, {"a": "abc1"}, {"a": "Abx1"}, {"a": "A1"}],
    )
    yield Sheet(
        "pattern with code points", [text("a", **rule(pattern="^[\\u00e4-\\u00fc]+$"))], [{"a": "äü"}, {"a": "au"}]
    )
    yield Sheet(
        "pattern with a message",
        [text("a", **rule(pattern="^a", patternErrorMessage="begins with a"))],
        [{"a": "ab"}, {"a": "b"}],
    )
    yield Sheet(
        "e-mail",
        [text("a", **rule(validationType="email"))],
        [{"a": "alice@example.com"}, {"a": "alice"}, {}, {"a": "a@b"}, {"a": "a b@c.de"}],
    )
    yield Sheet(
        "phone",
        [text("a", **rule(validationType="phone", required=True))],
        [{"a": "+4930664040900"}, {"a": "030 66404090"}, {}, {"a": "004930664040900"}],
    )
    yield Sheet(
        "range", [number("n", **rule(min=2, max=8))], [{"n": 2}, {"n": 8}, {"n": 1}, {"n": 9}, {}, {"n": 0}, {"n": 2.5}]
    )
    yield Sheet("smallest is 0", [number("n", **rule(min=0))], [{"n": 0}, {"n": -0.5}, {"n": 5}, {}])
    yield Sheet("range as text", [number("n", **rule(min="2.5", max="8"))], [{"n": 3}, {"n": 2.4}, {"n": 8.01}])
    yield Sheet("range of no numbers", [number("n", **rule(min="low"))], [{"n": 3}, {}])
    yield Sheet("no decimals", [number("n", decimalDigits=0)], [{"n": 3}, {"n": 3.5}, {"n": "4"}, {}, {"n": "x"}])
    yield Sheet(
        "two decimals",
        [number("n", decimalDigits=2, **rule(min=0.01))],
        [{"n": 3.25}, {"n": 3.125}, {"n": 0}, {"n": "0.10"}],
    )
    yield Sheet("steps", [number("n", increment="0.5")], [{"n": 1.5}, {"n": 1.25}, {}, {"n": -2}, {"n": 0}])
    yield Sheet(
        "steps from 0, not from the smallest", [number("n", increment=5, **rule(min=3))], [{"n": 5}, {"n": 3}, {"n": 8}]
    )
    yield Sheet(
        "range of a number as text",
        [number("n", serializeToString=True, decimalDigits=2, **rule(min=1, max=10))],
        [{"n": "1.00"}, {"n": "0.99"}, {"n": "1.001"}, {"n": 11}],
    )
    yield Sheet(
        "limits by expression",
        [number("n", **rule(min="=lowest", max="=lowest + 5")), text("a", **rule(minLength="=count(words)"))],
        [{"n": 3}, {"n": 2}, {"n": 9}, {"a": "x"}, {"a": "xyz"}],
        {"lowest": 3, "words": ["a", "b"]},
    )
    yield Sheet("limit by an expression that gives nothing", [number("n", **rule(min="=missing"))], [{"n": -3}, {}])
    yield Sheet(
        "limit by another field",
        [number("from"), number("to", **rule(min="=from"))],
        [{"from": 3, "to": 4}, {"from": 3, "to": 2}, {"to": 2}],
    )
    yield Sheet(
        "held value that breaks a rule", [text("a", **rule(minLength=5))], [{}, {"a": "long enough"}], {"a": "no"}
    )
    yield Sheet("held number that breaks a rule", [number("n", **rule(max=5))], [{}, {"n": 4}], {"n": 9})

    patterns = (
        r"^\p{L}+$",
        r"^.{2,2000}$",
        r"^\s+$",
        r"(?=.*\d)(?=.*[a-z]).{3,}",
        r"^(?!0)\w+$",
        r"^.$",
        "^[^\\S]+[]$",
    )
    yield Sheet(
        "patterns of JavaScript",
        [text(f"p{place}", **rule(pattern=pattern)) for place, pattern in enumerate(patterns)],
        [
            {f"p{place}": value}
            for place in range(len(patterns))
            for value in ("ab", "p{L}", "a1b", "\u00a0", "\U0001f600")
        ],
    )
    yield Sheet(
        "pattern of choices",
        [
            field("taglist", "t", values=choices("a", "b"), **rule(pattern="^a$")),
            number("n", **rule(pattern=r"^\d{4}$")),
        ],
        [{"t": ["a"]}, {"t": ["a", "b"]}, {"n": 1234}, {"n": 12}],
    )
    yield Sheet(
        "limit that is an empty text",
        [text("t", **rule(maxLength="")), number("n", decimalDigits="")],
        [{"t": "x"}, {"n": 2}, {"n": 2.5}, {"n": " 5"}],
    )


def _options() -> Iterator[Sheet]:
    for kind in ("select", "radio"):
        yield Sheet(
            f"{kind}",
            [field(kind, "a", values=SIZES)],
            [{"a": "m"}, {}, {"a": "xl"}, {"a": 1}, {"a": None}, {"a": ["m"]}, {"a": ""}],
        )
        yield Sheet(
            f"required {kind}",
            [field(kind, "a", values=SIZES, **REQUIRED)],
            [{"a": "m"}, {}, {"a": None}, {"a": "xl"}, {"a": ""}],
        )
        yield Sheet(
            f"{kind} of numbers",
            [field(kind, "a", values=choices(0, 1, 2.5))],
            [{"a": 1}, {"a": "1"}, {"a": 0}, {"a": 2.5}, {"a": False}],
        )
        yield Sheet(
            f"{kind} of booleans",
            [field(kind, "a", values=choices(True, False), **REQUIRED)],
            [{"a": False}, {"a": True}, {"a": "true"}, {}],
        )
        yield Sheet(
            f"{kind} with a held value that is no option",
            [field(kind, "a", values=SIZES, **REQUIRED)],
            [{}, {"a": "s"}],
            {"a": "xl"},
        )
        yield Sheet(
            f"{kind} with a held value", [field(kind, "a", values=SIZES, **REQUIRED)], [{}, {"a": None}], {"a": "m"}
        )
        yield Sheet(f"{kind} without options", [field(kind, "a", values=[])], [{}, {"a": "x"}])
    yield Sheet(
        "searchable select",
        [field("select", "a", values=SIZES, searchable=True, **REQUIRED)],
        [{"a": "l"}, {}, {"a": "x"}],
    )
    for kind in ("checklist", "taglist"):
        yield Sheet(
            f"{kind}",
            [field(kind, "a", values=SIZES)],
            [{"a": ["m", "s"]}, {}, {"a": ["xl"]}, {"a": []}, {"a": None}, {"a": "m"}],
        )
        yield Sheet(
            f"required {kind}",
            [field(kind, "a", values=SIZES, **REQUIRED)],
            [{"a": ["m"]}, {}, {"a": []}, {"a": None}, {"a": ["m", "xl"]}],
        )
        yield Sheet(
            f"{kind} from a variable",
            [field(kind, "a", valuesKey="list", **REQUIRED)],
            [{"a": [1, 3]}, {}, {"a": ["1"]}, {"a": [4]}],
            {"list": [1, 2, 3]},
        )
        yield Sheet(
            f"{kind} with held values",
            [field(kind, "a", values=SIZES, **REQUIRED)],
            [{}, {"a": ["s"]}],
            {"a": ["m", "xl"]},
        )
    people = [{"label": "Carol", "value": {"id": 7}}, {"label": "Dan", "value": {"id": 8}}]
    yield Sheet(
        "select of objects from a variable",
        [field("select", "a", valuesKey="people", **REQUIRED)],
        [{"a": {"id": 7}}, {}, {"a": {"id": 9}}, {"a": 7}],
        {"people": people},
    )
    yield Sheet(
        "select from an expression",
        [field("select", "a", valuesExpression="=order.sizes", **REQUIRED)],
        [{"a": 2}, {}, {"a": 3}, {"a": "2"}],
        {"order": {"sizes": [1, 2]}},
    )
    yield Sheet(
        "select from a list in the form",
        [field("radio", "a", valuesExpression='=[{label: "A", value: "a"}, {label: "B", value: "b"}]')],
        [{"a": "b"}, {}, {"a": "c"}],
    )
    yield Sheet(
        "select from what is missing",
        [field("select", "a", valuesKey="missing"), field("select", "b", valuesExpression="=missing")],
        [{}, {"a": "x"}, {"b": "x"}],
    )
    yield Sheet(
        "select from what is no list",
        [field("select", "a", valuesExpression="=word")],
        [{}, {"a": "x"}],
        {"word": "many"},
    )
    yield Sheet(
        "taglist from an expression with held values",
        [field("taglist", "a", valuesExpression="=list", **REQUIRED)],
        [{}, {"a": [1]}, {"a": [9]}],
        {"list": [1, 2], "a": [2, 5]},
    )
    yield Sheet(
        "options partly without labels",
        [field("radio", "a", values=[{"value": "x"}, {"label": "Y"}, "z", {"label": "", "value": 5}, {}, None])],
        [{"a": "x"}, {"a": "z"}, {"a": 5}, {"a": "Y"}],
    )
    yield Sheet(
        "options that depend on a field",
        [text("kind"), field("select", "a", valuesExpression='=if kind = "n" then [1, 2] else ["x"]', **REQUIRED)],
        [{"kind": "n", "a": 2}, {"kind": "m", "a": 2}, {"a": "x"}, {}],
    )


def _times() -> Iterator[Sheet]:
    yield Sheet(
        "date",
        [field("datetime", "d", subtype="date", dateLabel="Day", **REQUIRED)],
        [
            {"d": "2026-03-04"},
            {},
            {"d": "2026-03-04Tlate"},
            {"d": "04.03.2026"},
            {"d": "2026-02-30"},
            {"d": 5},
            {"d": ""},
        ],
    )
    yield Sheet(
        "date by default",
        [field("datetime", "d")],
        [{"d": "2026-03-04"}, {}, {"d": "2026-03-04T08:15"}, {"d": "1899-12-31"}],
    )
    yield Sheet(
        "no date in the past",
        [field("datetime", "d", subtype="date", disallowPassedDates=True)],
        [{"d": "2020-03-04"}, {"d": "2199-03-04"}, {}],
    )
    yield Sheet(
        "time",
        [field("datetime", "t", subtype="time", **REQUIRED)],
        [{"t": "08:15"}, {}, {"t": "quarter past"}, {"t": "25:00"}, {"t": "08:17"}],
    )
    yield Sheet(
        "time of each minute",
        [field("datetime", "t", subtype="time", timeInterval=1)],
        [{"t": "08:17"}, {"t": "08:61"}, {}],
    )
    yield Sheet(
        "time with offset",
        [field("datetime", "t", subtype="time", timeSerializingFormat="utc_offset")],
        [{"t": "08:15+01:00"}, {"t": "08:15+00:00"}, {}],
    )
    yield Sheet(
        "time in UTC",
        [field("datetime", "t", subtype="time", timeSerializingFormat="utc_normalized")],
        [{"t": "08:15Z"}, {"t": "x"}, {}],
    )
    yield Sheet(
        "date and time",
        [field("datetime", "m", subtype="datetime", **REQUIRED)],
        [{"m": "2026-03-04T08:15"}, {}, {"m": "2026-03-04"}, {"m": "soon"}, {"m": "2026-03-04T08:16"}],
    )
    yield Sheet(
        "date and time with offset",
        [field("datetime", "m", subtype="datetime", timeSerializingFormat="utc_offset")],
        [{"m": "2026-03-04T08:15+01:00"}, {"m": "2026-03-04T08:15Z"}, {}],
    )
    yield Sheet(
        "date and time in UTC",
        [field("datetime", "m", subtype="datetime", timeSerializingFormat="utc_normalized")],
        [{"m": "2026-03-04T08:15Z"}, {"m": "2026-03-04T00:15+01:00"}],
    )
    yield Sheet(
        "held date",
        [field("datetime", "d", subtype="date", **REQUIRED)],
        [{}, {"d": None}, {"d": "2026-05-06"}],
        {"d": "2026-03-04"},
    )
    yield Sheet("held text in a date", [field("datetime", "d", subtype="date", **REQUIRED)], [{}], {"d": "some day"})

    yield Sheet(
        "time in another writing",
        [
            field("datetime", "d", subtype="time"),
            field("datetime", "e", subtype="datetime", timeSerializingFormat="utc_offset"),
        ],
        [{"d": "08:15"}, {"d": "08:15Z"}, {"d": "08:15:30"}, {"e": "2026-03-04T08:15"}],
    )


def _conditions() -> Iterator[Sheet]:
    needed = text("b", **REQUIRED)
    for expression in ("=a", "=a = false"):
        entries: list[Data] = [{}, {"a": True}, {"a": False}, {"a": True, "b": "x"}]
        yield Sheet(f"hidden by a box, {expression}", [box("a"), {**needed, **hidden(expression)}], entries)
    for expression in (
        '=a = "no"', "=a != null", '=a in ("no", "never")', '=a = "no" or a = ""', "=missing", "=missing > 5", "=a", "=", '=a = "no" and (',
        '=contains(a, "n")', "a", '=not(a = "yes") and a != ""', "=5", "=null", "=held.x = a",
    ):  # fmt: skip
        yield Sheet(
            f"hidden by {expression}",
            [text("a"), {**needed, **hidden(expression)}],
            [{}, {"a": "no"}, {"a": "yes", "b": "x"}],
            {"held": {"x": "no"}},
        )
    for expression in ("=n > 100", "=n >= 100 and n < 200", "=n = 0", "=n in (1, 2)", "=n * 2 > limit"):
        yield Sheet(
            f"hidden by number, {expression}",
            [number("n"), {**needed, **hidden(expression)}],
            [{}, {"n": 100}, {"n": 1}, {"n": 0, "b": "x"}],
            {"limit": 150},
        )
    yield Sheet(
        "hidden by an option",
        [field("radio", "a", values=SIZES), text("b", **REQUIRED, **hidden('=a != "m"'))],
        [{}, {"a": "m"}, {"a": "s"}, {"a": "m", "b": "x"}],
    )
    yield Sheet(
        "hidden by a list",
        [
            field("checklist", "a", values=SIZES),
            text("b", **REQUIRED, **hidden("=count(a) = 0")),
            text("c", **REQUIRED, **hidden('=not("m" in a)')),
        ],
        [{}, {"a": ["m"]}, {"a": ["s", "m"], "b": "x", "c": "y"}],
    )
    yield Sheet(
        "hidden group",
        [box("a"), group(text("b", **REQUIRED), number("n", **rule(required=True, min=3)), **hidden("=a"))],
        [{}, {"a": True}, {"a": False, "b": "x", "n": 4}, {"a": True, "b": "x"}],
    )
    yield Sheet(
        "hidden group in a hidden group",
        [
            box("a"),
            box("c"),
            group(group(text("b", **REQUIRED), **hidden("=c")), text("d", **REQUIRED), **hidden("=a")),
        ],
        [{}, {"a": True}, {"c": True}, {"c": True, "d": "x"}, {"b": "x", "d": "y"}],
    )
    yield Sheet(
        "hidden by a hidden field",
        [box("a"), text("b", **hidden("=a")), text("c", **REQUIRED, **hidden('=b = "x"'))],
        [{"b": "x"}, {"a": True, "b": "x"}, {"a": True, "b": "x", "c": "y"}, {}],
    )
    yield Sheet(
        "hidden by a hidden held field",
        [box("a"), text("b", **hidden("=a")), text("c", **REQUIRED, **hidden('=b = "x"'))],
        [{}, {"a": True}, {"a": True, "b": "z"}],
        {"b": "x"},
    )
    yield Sheet(
        "hidden by the process",
        [text("b", **REQUIRED, **hidden("=order.express = true"))],
        [{}, {"b": "x"}],
        {"order": {"express": True}},
    )
    yield Sheet(
        "shown by the process",
        [text("b", **REQUIRED, **hidden("=order.express = true"))],
        [{}, {"b": "x"}],
        {"order": {"express": False}},
    )
    yield Sheet(
        "hidden with a default",
        [box("a", defaultValue=True), text("b", **REQUIRED, **hidden("=a"))],
        [{}, {"a": False}, {"a": True}],
    )
    yield Sheet(
        "hidden by a default",
        [field("select", "a", values=SIZES, defaultValue="m"), text("b", **REQUIRED, **hidden('=a = "m"'))],
        [{}, {"a": "s"}, {"a": "s", "b": "x"}],
    )
    yield Sheet(
        "hidden wrong value", [box("a"), number("n", **hidden("=a"))], [{"a": True, "n": "x"}, {"a": False, "n": "x"}]
    )
    yield Sheet("hidden by true itself", [text("b", **REQUIRED, conditional={"hide": True})], [{}, {"b": "x"}])


def _nesting() -> Iterator[Sheet]:
    yield Sheet(
        "key with dots",
        [text("a.b", **REQUIRED), text("a.c")],
        [{"a": {"b": "x", "c": "y"}}, {}, {"a": {"c": "y"}}, {"a": {"b": 3}}, {"a": {"b": "x"}}],
    )
    yield Sheet(
        "group with a path",
        [group(text("b", **REQUIRED), number("n"), path="a")],
        [{"a": {"b": "x", "n": 1}}, {}, {"a": {"n": 1}}, {"a": "x"}, {"a": {}}],
    )
    yield Sheet(
        "group with a long path",
        [group(text("d", **REQUIRED), path="a.b"), text("a.c")],
        [{"a": {"b": {"d": "x"}, "c": "y"}}, {"a": {"c": "y"}}, {}],
    )
    yield Sheet(
        "held in a group",
        [group(field("select", "k", values=SIZES, **REQUIRED), text("b", **REQUIRED), path="a")],
        [{}, {"a": {"k": "s"}}, {"a": {"k": "xl"}}, {"a": {"b": ""}}, {"a": {"k": "s", "b": "y"}}],
        {"a": {"k": "m", "b": "x"}},
    )
    yield Sheet(
        "groups in groups",
        [group(group(text("c", **REQUIRED), path="b"), group(text("d")), path="a")],
        [{"a": {"b": {"c": "x"}, "d": "y"}}, {"a": {"d": "y"}}, {}],
    )
    yield Sheet(
        "hidden in a path",
        [box("h"), group(text("b", **REQUIRED, **hidden("=h")), text("c"), path="a")],
        [{"h": True, "a": {"b": "x", "c": "y"}}, {"h": True}, {"a": {"b": "x"}}, {}],
        {"a": {"c": "held"}},
    )
    yield Sheet(
        "condition on a path",
        [group(box("b"), path="a"), text("c", **REQUIRED, **hidden("=a.b"))],
        [{"a": {"b": True}}, {"a": {"b": False}}, {}],
    )


def _lists() -> Iterator[Sheet]:
    line = (text("item", **REQUIRED), number("qty", decimalDigits=0, **rule(min=1)))
    good = {"item": "bolt", "qty": 2}
    yield Sheet(
        "rows",
        [rows("lines", *line)],
        [
            {"lines": [good, {"item": "nut"}]},
            {},
            {"lines": [{"qty": 2}]},
            {"lines": "bolt"},
            {"lines": [{"item": "b", "qty": "two"}]},
            {"lines": []},
            {"lines": [good, {"item": "", "qty": 0}]},
            {"lines": ["x"]},
        ],
    )
    yield Sheet(
        "rows without a first one",
        [rows("lines", *line, defaultRepetitions=0)],
        [{}, {"lines": [good]}, {"lines": [{}]}],
    )
    yield Sheet(
        "held rows",
        [rows("lines", *line)],
        [{}, {"lines": [{"item": "nut", "qty": 1}]}, {"lines": []}, {"lines": [{"qty": 4}]}],
        {"lines": [good, {"item": "nut", "qty": 3}]},
    )
    yield Sheet(
        "held rows that break a rule", [rows("lines", *line)], [{}, {"lines": [good]}], {"lines": [good, {"qty": 3}]}
    )
    yield Sheet(
        "as many rows as there are",
        [rows("lines", *line, allowAddRemove=False)],
        [{"lines": [good]}, {"lines": [good, good]}, {"lines": []}, {}],
        {"lines": [{"item": "x"}]},
    )
    yield Sheet(
        "rows in a group",
        [group(rows("lines", *line), path="order")],
        [{"order": {"lines": [good]}}, {"order": {"lines": [{}]}}, {}, {"order": {}}],
    )
    yield Sheet(
        "rows in rows",
        [rows("boxes", text("name", **REQUIRED), rows("lines", *line))],
        [
            {"boxes": [{"name": "x", "lines": [good]}]},
            {"boxes": [{"name": "x", "lines": [{}]}]},
            {"boxes": [{"lines": [good]}]},
            {},
            {"boxes": [{"name": "x", "lines": []}]},
            {"boxes": [{"name": "x"}]},
        ],
    )
    yield Sheet(
        "groups in rows",
        [rows("lines", group(text("b", **REQUIRED), path="a"), group(text("c")))],
        [{"lines": [{"a": {"b": "x"}, "c": "y"}]}, {"lines": [{"c": "y"}]}, {}],
    )
    yield Sheet(
        "hidden rows",
        [box("h"), rows("lines", *line, **hidden("=h"))],
        [{"h": True}, {"h": True, "lines": [good]}, {"lines": [{}]}, {"lines": [good]}],
    )
    yield Sheet(
        "condition in a row",
        [rows("lines", box("b"), text("c", **REQUIRED, **hidden("=this.b")))],
        [{"lines": [{"b": True}, {"b": False}]}, {"lines": [{"b": True}]}, {"lines": [{"c": "x"}]}, {}],
    )
    yield Sheet(
        "condition on the row's place",
        [rows("lines", text("c", **REQUIRED, **hidden("=i = [2]")))],
        [{"lines": [{"c": "x"}, {}]}, {"lines": [{}, {"c": "x"}]}, {"lines": [{"c": "x"}, {"c": "y"}]}],
    )
    yield Sheet(
        "condition on what is around a row",
        [box("h"), rows("lines", text("c", **REQUIRED, **hidden("=parent.h")))],
        [{"h": True, "lines": [{}]}, {"lines": [{}]}, {"h": False, "lines": [{"c": "x"}]}],
    )
    yield Sheet(
        "condition on a list from outside",
        [rows("lines", number("n")), text("c", **REQUIRED, **hidden("=count(lines) < 2"))],
        [{"lines": [{"n": 1}]}, {"lines": [{"n": 1}, {"n": 2}]}, {}],
    )
    yield Sheet(
        "options in rows",
        [rows("lines", field("select", "s", valuesExpression="=this.choices", **REQUIRED))],
        [{}, {"lines": [{"s": 1}]}],
        {"lines": [{"choices": [1, 2], "s": 2}]},
    )
    yield Sheet(
        "choices in rows",
        [rows("lines", field("checklist", "s", values=SIZES, **REQUIRED))],
        [{"lines": [{"s": ["m"]}]}, {"lines": [{"s": ["xl"]}]}, {"lines": [{"s": []}]}, {}],
    )
    yield Sheet(
        "rows with a default", [rows("lines", text("a", defaultValue="d"), number("n"))], [{"lines": [{"n": 1}]}, {}]
    )
    yield Sheet(
        "disabled in rows",
        [rows("lines", text("a", disabled=True, **REQUIRED), number("n"))],
        [{"lines": [{"n": 1}]}, {"lines": [{"a": "x", "n": 1}]}, {}],
    )
    yield Sheet(
        "read-only in rows",
        [rows("lines", text("a", readonly=True), number("n"))],
        [{"lines": [{"n": 1}]}, {"lines": [{"a": "x", "n": 1}]}, {"lines": [{"a": "y", "n": 1}]}, {}],
        {"lines": [{"a": "x"}]},
    )


def _computed() -> Iterator[Sheet]:
    yield Sheet(
        "sum",
        [number("p"), number("q"), field("expression", "t", expression="=p * q", computeOn="change")],
        [{"p": 4, "q": 2.5}, {"p": 4}, {}, {"p": 2, "q": 3, "t": 6}, {"p": 2, "q": 3, "t": 7}],
    )
    yield Sheet(
        "sum at the end",
        [number("p"), field("expression", "t", expression="=p + fee", computeOn="presubmit")],
        [{"p": 4}, {}],
        {"fee": 1.5},
    )
    yield Sheet(
        "computed when it is submitted",
        [
            number("p"),
            field("expression", "t", expression="=p * 2", computeOn="presubmit"),
            field("expression", "u", expression="=t + 1", computeOn="change"),
            text("c", **REQUIRED, **hidden("=t > 3")),
        ],
        [{"p": 4}, {"p": 4, "c": "x"}, {}],
        {"t": 1},
    )
    yield Sheet(
        "text of two",
        [text("a"), text("b"), field("expression", "c", expression='=a + " " + b', computeOn="change")],
        [{"a": "x", "b": "y"}, {}],
    )
    yield Sheet(
        "computed from computed",
        [
            number("p"),
            field("expression", "t", expression="=p * 2"),
            field("expression", "u", expression="=t + 1"),
            text("c", **REQUIRED, **hidden("=u < 10")),
        ],
        [{"p": 1}, {"p": 7}, {"p": 7, "c": "x"}],
    )
    yield Sheet(
        "held computed value",
        [number("p"), field("expression", "t", expression="=p * 2")],
        [{"p": 2}, {"p": 3}, {}],
        {"p": 2, "t": 4},
    )
    yield Sheet(
        "choice",
        [number("p"), field("expression", "t", expression='=if p > 10 then "big" else "small"')],
        [{"p": 2}, {"p": 30}, {}],
    )
    unknown = "=some x in lines, y in lines satisfies x.a or y.a"
    yield Sheet(
        "expressions that are not evaluated",
        [field("expression", "t", expression="=mean(lines.n)"), text("b", **REQUIRED, **hidden(unknown))],
        [{}, {"b": "x"}, {"t": 5, "b": "x"}],
        {"lines": [{"a": False, "n": 5}]},
    )
    yield Sheet(
        "hidden computed value",
        [box("h"), field("expression", "t", expression="=1 + 1", **hidden("=h"))],
        [{"h": True}, {"h": False}, {}],
    )


def _states() -> Iterator[Sheet]:
    yield Sheet(
        "disabled", [text("a", disabled=True, **REQUIRED), text("b")], [{}, {"a": "x"}, {"b": "y"}, {"a": 5, "b": "y"}]
    )
    yield Sheet("disabled held", [text("a", disabled=True, **REQUIRED)], [{}, {"a": "new"}], {"a": "old"})
    yield Sheet(
        "disabled in a group",
        [group(text("a", disabled=True), text("b"), path="g")],
        [{"g": {"a": "x", "b": "y"}}, {"g": {"b": "y"}}],
        {"g": {"a": "held", "b": "held"}},
    )
    yield Sheet("read-only", [text("a", readonly=True, **REQUIRED)], [{}, {"a": "old"}, {"a": "new"}], {"a": "old"})
    yield Sheet("read-only and missing", [text("a", readonly=True, **REQUIRED)], [{}])
    yield Sheet("read-only box that holds a text", [box("b", readonly=True, **REQUIRED)], [{}, {"b": "x"}], {"b": "x"})
    yield Sheet(
        "read-only by expression",
        [box("r"), text("a", readonly="=r")],
        [{"a": "new"}, {"r": True}, {"r": True, "a": "old"}],
        {"a": "old"},
    )
    yield Sheet(
        "read-only choice that is no option", [field("select", "a", values=SIZES, readonly=True)], [{}], {"a": "m"}
    )
    yield Sheet(
        "old schema",
        [
            {"type": "textfield", "key": "a", "id": "F1", "label": "A"},
            {"type": "button", "key": "submit", "id": "B", "label": "Go"},
        ],
        [{"a": "x"}, {}],
    )

"""Forms that are put together at random, of features that the gateway judges exactly as the library."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.formio.forms import Case, Data, Filling, Part, group, part, values

NAMES = st.sampled_from(["a", "b", "c", "d", "e.f", "e.g"])
OPTIONS = ("red", "blue", "green")
WORDS = st.sampled_from(["", " ", "red", "blue", "a", "abc", "abcdef", "two words"])
NUMBERS = st.sampled_from([None, 0, 1, 5, -3, 7.5, "", "4", "12.50"])
MAILS = st.sampled_from(["", "a@b.de", "A@B.DE", "a@", None])
DAYS = st.sampled_from(["", "03/04/2026", "02/30/2026", "00/04/2026"])
MOMENTS = st.sampled_from(["", "2026-03-04T10:00:00Z", "2026-12-31", None])
BOXES = st.dictionaries(st.sampled_from(OPTIONS), st.booleans(), max_size=3)
LIMITS = st.sampled_from(["", 1, 3, "5"])

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "textfield": WORDS,
    "textarea": WORDS,
    "number": NUMBERS,
    "currency": st.sampled_from([None, 0, 2, 7.5]),
    "checkbox": st.booleans(),
    "radio": st.sampled_from([*OPTIONS, ""]),
    "select": st.sampled_from([*OPTIONS, "", None]),
    "selectboxes": BOXES,
    "email": MAILS,
    "day": DAYS,
    "datetime": MOMENTS,
    "tags": st.lists(WORDS.filter(bool), max_size=2),
}
_RULES: dict[str, tuple[str, ...]] = {
    "textfield": ("minLength", "maxLength", "minWords", "maxWords"),
    "textarea": ("minLength", "maxLength"),
    "number": ("min", "max"),
    "currency": ("min", "max"),
    "selectboxes": ("minSelectedCount", "maxSelectedCount"),
}


@st.composite
def inputs(draw: st.DrawFn, key: str) -> tuple[Part, Any]:
    kind = draw(st.sampled_from(sorted(_VALUES)))
    members: dict[str, Any] = {name: draw(LIMITS) for name in _RULES.get(kind, ()) if draw(st.booleans())}
    if kind in {"radio", "selectboxes"}:
        members["values"] = values(*OPTIONS)
    if kind == "select":
        members["data"] = {"values": values(*OPTIONS)}
    several = kind in {"textfield", "number", "select", "email"} and draw(st.integers(0, 4)) == 0
    if several:
        members["multiple"] = True
    if draw(st.integers(0, 2)) == 0:
        members["required"] = True
    if draw(st.integers(0, 5)) == 0:
        members[draw(st.sampled_from(["hidden", "validateWhenHidden"]))] = True
    if draw(st.integers(0, 5)) == 0:
        members["clearOnHide"] = draw(st.booleans())
    value = draw(st.lists(_VALUES[kind], max_size=2) if several else _VALUES[kind])
    return part(kind, key, **members), value


@st.composite
def conditions(draw: st.DrawFn, keys: list[str]) -> Part:
    if not keys or draw(st.integers(0, 2)):
        return {}
    key, eq = draw(st.sampled_from(keys)), draw(st.sampled_from([*OPTIONS, "true", "5", "", True, 4]))
    show: Any = draw(st.sampled_from([True, False, "true", "false"]))
    if draw(st.booleans()):
        return {"conditional": {"show": show, "when": key, "eq": eq}}
    operators = [
        "isEqual",
        "isNotEqual",
        "isEmpty",
        "isNotEmpty",
        "greaterThan",
        "lessThanOrEqual",
        "includes",
        "startsWith",
    ]
    listed = [
        {"component": draw(st.sampled_from(keys)), "operator": draw(st.sampled_from(operators)), "value": eq}
        for _ in range(draw(st.integers(1, 2)))
    ]
    return {"conditional": {"show": show, "conjunction": draw(st.sampled_from(["all", "any"])), "conditions": listed}}


@st.composite
def forms(draw: st.DrawFn) -> tuple[list[Part], Data]:
    """Components and one filling. A condition may name any component, also a later one."""
    keys = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    made = [draw(inputs(key)) for key in keys]
    components: list[Part] = []
    data: Data = {}
    for key, (component, value) in zip(keys, made, strict=True):
        conditional = draw(conditions([each for each in keys if each != key]))
        shape = draw(st.sampled_from(["plain", "plain", "panel", "columns", "container", "grid"]))
        if shape in {"container", "grid"} and "." not in key:
            inner = {**component, "key": "inner", **conditional}
            components.append(part("container" if shape == "container" else "datagrid", key, components=[inner]))
            given: Any = {"inner": value} if draw(st.booleans()) else {}
            value = given if shape == "container" else [given] * draw(st.integers(0, 2))  # noqa: PLW2901 the value of the group
        elif shape == "panel":
            components.append(group("panel", component, key=f"panel-{key}", **conditional))
        elif shape == "columns":
            cell = {"components": [{**component, **conditional}]}
            components.append({"type": "columns", "key": "columns", "input": False, "columns": [cell]})
        else:
            components.append({**component, **conditional})
        if draw(st.integers(0, 3)):
            _put(data, key, value)
    return components, data


def _put(data: Data, key: str, value: Any) -> None:
    head, _, last = key.rpartition(".")
    (data.setdefault(head, {}) if head else data)[last] = value


def generated(count: int) -> list[Case]:
    """The same forms in every run."""
    found: list[Case] = []

    @settings(
        max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(forms(), st.data())
    def collect(form: tuple[list[Part], Data], more: st.DataObject) -> None:
        components, data = form
        found.append(Case(f"generated {len(found)}", components, [Filling(data), Filling({})], {}))

    collect()
    return found

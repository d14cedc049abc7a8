"""What the gateway refuses and sends, compared with the vendor's form library: form-js, run in Node.js.

An entry is what a person fills in. The library accepts it if it finds no fault and its components hold what was entered.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from connectors.sdk import FormJudgement, is_same
from connectors.sdk.feel.texts import number_of
from connectors.sdk.form_js.components import Component, components_of
from connectors.sdk.form_js.judgement import judge_form
from tests.form_js.forms import SIZES, Data, Sheet, choices, field, group, hidden, rows, sheets
from tests.form_js.library import told
from tests.tree import ROOT

pytestmark = pytest.mark.server

EMPTY: tuple[object, ...] = (None, "", False, [], {})
# A third of what other property tests draw: each form is opened by the library three times.
GENERATED = max(1, settings().max_examples // 3)
Path = tuple[str | int, ...]

DIFFERENCES = {
    "default of an optional field": "default",
    "default of a required field": "default",
    "hidden with a default": "default",
    "hidden by a default": "default",
    "rows with a default": "default",
    "required file that the process holds": "held file",
    "time in another writing": "another writing than the form's",
    "date": "day that no calendar has",
    'hidden by =a = "no" and (': "expression that is not evaluated",
    "expressions that are not evaluated": "expression that is not evaluated",
}
"""Forms that are judged otherwise, with the reason that `docs/forms.md` gives."""


class Case:
    """One entry into one form, judged by both."""

    def __init__(self, sheet: Sheet, entry: Data) -> None:
        self.sheet = sheet
        self.entry = entry
        self.library: dict[str, Any] = {}

    @property
    def question(self) -> dict[str, Any]:
        return {"schema": self.sheet.schema, "data": self.sheet.held, "entry": self.entry}

    @property
    def is_accepted(self) -> bool:
        """A read-only value of the process may be sent back, also where the form would show it otherwise."""
        refused = [tuple(path[: path.index("->")] if "->" in path else path) for path in self.library["refused"]]
        entered, held = flat(self.entry), flat(self.sheet.held)
        fixed = [
            path
            for path in refused
            if self.component_at(path).members.get("readonly") and path in entered and path in held
        ]
        kept = (path in fixed and is_same(entered[path], held[path]) for path in refused)
        return bool(self.library["valid"]) and all(kept)

    def component_at(self, path: Path) -> Component:
        found = inputs(components_of(self.sheet.schema)).get(tuple(part for part in path if isinstance(part, str)))
        return found or Component(type="")

    def judged(self) -> FormJudgement:
        today = datetime.now(UTC).date()
        return judge_form(self.sheet.schema, self.entry, self.sheet.held, is_draft=False, today=today)

    def difference(self) -> str | None:
        """How the two disagree; None if they agree."""
        if "failed" in self.library:
            return f"the library fails: {self.library['failed']}"
        judgement = self.judged()
        if self.is_accepted != (not judgement.faults):
            told = [fault.message for fault in judgement.faults]
            return f"accepted by the library: {self.is_accepted} {self.library}; faults: {told}"
        if self.is_accepted:
            wrong = dict(self.differently_sent(judgement))
            return f"sent: {wrong} of {judgement.data}; submitted: {self.library['submitted']}" if wrong else None
        return None

    def differently_sent(self, judgement: FormJudgement) -> Iterator[tuple[Path, tuple[object, object]]]:
        """Values of the process after the completion. What was left alone is not sent: neither what is empty, nor what
        the form would change when it opens.
        """
        before = flat(self.sheet.held)
        submitted, sent = (flat(data) for data in (self.library["submitted"], judgement.data))
        replaced = {path[0] for path in sent}
        held = {path: value for path, value in before.items() if path[0] not in replaced}
        for path in submitted.keys() | sent.keys():
            theirs, ours = submitted.get(path), sent.get(path, held.get(path))
            component = self.component_at(path)
            if not component.type or (is_empty(theirs) and is_empty(ours) and path not in sent):
                continue
            if component.type != "expression" and path in before and is_same(ours, before[path]):
                continue
            if not is_alike(component, theirs, ours):
                yield path, (theirs, ours)


def is_alike(component: Component, theirs: object, ours: object) -> bool:
    """The same value. The library writes moments in the time zone of the browser."""
    if (
        component.type == "datetime"
        and isinstance(theirs, str)
        and isinstance(ours, str)
        and component.subtype != "date"
    ):
        day = "2000-01-01T" if component.subtype == "time" else ""
        one, other = (datetime.fromisoformat(day + value) for value in (theirs, ours))
        return one == other
    if component.type in ("number", "expression") and number_of(theirs) is not None and number_of(ours) is not None:
        return float(str(theirs)) == float(str(ours)) and isinstance(theirs, str) == isinstance(ours, str)
    if component.type == "textfield" and isinstance(theirs, list) and isinstance(ours, list):
        # A list by numbers in keys: what was left alone is missing at its end.
        return all(one == other or (is_empty(one) and is_empty(other)) for one, other in zip_longest(theirs, ours))
    return is_same(theirs, ours) or (is_empty(theirs) and is_empty(ours))


def is_empty(value: object) -> bool:
    inner = list(value.values()) if isinstance(value, Mapping) else value
    return value in EMPTY or (isinstance(inner, list) and all(map(is_empty, inner)))


def inputs(component: Component, base: tuple[str, ...] = ()) -> dict[tuple[str, ...], Component]:
    """By their names, without places in lists."""
    found = {}
    for child in component.children:
        path = (*base, *(part for part in child.parts if isinstance(part, str)))
        if child.is_input:
            found[path] = child
        found |= inputs(child, path)
    return found


def flat(data: object, path: Path = ()) -> dict[Path, object]:
    """Values by their paths, through objects and lists of objects."""
    if isinstance(data, Mapping) and (data or not path):
        return {inner: value for key, each in data.items() for inner, value in flat(each, (*path, key)).items()}
    if isinstance(data, list) and data and all(isinstance(each, Mapping) for each in data):
        return {inner: value for place, each in enumerate(data) for inner, value in flat(each, (*path, place)).items()}
    return {path: data}


def judged_by_both(cases: list[Case]) -> list[Case]:
    for case, answer in zip(cases, told("judge.mjs", [case.question for case in cases]), strict=True):
        case.library = answer
    return cases


KEYS = ("a", "b", "c", "d.e", "d.f")
CONDITIONS = (
    "=a",
    "=not(a)",
    "=b = c",
    "=b != c",
    "=a = true and b = c",
    "=d.e > 3",
    "=b in (c, d.f)",
    "=x.y = b",
    "=d.f = null or a",
)
VALUES = st.sampled_from(
    [None, True, False, 0, 1, 3, 2.5, "", "x", "m", "s", "7", "2026-03-04", "08:15", ["m"], ["m", "s"], []]
)


@st.composite
def generated_sheets(draw: st.DrawFn) -> Sheet:
    """A form with up to five inputs, some of them in a group or in rows."""

    def component(key: str) -> dict[str, Any]:
        members: dict[str, Any] = draw(st.sampled_from([{}, {}, {}, {"disabled": True}, {"readonly": True}]))
        kind = draw(
            st.sampled_from(
                ["textfield", "textarea", "number", "checkbox", "select", "radio", "checklist", "taglist", "datetime"]
            )
        )
        if kind in ("select", "radio", "checklist", "taglist"):
            members = {**members, "values": draw(st.sampled_from([SIZES, choices(1, 3), choices(True, "x")]))}
        rules = {"required": True} if draw(st.booleans()) else {}
        if kind == "number":
            rules |= draw(st.sampled_from([{}, {"min": 1}, {"max": 2.5}]))
        if kind.startswith("text"):
            rules |= draw(st.sampled_from([{}, {"minLength": 2}, {"pattern": "^[a-z]+$"}]))
        if draw(st.booleans()):
            members = {**members, **hidden(draw(st.sampled_from(CONDITIONS)))}
        return field(kind, key, validate=rules, **members)

    components = [component(key) for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True))]
    around = draw(st.sampled_from(["nothing", "group", "rows"]))
    inner = [component("k"), component("l")]
    if around == "group":
        components.append(group(*inner, path="g", **draw(st.sampled_from([{}, hidden(CONDITIONS[0])]))))
    elif around == "rows":
        components.append(rows("g", *inner, **draw(st.sampled_from([{}, hidden(CONDITIONS[2])]))))

    def data() -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=5, unique=True)):
            node = made.setdefault("d", {}) if "." in key else made
            node[key.rpartition(".")[2]] = draw(VALUES)
        row = st.dictionaries(st.sampled_from(["k", "l"]), VALUES, max_size=2)
        if around != "nothing" and draw(st.booleans()):
            made["g"] = draw(row if around == "group" else st.lists(row, max_size=2))
        return made

    held = {**data(), "x": {"y": draw(VALUES)}}
    return Sheet("generated", components, [{}, data(), data()], held)


def generated() -> list[Sheet]:
    found: list[Sheet] = []

    @settings(max_examples=GENERATED, database=None, derandomize=True, phases=[Phase.generate])
    @given(generated_sheets())
    def collect(sheet: Sheet) -> None:
        found.append(sheet)

    collect()
    return found


def test_the_gateway_judges_as_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    """Refused and sent alike, in one run of the library. What differs on purpose is in the list, and no other form."""
    tried = [*sheets(), *generated()]
    cases = judged_by_both([Case(sheet, entry) for sheet in tried for entry in sheet.entries])

    different = [(case, text) for case in cases if (text := case.difference()) is not None]
    count = Counter("accepted" if case.library.get("valid") and case.is_accepted else "refused" for case in cases)
    reasons = Counter(DIFFERENCES.get(case.sheet.name, "unknown reason") for case, _ in different)
    with capsys.disabled():
        sys.stdout.write(
            f"\nform-js: {len(tried)} forms, {len(cases)} entries ({dict(count)}), "
            f"{len(different)} judged otherwise: {dict(reasons)}\n"
        )

    unlisted = [
        f"{case.sheet.name}: {case.entry} -> {text}" for case, text in different if case.sheet.name not in DIFFERENCES
    ]
    assert not unlisted, "\n".join(unlisted)
    assert set(DIFFERENCES) == {case.sheet.name for case, _ in different}


def test_every_difference_is_documented() -> None:
    """With its reason."""
    section = (
        (ROOT / "docs" / "forms.md")
        .read_text(encoding="utf-8")
        .partition("\n## form-js\n")[2]
        .partition("\n## ")[0]
        .lower()
    )

    assert [] == [reason for reason in sorted(set(DIFFERENCES.values())) if reason not in section]

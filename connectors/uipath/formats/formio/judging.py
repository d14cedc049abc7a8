"""Judges what was filled in as the library does: conditions, values and rules, component by component in the form's order.

A port of the processors of `@formio/core` 2.8.3, without the filter of its server, which drops data beside the form.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk import MISSING, DataPath, FormFault, FormJudgement, is_too_deep, put_at, remove_at, value_at
from connectors.uipath.formats.formio.components import Component, Layout, mapping, text
from connectors.uipath.formats.formio.conditions import Verdict, expressions, is_triggered, logic_of, verdict
from connectors.uipath.formats.formio.javascript import is_truthy, path_of, to_text
from connectors.uipath.formats.formio.rules import broken
from connectors.uipath.formats.formio.taking import Taken, fault, is_disabled, take
from connectors.uipath.formats.formio.values import normalized

Rows = dict[Component, int]
# Scripts that change a value or judge it.
_SCRIPTS = ("calculateValue", "customDefaultValue")


class Shown(Struct, frozen=True):
    """Whether a component is shown. `is_hidden`: by a condition, which clears its value. `is_set_aside`: by the form's
    author, which keeps it. `is_unknown`: a condition cannot be evaluated.
    """

    is_hidden: bool = False
    is_set_aside: bool = False
    is_unknown: bool = False


def judge(
    layout: object, given: Mapping[str, object], held: Mapping[str, object], *, is_draft: bool = False
) -> FormJudgement:
    """All faults of what was given, and the data to send: what the task holds with it, as the form submits it.

    A draft may lack required values, and only what was given is judged in it.
    """
    form = Layout(layout)
    if is_too_deep(given):
        return FormJudgement(data=given, faults=(FormFault(path=(), rule="is nested too deeply", label="data"),))
    return _Judging(form, take(form.roots, given, held), is_draft=is_draft).run()


class _Judging:
    def __init__(self, form: Layout, taken: Taken, *, is_draft: bool) -> None:
        self._form = form
        self._taken = taken
        self._data = taken.data
        self._is_draft = is_draft
        self._faults: list[tuple[Component | None, FormFault]] = []
        self._unevaluated: list[str] = []
        # Of components whose keys lead to the same place: what stays if one of them is shown.
        self._kept: set[DataPath] = set()
        self._cleared: set[DataPath] = set()
        # What a condition hides and clears: whatever was given there.
        self._gone: set[DataPath] = set()

    def run(self) -> FormJudgement:
        for component in self._form.roots:
            self._visit(component, (), {}, Shown())
        gone = self._gone - self._kept
        self._faults += [each for each in self._taken.faults if not _is_within(each[1].path, gone)]
        for place in self._cleared - self._kept:
            remove_at(self._data, place)
        return FormJudgement(
            data=self._data, faults=self._in_order(), unevaluated=tuple(dict.fromkeys(self._unevaluated))
        )

    def _in_order(self) -> tuple[FormFault, ...]:
        """Each fault once, in the order of the form; data without a component last."""
        places = {component: place for place, component in enumerate(self._form.all)}
        listed = sorted(self._faults, key=lambda each: len(places) if each[0] is None else places[each[0]])
        return tuple({(each.path, each.rule): each for _, each in listed}.values())

    def _visit(self, component: Component, base: DataPath, rows: Rows, above: Shown) -> None:
        changed, shown = self._shown(component, rows, above)
        path = (*base, *component.keys) if component.holds_data else base
        place = self._place(path)
        if component.holds_data:
            self._note_scripts(component)
            self._normalize(changed, place, shown)
            self._clear(changed, place, shown)
        self._visit_children(component, place, rows, shown)
        if component.holds_data:
            faults = self._validate(changed, path, place, shown)
            self._faults += [(component, each) for each in faults]

    def _visit_children(self, component: Component, place: DataPath, rows: Rows, shown: Shown) -> None:
        if not component.has_rows:
            for child in component.children:
                self._visit(child, place, rows, shown)
            return
        value = value_at(self._data, place)
        for number, row in enumerate(value) if isinstance(value, list) else ():
            if isinstance(row, Mapping):
                for child in component.children:
                    self._visit(child, (*place, number), {**rows, component: number}, shown)

    # Conditions

    def _shown(self, component: Component, rows: Rows, above: Shown) -> tuple[Component, Shown]:
        """Also the component as its logic changes it."""

        def value_of(when: str) -> tuple[Component | None, object]:
            return self._value_of(when, rows)

        found = verdict(component.part, value_of)
        is_hidden, is_unknown = found is Verdict.HIDDEN, found is Verdict.UNKNOWN
        if is_unknown:
            self._unevaluated += expressions(component.part)
        for rule in logic_of(component.part):
            applies = is_triggered(mapping(rule, "trigger"), value_of)
            for action in rule["actions"] if isinstance(rule["actions"], list) else ():
                if not isinstance(action, Mapping) or applies is False:
                    continue
                changed = _changed(component, action) if applies else None
                if changed is None:
                    is_unknown = True
                    self._unevaluated.append(f"logic of {component.key}")
                    continue
                if bool(changed.part.get("hidden")) != bool(component.part.get("hidden")):
                    is_hidden = bool(changed.part.get("hidden"))
                component = changed
        return component, Shown(
            is_hidden=is_hidden or above.is_hidden,
            is_set_aside=bool(component.part.get("hidden")) or above.is_set_aside,
            is_unknown=is_unknown or above.is_unknown,
        )

    def _value_of(self, when: str, rows: Rows) -> tuple[Component | None, object]:
        """What a condition names: by the path of its data, by its whole path, by its key alone."""
        form = self._form
        component = form.by_data_path.get(when) or form.by_full_path.get(when) or form.by_key.get(when)
        if component is None:
            head, _, last = when.rpartition(".")
            boxes = form.by_data_path.get(head)
            if boxes is not None and boxes.type == "selectboxes":
                return boxes, value_at(self._value_at(boxes, rows), (last,))
            return None, value_at(self._data, path_of(when))
        if not component.holds_data:
            return component, None
        return component, self._value_at(component, rows)

    def _value_at(self, component: Component, rows: Rows) -> object:
        """Within a list of rows: of the row that is judged, else of the row of the same number, else of the first."""
        place: DataPath = ()
        for each in (*reversed(list(component.ancestors)), component):
            if each.holds_data:
                place = self._place((*place, *each.keys))
            if each.has_rows and each is not component:
                place = (*place, self._row(each, place, rows))
        return value_at(self._data, place)

    def _row(self, component: Component, place: DataPath, rows: Rows) -> int:
        if component in rows:
            return rows[component]
        value = value_at(self._data, place)
        same = next(reversed(rows.values()), 0) if rows else 0
        return same if isinstance(value, list) and same < len(value) else 0

    # Values

    def _place(self, path: DataPath) -> DataPath:
        """A member whose name is the whole key with its dots comes first, as in the library."""
        flat = ".".join(map(str, path))
        return (flat,) if len(path) > 1 and flat in self._data else path

    def _note_scripts(self, component: Component) -> None:
        for name in _SCRIPTS:
            script = component.part.get(name)
            if is_truthy(script):
                self._unevaluated.append(script if isinstance(script, str) else f"{name} of {component.key}")
        for name in ("custom", "json"):
            script = component.rules.get(name)
            if is_truthy(script):
                self._unevaluated.append(script if isinstance(script, str) else f"{name} of {component.key}")

    def _normalize(self, component: Component, place: DataPath, shown: Shown) -> None:
        value = value_at(self._data, place)
        is_left = value is MISSING and (self._is_draft or shown.is_unknown)
        if is_left or place in self._taken.faulty:
            return
        made = normalized(component, value)
        if made is not MISSING and made is not value:
            put_at(self._data, place, made, replaces=True)

    def _clear(self, component: Component, place: DataPath, shown: Shown) -> None:
        """Data of a component that its condition hides go, unless it says otherwise."""
        if not shown.is_hidden:
            self._kept.add(place)
        elif component.part.get("clearOnHide", True) and value_at(self._data, place) is not MISSING:
            self._gone.add(place)
            if component.data_path in self._form.twice:
                self._cleared.add(place)
            else:
                remove_at(self._data, place)

    def _validate(self, component: Component, path: DataPath, place: DataPath, shown: Shown) -> Iterator[FormFault]:
        part = component.part
        is_out = (shown.is_hidden or shown.is_set_aside) and not part.get("validateWhenHidden")
        if is_out or not part.get("input", True) or not _is_kept(part) or place in self._taken.faulty:
            return
        is_given = any(place[:length] in self._taken.given for length in range(1, len(place) + 1))
        if (self._is_draft or shown.is_unknown) and not is_given:
            return
        is_demanded = not self._is_draft and not shown.is_unknown and not is_disabled(component)
        for within, rule in broken(component, value_at(self._data, place), is_demanded=is_demanded):
            yield fault((*path, *within), component, rule)


def _is_within(path: Sequence[object], places: AbstractSet[DataPath]) -> bool:
    return bool(places) and any(tuple(path[:length]) in places for length in range(1, len(path) + 1))


def _is_kept(part: Mapping[str, Any]) -> bool:
    """Values that are not kept are not judged."""
    return bool(part.get("protected")) or (
        bool(part.get("persistent", True)) and part.get("persistent") != "client-only"
    )


def _changed(component: Component, action: Mapping[str, Any]) -> Component | None:
    """The component after an action of its logic; None if that takes a script. Texts of a component decide nothing."""
    if action.get("type") != "property":
        return None
    prop = mapping(action, "property")
    name = text(prop, "value")
    if prop.get("type") != "boolean" or name is None:
        return component
    part: dict[str, Any] = {**component.part, "validate": dict(component.rules)}
    put_at(part, path_of(name), to_text(action.get("state")) == "true", replaces=True)
    return replace(component, part=part)

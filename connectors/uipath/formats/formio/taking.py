"""Takes what a person filled in into the data that the task holds: only what a component or the data have a place for."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from connectors.sdk import MISSING, DataPath, FormFault, copied, is_empty, is_same, put_at, value_at
from connectors.uipath.formats.formio.components import Component, Names, names_of, text
from connectors.uipath.formats.formio.rules import count_rule
from connectors.uipath.formats.formio.values import converted, wrong_shape

NO_ROW = "takes an object with the fields of a row"
IsKnown = Callable[[str, object], bool]


class Taken(Struct, frozen=True):
    """`data` is what the task holds with what was given. `given` are the places of the components that were given a
    value, `faulty` those whose value is of a wrong shape. A fault without a component is about data that have none.
    """

    data: dict[str, Any]
    given: frozenset[DataPath]
    faulty: frozenset[DataPath]
    faults: tuple[tuple[Component | None, FormFault], ...]


def is_disabled(component: Component) -> bool:
    """Whether people cannot change the value. A value that the form calculates is given by the caller instead."""
    if any(component.part.get(name) for name in ("calculateValue", "customDefaultValue")):
        return False
    return any(bool(each.part.get("disabled")) for each in (component, *component.ancestors))


def take(roots: list[Component], given: Mapping[str, object], held: Mapping[str, object]) -> Taken:
    return _Taking(held).run(roots, given)


class _Taking:
    def __init__(self, held: Mapping[str, object]) -> None:
        self._held = held
        self._data: dict[str, Any] = copied(held)
        self._given: set[DataPath] = set()
        self._faulty: set[DataPath] = set()
        self._faults: list[tuple[Component | None, FormFault]] = []

    def run(self, roots: list[Component], given: Mapping[str, object]) -> Taken:
        self._object(names_of(roots), given, (), self._is_held(()))
        return Taken(self._data, frozenset(self._given), frozenset(self._faulty), tuple(self._faults))

    def _object(self, names: Names, given: Mapping[str, object], path: DataPath, is_known: IsKnown) -> None:
        for key, value in given.items():
            way = (key,) if key in names.inner else tuple(key.split("."))
            inner = names.follow(way)
            if inner is not None:
                self._value(inner, value, (*path, *way))
            else:
                if not is_known(key, value):
                    self._fault((*path, key), None, self._unknown(names, key, path))
                self._put((*path, key), value)

    def _is_held(self, path: DataPath) -> IsKnown:
        """Data beside the form may be sent along as they are."""

        def is_known(key: str, value: object) -> bool:
            return is_same(value_at(self._held, (*path, key)), value)

        return is_known

    def _unknown(self, names: Names, key: str, path: DataPath) -> str:
        if value_at(self._held, (*path, key)) is not MISSING:
            return "is no field of the form, and the task holds another value, which stays"
        known = [name for name, each in names.inner.items() if each.component is None or not each.component.is_button]
        return f"is no field of the form; its fields are: {', '.join(sorted(known)) or 'none'}"

    def _value(self, names: Names, value: object, path: DataPath) -> None:
        component = names.component
        if names.inner:
            self._of_object(names, value, path)
            return
        if component is None or is_disabled(component):
            return
        place = self._place(path)
        self._given.add(place)
        if component.has_rows and isinstance(value, list):
            self._rows(component, value, place)
            return
        if is_same(value_at(self._data, place), value):
            return
        value = converted(component, value)
        wrong = None if is_empty(value) else self._wrong(component, value)
        if wrong is not None:
            self._faulty.add(place)
            self._fault(path, component, wrong)
        self._put(place, copied(value))

    def _of_object(self, names: Names, value: object, path: DataPath) -> None:
        if isinstance(value, Mapping):
            if names.component is not None and value_at(self._data, path) is MISSING:
                self._put(path, {})
            self._object(names, value, path, self._is_held(path))
        elif value is None:
            self._put(path, None)
        else:
            self._fault(path, names.component, "takes an object")

    def _wrong(self, component: Component, value: object) -> str | None:
        if component.has_rows:
            return "takes a list of rows"
        if component.model == "object":
            return None if isinstance(value, Mapping) else "takes an object"
        if component.is_multiple and component.type != "file":
            values = value if isinstance(value, list) else [value]
            return next(
                (wrong for each in values if not is_empty(each) and (wrong := wrong_shape(component, each))), None
            )
        return wrong_shape(component, value)

    def _rows(self, component: Component, rows: list[object], place: DataPath) -> None:
        """A list of rows replaces the one before. Rows may have the members that the rows of the task have."""
        names, before = names_of(component.children), value_at(self._held, place)
        held = before if isinstance(before, list) else []
        beside = {key for row in held if isinstance(row, Mapping) for key in row}
        fewest, most = count_rule(component, "minLength"), count_rule(component, "maxLength")
        if not is_same(before, rows) and fewest is not None and rows and len(rows) < fewest:
            self._fault(place, component, f"takes at least {fewest} entries")
        if not is_same(before, rows) and most is not None and len(rows) > most:
            self._fault(place, component, f"takes at most {most} entries")
        self._put(place, [{} for _ in rows])
        for number, row in enumerate(rows):
            where = (*place, number)
            if isinstance(row, Mapping):
                self._object(names, row, where, lambda key, value: key in beside)
            else:
                self._put(where, row)
                if number >= len(held) or row != held[number]:
                    self._fault(where, component, NO_ROW)

    def _place(self, path: DataPath) -> DataPath:
        """A key with dots leads into nested objects, except where the task holds a member of exactly that name."""
        flat = ".".join(map(str, path))
        return (flat,) if len(path) > 1 and flat in self._data else path

    def _put(self, place: DataPath, value: object) -> None:
        put_at(self._data, place, value, replaces=True)

    def _fault(self, path: DataPath, component: Component | None, rule: str) -> None:
        self._faults.append((component, fault(path, component, rule)))


def fault(path: DataPath, component: Component | None, rule: str) -> FormFault:
    label = None if component is None else text(component.part, "label")
    return FormFault(path=path, rule=rule, label=label)

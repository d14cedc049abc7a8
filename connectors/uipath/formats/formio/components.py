"""The components of a form layout, and where the data of each are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

# From the table of the library. Other types hold any value, or none if they take no input.
_MODELS = {
    "rows": ("datagrid", "editgrid", "datatable", "dynamicWizard"),
    "object": ("container",),
    "opaque": ("address", "datamap", "form", "tagpad"),
    "content": ("htmlelement", "content"),
    "layout": ("table", "well", "columns", "fieldset", "panel", "tabs"),
    "text": ("textfield", "password", "email", "url", "phoneNumber", "day", "datetime", "time", "signature"),
    "number": ("number", "currency"),
    "boolean": ("checkbox", "radio"),
}
_MODEL_OF_TYPE = {kind: model for model, kinds in _MODELS.items() for kind in kinds}
# What a layout may say itself.
_NAMED_MODELS = {
    "nestedArray": "rows",
    "nestedDataArray": "opaque",
    "dataObject": "opaque",
    "object": "object",
    "map": "opaque",
    "content": "content",
    "none": "layout",
}
# Components that are nested deeper are ignored.
DEEPEST = 20


class Component(Struct, eq=False):
    """One component of the layout. `type` is empty for the cells and tabs of a layout component.

    `model`: rows and objects have the values of `children` within their own, a layout has no value. `data_path` are the
    keys that lead to the value, without the numbers of rows; `full_path` names the layout components on the way too.
    """

    part: Mapping[str, Any]
    type: str
    key: str
    model: str
    parent: "Component | None"
    data_path: str
    full_path: str
    children: "list[Component]" = field(default_factory=list)
    noted: dict[str, Any] = field(default_factory=dict)
    """What was found out about it once for all rows."""

    @property
    def holds_data(self) -> bool:
        return bool(self.type and self.key) and self.model not in {"layout", "content"}

    @property
    def has_rows(self) -> bool:
        return self.model == "rows"

    @property
    def is_button(self) -> bool:
        return self.type == "button"

    @property
    def keys(self) -> tuple[str, ...]:
        """The parts of the key, which lead into nested objects."""
        return tuple(self.key.split("."))

    @property
    def label(self) -> str | None:
        return text(self.part, "label") or text(self.part, "title") or text(self.part, "legend")

    @property
    def is_multiple(self) -> bool:
        return bool(self.part.get("multiple"))

    @property
    def ancestors(self) -> "Iterator[Component]":
        """The nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    @property
    def rules(self) -> Mapping[str, Any]:
        """The member `validate`."""
        return mapping(self.part, "validate")


class Layout:
    """All components of a form, in its order."""

    def __init__(self, layout: object) -> None:
        parts = layout.get("components") if isinstance(layout, Mapping) else layout
        self.roots = list(_read(parts if isinstance(parts, list) else (), None, 0))
        self.all = list(_each(self.roots))
        self.by_data_path: dict[str, Component] = {}
        self.by_full_path: dict[str, Component] = {}
        self.by_key: dict[str, Component] = {}
        self.twice: set[str] = set()
        for component in self.all:
            if component.holds_data:
                if component.data_path in self.by_data_path:
                    self.twice.add(component.data_path)
                self.by_data_path.setdefault(component.data_path, component)
            self.by_full_path.setdefault(component.full_path, component)
            self.by_key.setdefault(component.key, component)


class Names(Struct, eq=False):
    """The names that may be in one object of the data: of components, and of objects on the way to one."""

    component: Component | None = None
    inner: "dict[str, Names]" = field(default_factory=dict)

    def follow(self, names: Sequence[str]) -> "Names | None":
        node: Names | None = self
        for name in names:
            node = None if node is None else node.inner.get(name)
        return node


def names_of(components: Sequence[Component]) -> Names:
    """The names within the object that holds the values of `components`."""
    names = Names()
    _collect(names, components)
    return names


def _collect(names: Names, components: Sequence[Component]) -> None:
    for component in components:
        target = names
        if component.holds_data:
            for name in component.keys:
                target = target.inner.setdefault(name, Names())
            target.component = target.component or component
        if not component.has_rows:
            _collect(target, component.children)


def _each(components: Sequence[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _each(component.children)


def _read(parts: Sequence[object], parent: Component | None, depth: int) -> Iterator[Component]:
    if depth > DEEPEST:
        return
    for part in parts:
        if not isinstance(part, Mapping):
            continue
        component = _component(part, parent)
        if component.model != "opaque":
            component.children = list(_read(_inner(part, component), component, depth + 1))
        yield component


def _component(part: Mapping[str, Any], parent: Component | None) -> Component:
    type_, key = text(part, "type") or "", text(part, "key") or ""
    if type_ == "checkbox" and part.get("inputType") == "radio":
        key = text(part, "name") or key
    model = _model(part, type_)
    data = key if type_ and key and model not in {"layout", "content"} else ""
    above, full = ("", "") if parent is None else (parent.data_path, parent.full_path)
    return Component(
        part=part,
        type=type_,
        key=key,
        model=model,
        parent=parent,
        data_path=".".join(filter(None, (above, data))),
        full_path=".".join(filter(None, (full, key))),
    )


def _model(part: Mapping[str, Any], type_: str) -> str:
    named = _NAMED_MODELS.get(text(part, "modelType") or "")
    known = named or _MODEL_OF_TYPE.get(type_)
    if known is not None:
        return known
    takes_no_input = part.get("input") is False or (bool(part.get("components")) and not part.get("input"))
    return "layout" if not type_ or takes_no_input else "any"


def _inner(part: Mapping[str, Any], component: Component) -> Sequence[object]:
    """Columns, then rows of cells, then components: the first of them that the part has."""
    if not component.has_rows and isinstance(part.get("columns"), list):
        return list(part["columns"])
    if not component.has_rows and isinstance(part.get("rows"), list):
        return [cell for row in part["rows"] if isinstance(row, list) for cell in row]
    inner = part.get("components")
    return inner if isinstance(inner, list) else ()


def text(part: Mapping[str, Any], name: str) -> str | None:
    """A member that is a text and not empty."""
    value = part.get(name)
    return value if isinstance(value, str) and value else None


def mapping(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object; an empty one for anything else."""
    value = part.get(name)
    return value if isinstance(value, Mapping) else {}

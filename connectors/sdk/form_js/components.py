"""The components of a form-js document, and where each has its value in the data."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from connectors.sdk.form_js.data import parts_of
from connectors.sdk.forms import DataPath
from connectors.sdk.model import FormFieldType

FIELD_TYPES = {
    "textfield": FormFieldType.TEXT,
    "textarea": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "checkbox": FormFieldType.BOOLEAN,
    "radio": FormFieldType.SELECT,
    "select": FormFieldType.SELECT,
    "checklist": FormFieldType.MULTI_SELECT,
    "taglist": FormFieldType.MULTI_SELECT,
    "datetime": FormFieldType.DATETIME,
    "filepicker": FormFieldType.FILE,
    "dynamiclist": FormFieldType.JSON,
}
"""The components that have a value. The others with a key are expressions, and components that the gateway does not know."""

# Components that only show something.
_SHOWING = frozenset(["text", "html", "button", "image", "iframe", "table", "documentPreview", "separator", "spacer"])
# Components deeper than this are left out: the author of a form decides how deep it is.
DEEPEST = 20
# What a select has if its author lists nothing.
_NO_OPTIONS = [{"label": "Value", "value": "value"}]


class Component(Struct, frozen=True, kw_only=True):
    """`parts` lead from the container around it to its value. `members` are those of the document. `noted`: what was
    found out about it once for all rows.
    """

    type: str
    parts: DataPath = ()
    members: Mapping[str, object] = {}
    children: "tuple[Component, ...]" = ()
    is_input: bool = False
    is_list: bool = False
    noted: dict[str, Any] = field(default_factory=dict)

    @property
    def hide(self) -> str | None:
        """The FEEL expression that hides it, with its "="."""
        conditional = self.members.get("conditional")
        hide = conditional.get("hide") if isinstance(conditional, Mapping) else None
        return hide if is_expression(hide) else None

    @property
    def rules(self) -> Mapping[str, object]:
        validate = self.members.get("validate")
        return validate if isinstance(validate, Mapping) else {}

    @property
    def is_required(self) -> bool:
        return bool(self.rules.get("required"))

    @property
    def is_disabled(self) -> bool:
        return bool(self.members.get("disabled"))

    @property
    def subtype(self) -> str:
        """Of a `datetime`: date, time or datetime."""
        subtype = self.members.get("subtype", "date")
        return subtype if isinstance(subtype, str) else ""

    @property
    def is_single_choice(self) -> bool:
        return self.type in ("select", "radio")

    @property
    def is_multiple_choice(self) -> bool:
        return self.type in ("checklist", "taglist")

    @property
    def label(self) -> str | None:
        """As its author wrote it. A `label` of a date is a leftover of the editor: forms show `dateLabel`, `timeLabel`."""
        names = ["label"]
        if self.type == "datetime":
            names = ["timeLabel", *names] if self.subtype == "time" else ["dateLabel", "timeLabel", *names]
        return next((text for name in names if (text := self.text(name))), None)

    def text(self, name: str) -> str | None:
        value = self.members.get(name)
        return value if isinstance(value, str) and value else None


def is_expression(value: object) -> bool:
    return isinstance(value, str) and value.startswith("=")


def components_of(schema: object) -> Component:
    """The whole form as one component."""
    members = schema if isinstance(schema, Mapping) else {}
    return Component(type="default", members=members, children=tuple(_children(members, 0)))


def inputs_of(component: Component) -> Iterator[Component]:
    """All inputs in it, those of lists too."""
    for child in component.children:
        if child.is_input:
            yield child
        yield from inputs_of(child)


def names_of(component: Component) -> Iterator[str | int]:
    """The members of its value that its inputs are in."""
    for child in component.children:
        if child.parts:
            yield child.parts[0]
        else:
            yield from names_of(child)


def _children(members: Mapping[str, object], depth: int) -> Iterator[Component]:
    listed = members.get("components")
    if not isinstance(listed, list) or depth > DEEPEST:
        return
    for each in listed:
        component = _component(each, depth + 1) if isinstance(each, Mapping) else None
        if component is not None:
            yield component


def _component(members: Mapping[str, object], depth: int) -> Component | None:
    """None for a component without a value and without components."""
    kind = members.get("type")
    native = kind if isinstance(kind, str) else ""
    if native in _SHOWING:
        return None
    path, key = members.get("path"), members.get("key")
    if native == "dynamiclist":
        if not isinstance(path, str) or not path:
            return None
        is_list = bool(members.get("isRepeating", True))
        return _container(native, path, members, depth, is_list=is_list)
    if isinstance(members.get("components"), list) and native not in FIELD_TYPES:
        return _container(native, path if isinstance(path, str) else "", members, depth)
    if not isinstance(key, str) or not key:
        return None
    has_source = members.get("valuesKey") or members.get("valuesExpression")
    if FIELD_TYPES.get(native) in (FormFieldType.SELECT, FormFieldType.MULTI_SELECT) and not has_source:
        members = {"values": _NO_OPTIONS, **members}
    return Component(type=native, parts=parts_of(key), members=members, is_input=True)


def _container(
    native: str, path: str, members: Mapping[str, object], depth: int, *, is_list: bool = False
) -> Component:
    return Component(
        type=native,
        parts=parts_of(path) if path else (),
        members=members,
        children=tuple(_children(members, depth)),
        is_list=is_list,
    )

"""docs/configuration-reference.md, made from the types of the settings: `python -m tests.configuration_reference` prints it."""

import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors.sdk.registry import connector_types
from connectors.sdk.settings import SourceSettings
from gateway.settings.file import _Document

HEAD = """# All keys of the configuration

Made from the types of the settings, and compared with them by a test; `python -m tests.configuration_reference > docs/configuration-reference.md` makes it anew.
[Configuration](configuration.md), [sign-in](sign-in.md) and [people](people.md) explain what the keys are for; the vendors' pages (linked in the [README](../README.md#vendors)) explain their options.

Any text may contain `${NAME}` of the environment and `${file:path}`. An unknown key is a fault. "-" is a key that may be left out and has no value then.
"""
WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    SecretStr: "secret text",
    Path: "path",
}
BOUNDS = (
    ("ge", "at least {}"),
    ("gt", "more than {}"),
    ("le", "at most {}"),
    ("lt", "less than {}"),
    ("min_length", "at least {}"),
    ("max_length", "at most {}"),
)
DEFAULTS = {"gateway.journal": "beside the configuration"}
"""Where the reader of the file, and not the type, has the default."""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, field in _Document.model_fields.items():
        parts += _nested(name, field.annotation, field.metadata)
    parts += _table("[[sources]]", "sources", SourceSettings)
    kinds: dict[str, type[BaseModel]] = {
        str(_kind(model)): model for model in _models(SourceSettings.model_fields["reader"].annotation)
    }
    for vendor, connector in sorted(connector_types().items()):
        settings = connector.settings_type
        fields = {
            name: field
            for name, field in settings.model_fields.items()
            if name not in SourceSettings.model_fields and name != "vendor"
        }
        parts.append(_section(f'[[sources]] with vendor = "{vendor}"', settings, "sources", fields))
        for name, field in fields.items():
            for model in _models(field.annotation):
                if name == "credentials" and (kind := _kind(model)) is not None and _is_shared(model):
                    kinds[kind] = model
                else:
                    parts += _table(f'[sources.{name}] with vendor = "{vendor}"', f"sources.{name}", model)
    for kind, model in sorted(kinds.items()):
        heading = f'[sources.credentials] and [sources.reader] with kind = "{kind}"'
        parts += _table(heading, "sources.credentials", model)
    return "\n".join(parts)


def _is_shared(model: type[BaseModel]) -> bool:
    return model.__module__.startswith("connectors.sdk.")


def _kind(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("kind")
    return None if field is None else str(get_args(field.annotation)[0])


def _table(heading: str, path: str, model: type[BaseModel]) -> Iterator[str]:
    """The section of a table, and those of the tables within it."""
    yield _section(heading, model, path, model.model_fields)
    suffix = heading.partition("]")[2].lstrip("]")
    for name, field in model.model_fields.items():
        if path == "sources" and name == "reader":
            continue
        yield from _nested(f"{path}.{name}", field.annotation, field.metadata, suffix)


def _nested(path: str, annotation: Any, metadata: Any, suffix: str = "") -> Iterator[str]:
    models = list(_models(annotation))
    for model in models:
        choice = ""
        if len(models) > 1:
            name, field = next(
                (name, field) for name, field in model.model_fields.items() if get_origin(field.annotation) is Literal
            )
            choice = f' with {name} = "{get_args(field.annotation)[0]}"'
        match _container(annotation):
            case "list":
                heading = f"[[{path}]]"
            case "dict":
                heading = f"[{path}.<name>]"
            case _:
                heading = f"[{path}]"
        yield from _table(heading + (choice or suffix), path, model)


def _section(heading: str, model: type[BaseModel], path: str, fields: Mapping[str, FieldInfo]) -> str:
    said = inspect.cleandoc(model.__dict__.get("__doc__") or "")
    # Outside of code, Markdown takes <sub> for an element.
    said = "`".join(each if number % 2 else each.replace("<", "&lt;") for number, each in enumerate(said.split("`")))
    rows = [f"| `{name}` | {_value(field)} | {_default(path, name, field)} |" for name, field in fields.items()]
    table = "\n".join(("| key | value | default |", "| --- | --- | --- |", *rows))
    return f"## `{heading}`\n\n" + (f"{said}\n\n" if said else "") + f"{table}\n"


def _stripped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Without Annotated and without None; what Annotated says of it."""
    if get_origin(annotation) is Annotated:
        inner, *said = get_args(annotation)
        core, more = _stripped(inner)
        return core, (*said, *more)
    if get_origin(annotation) in (Union, UnionType):
        kept = [each for each in get_args(annotation) if each is not NoneType]
        if len(kept) == 1:
            return _stripped(kept[0])
        return Union[tuple(kept)], ()  # noqa: UP007 of a number of types that is not known here
    return annotation, ()


def _container(annotation: Any) -> str | None:
    origin = get_origin(_stripped(annotation)[0])
    return "list" if origin in (tuple, list, frozenset) else "dict" if origin is dict else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that a value holds."""
    core, _ = _stripped(annotation)
    if isinstance(core, type) and get_origin(core) is None and issubclass(core, BaseModel):
        yield core
    for each in get_args(core):
        yield from _models(each)


def _value(field: FieldInfo) -> str:
    return _said(field.annotation, tuple(field.metadata))


def _said(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    core, more = _stripped(annotation)
    text = _of_type(core)
    bounds: dict[str, Any] = {}
    for said in (*metadata, *more):
        for each in (said, *getattr(said, "metadata", ())):
            bounds |= {name: getattr(each, name) for name, _ in BOUNDS if getattr(each, name, None) is not None}
    told = [words.format(bounds[name]) for name, words in BOUNDS if name in bounds]
    if told and (core in (str, SecretStr) or _container(core) is not None):
        if told == ["at least 1"]:
            return f"{text}, not empty"
        told[-1] += " entries" if _container(core) is not None else " characters"
    return f"{text}, {' and '.join(told)}" if told else text


def _of_type(core: Any) -> str:
    origin, inner = get_origin(core), get_args(core)
    if origin is Literal:
        return " or ".join(f"`{json.dumps(each)}`" for each in inner)
    if _container(core) == "list":
        return f"list of {_within(_said(inner[0]))}"
    if _container(core) == "dict":
        return f"table by name: {_within(_said(inner[1]))}"
    if origin in (Union, UnionType):
        kinds = [_kind(each) for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
        if len(kinds) == len(inner):
            return "table with kind " + " or ".join(f'`"{kind}"`' for kind in kinds)
        return " or ".join(_said(each) for each in inner)
    if isinstance(core, type) and issubclass(core, BaseModel):
        return "table"
    if isinstance(core, type) and issubclass(core, Enum):
        return " or ".join(f"`{json.dumps(each.value)}`" for each in core)
    return WORDS[core]


def _within(said: str) -> str:
    """Bounds of what a list holds apart from those of the list."""
    text, comma, bounds = said.partition(", ")
    return f"{text} ({bounds})" if comma else text


def _default(path: str, name: str, field: FieldInfo) -> str:
    if (known := DEFAULTS.get(f"{path}.{name}")) is not None:
        return known
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "-"
    if isinstance(value, BaseModel):
        return "its defaults"
    return f"`{json.dumps(value, default=_plain)}`".replace("|", "\\|")


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)


if __name__ == "__main__":
    sys.stdout.write(page())

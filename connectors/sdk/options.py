"""Options of a command: what a vendor accepts beyond the arguments that all vendors share.

A client sends them as `vendorOptions`, and a command carries them as `options`. A vendor declares one Struct per command,
derived from `Options`, and reads them with `parse_options`. A refused option is ValidationFailedError with the field
`("options", name)`: the gateway turns that into the graph's `vendorOptions`, so a connector never uses the graph's word.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from connectors.sdk.errors import ValidationFailedError

_MEMBER = re.compile(r" - at `\$\.(\w+)")


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a command's options. The encoded name of a field (`rename`) is the option's name. Give every field a default
    unless the command cannot do without it."""


class NoOptions(Options, frozen=True):
    """For a command without options."""


OptionsT = TypeVar("OptionsT", bound=Options)


def parse_options(given: Mapping[str, object] | None, type_: type[OptionsT]) -> OptionsT:
    """`given` as `type_`; ValidationFailedError names an unknown option, or one of the wrong type."""
    values = dict(given or {})
    known = [field.encode_name for field in msgspec.structs.fields(type_)]
    for name in values:
        if name not in known:
            there_are = f"it has {', '.join(known)}" if known else "it has none"
            raise ValidationFailedError(f"there is no option {name!r} for this; {there_are}", field=("options", name))
    try:
        return msgspec.convert(values, type=type_, strict=True)
    except msgspec.ValidationError as error:
        message = str(error)
        member = _MEMBER.search(message)
        if member is None:
            missing = next((name for name in known if f"`{name}`" in message), None)
            raise ValidationFailedError(
                message, field=("options",) if missing is None else ("options", missing)
            ) from error
        name = member[1]
        raise ValidationFailedError(
            f"the option {name!r} does not fit: {message[: member.start()]}", field=("options", name)
        ) from error

"""What a failure says: queries and records with the members that are set, errors, and ids."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import httpx2
import msgspec
from msgspec import Struct

from connectors.sdk.errors import ConnectorError


def shown(value: Struct | None) -> str:
    """The members of a query or a record that differ from their defaults."""
    if value is None:
        return "nothing"
    set_members = [
        f"{field.name} = {_value(given)}"
        for field in msgspec.structs.fields(value)
        if (given := getattr(value, field.name)) != field.default
    ]
    return f"{type(value).__name__}({', '.join(set_members)})"


def ids_of(ids: Iterable[str], most: int = 5) -> str:
    """The first ids, and how many more there are."""
    every = sorted(ids)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")


def errors_shown(errors: Iterable[ConnectorError]) -> str:
    """Each error with its class, its text and `maybe_applied`."""
    told = [f"{type(error).__name__}({error.message!r}, maybe_applied={error.maybe_applied})" for error in errors]
    return ", ".join(told) or "no error"


def requests_shown(requests: Iterable[httpx2.Request]) -> str:
    """Each request with its method and target."""
    return ", ".join(f"{each.method} {each.url.raw_path.decode()}" for each in requests) or "no request"


def _value(value: object) -> str:
    match value:
        case AbstractSet():
            return f"{{{', '.join(sorted(_value(each) for each in value))}}}"
        case Struct():
            return shown(value)
        case tuple():
            return f"({', '.join(_value(each) for each in value)})"
        case str():
            return value
        case _:
            return repr(value)

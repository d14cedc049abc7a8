"""Writes the configuration with which `taskgate serve` uses the stand-ins."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.issuer import GATEWAY, PAGE, TASK_ADMIN
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import StandIn

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def configuration(
    stand_ins: Sequence[StandIn], urls: Mapping[str, str], gateway_secret: str, *, issuer: str | None = None
) -> str:
    """Return the TOML text. `urls` are the base URLs of the running stand-ins, by vendor.

    People sign in by name, or with tokens of the identity provider at `issuer`.
    """
    sources = [stand_in.source_config(urls[stand_in.vendor]) for stand_in in stand_ins]
    people: list[dict[str, Any]] = [
        {
            "key": person.key,
            "name": person.name,
            "email": person.email,
            "groups": list(person.groups),
            "roles": list(person.roles),
            "identities": {
                source["key"]: stand_in.identities()[person.key]
                for stand_in, source in zip(stand_ins, sources, strict=True)
            },
        }
        for person in DEMO_PEOPLE
    ]
    auth = {"mode": "demo"} if issuer is None else _auth(issuer)
    return toml({"gateway": {"secret": gateway_secret}, "auth": auth, "people": people, "sources": sources})


def _auth(issuer: str) -> dict[str, Any]:
    return {
        "mode": "oidc",
        "issuers": [
            {
                "issuer": issuer,
                "audience": GATEWAY,
                "admin_roles": [TASK_ADMIN],
                # The people of the configuration have these names as keys.
                "claims": {"key": "preferred_username"},
                "login": {"client_id": PAGE},
            }
        ],
    }


def toml(document: Mapping[str, Any]) -> str:
    """Write strings, numbers, booleans, lists, tables and lists of tables. Members that are None are left out."""
    lines: list[str] = []
    _table(document, (), lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    inner = {name: value for name, value in table.items() if isinstance(value, Mapping) or _is_tables(value)}
    lines.extend(
        f"{_key(name)} = {_value(value)}" for name, value in table.items() if value is not None and name not in inner
    )
    for name, value in inner.items():
        below = (*path, name)
        header = ".".join(map(_key, below))
        if isinstance(value, Mapping):
            # A table that holds only tables needs no header.
            if not value or any(not isinstance(each, Mapping) and not _is_tables(each) for each in value.values()):
                lines.extend(("", f"[{header}]"))
            _table(value, below, lines)
        else:
            for each in value:
                lines.extend(("", f"[[{header}]]"))
                _table(each, below, lines)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
        return repr(value)
    if isinstance(value, str):
        return f'"{"".join(_character(each) for each in value)}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"TOML has no form for {type(value).__name__}")


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04X}" if ord(character) < 0x20 or ord(character) == 0x7F else character

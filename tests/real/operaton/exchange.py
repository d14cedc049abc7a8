"""The same requests to stand-in and engine, and the shape of each answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from msgspec import Struct
from msgspec.structs import replace

from tests.real.operaton.company import Company, Json

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$")


# Lists in which both sides have the same rows, as every request names the tasks.
_LISTS = frozenset({"/task"})


class Exchange(Struct, frozen=True, kw_only=True):
    """`shape` has the members of the answer with their kinds; of an error the values, with ids replaced by one word."""

    label: str
    status: int
    media_type: str
    shape: Mapping[str, str]


class Conversation:
    """Sends requests to one side and records the answers in order."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.exchanges: list[Exchange] = []

    async def send(self, label: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The answer's JSON; None without JSON."""
        response = await self.company.client.request(method, path, json=body, params=params)
        found = response.json() if response.content and "json" in response.headers.get("content-type", "") else None
        made = exchange_of(label, response, found)
        if path in _LISTS and isinstance(found, list):
            made = replace(made, shape={**made.shape, "rows": str(len(found))})
        elif path == "/task/count" and response.status_code == 200:
            made = replace(made, shape={"count": str(found)})
        self.exchanges.append(made)
        return found


class Difference(Struct, frozen=True, kw_only=True, order=True):
    """`what` is a member, "status" or "media type"."""

    label: str
    what: str
    stand_in: str
    engine: str

    def __str__(self) -> str:
        return f"{self.label}: {self.what}: stand-in {self.stand_in}, engine {self.engine}"


def exchange_of(label: str, response: httpx2.Response, found: Any) -> Exchange:
    is_error = response.status_code >= 400 and isinstance(found, dict)
    shape = {name: _ID.sub("<id>", str(value)) for name, value in found.items()} if is_error else _members(found)
    media_type = response.headers.get("content-type", "").partition(";")[0]
    return Exchange(label=label, status=response.status_code, media_type=media_type, shape=shape)


def differences(stand_in: Sequence[Exchange], engine: Sequence[Exchange]) -> list[Difference]:
    """The differences between both sides' answers. ValueError if the sides did not get the same requests."""
    if [each.label for each in stand_in] != [each.label for each in engine]:
        raise ValueError("the two sides were asked different things")
    found = []
    for ours, theirs in zip(stand_in, engine, strict=True):
        sides = [{"status": str(each.status), "media type": each.media_type, **each.shape} for each in (ours, theirs)]
        found += [
            Difference(
                label=ours.label, what=what, stand_in=sides[0].get(what, "absent"), engine=sides[1].get(what, "absent")
            )
            for what in sorted(sides[0].keys() | sides[1].keys())
            if sides[0].get(what) != sides[1].get(what)
        ]
    return found


def ids_of(rows: Sequence[Json]) -> list[str]:
    return [str(row["id"]) for row in rows]


def _members(value: Any, path: str = "") -> dict[str, str]:
    """Each member by path, with its kinds. The items of a list are combined."""
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for name, each in value.items():
            found.update(_members(each, f"{path}.{name}" if path else name))
        return found or {path: "empty object"}
    if isinstance(value, list):
        seen: dict[str, set[str]] = {}
        for each in value:
            for name, kind in _members(each, f"{path}[]").items():
                seen.setdefault(name, set()).update(kind.split(" or "))
        return {name: " or ".join(sorted(kinds)) for name, kinds in seen.items()} or {path: "empty list"}
    return {path: _kind(value)}


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str() if _ID.fullmatch(value):
            return "id"
        case str() if _MOMENT.match(value):
            return "time"
        case _:
            return "text"

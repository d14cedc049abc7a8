"""The same requests to stand-in and engine, and the shape of each answer."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2
from msgspec import Struct

from tests.real.cluster import Answer, Cluster

_KEY = re.compile(r"-?\d{16,}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$")


class Exchange(Struct, frozen=True, kw_only=True):
    """`shape` has the members of the answer with their types; for a problem, the values with keys replaced by one word."""

    label: str
    status: int
    media_type: str
    shape: Mapping[str, str]


class Conversation:
    """Sends requests to one side and records the answers in order."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.exchanges: list[Exchange] = []

    async def send(self, label: str, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """The answer's JSON; an empty object without JSON."""
        if body is not None:
            options["json"] = body
        response = await self.cluster.client.request(method, path, **options)
        answer: Answer = {}
        if response.content and "json" in response.headers.get("content-type", ""):
            answer = response.json()
        self.exchanges.append(exchange_of(label, response, answer))
        return answer


def exchange_of(label: str, response: httpx2.Response, answer: Answer) -> Exchange:
    media_type = response.headers.get("content-type", "").partition(";")[0]
    shape = _problem(answer) if media_type == "application/problem+json" else _members(answer)
    return Exchange(label=label, status=response.status_code, media_type=media_type, shape=shape)


def _problem(answer: Answer) -> dict[str, str]:
    return {name: _KEY.sub("<key>", str(value)) for name, value in answer.items()}


def _members(value: Any, path: str = "") -> dict[str, str]:
    """Each member by path, with its types. The items of a list are combined."""
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
        case str() if _KEY.fullmatch(value):
            return "key"
        case str() if moment := _MOMENT.match(value):
            zone = "Z" if moment[2] == "Z" else "offset" if moment[2] else "no zone"
            return f"date-time, {len(moment[1] or '')} digits, {zone}"
        case _:
            return "text"


class Difference(Struct, frozen=True, kw_only=True, order=True):
    """`what` is a member, "status" or "media type"."""

    label: str
    what: str
    stand_in: str
    engine: str

    def __str__(self) -> str:
        return f"{self.label}: {self.what}: stand-in {self.stand_in}, engine {self.engine}"


def differences(stand_in: list[Exchange], engine: list[Exchange]) -> list[Difference]:
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

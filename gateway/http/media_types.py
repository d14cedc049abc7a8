"""Content negotiation of GraphQL over HTTP."""

import re
from collections.abc import Iterator
from functools import lru_cache

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
STREAMS = frozenset({EVENT_STREAM, MULTIPART})

INCREMENTAL_SPEC = "incrementalSpec=v0.2"
EARLIER_SPEC = "deferSpec=20220824"

_QUALITY = re.compile(r"(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


@lru_cache(maxsize=64)
def preferred(accept: str | None) -> str | None:
    """The media type to answer with; None when neither of ours is acceptable.

    Without a header, and where only a wildcard matches, it is application/json: such clients are older than the other
    type. Of two types with the same quality, the one named first wins.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = list(_ranges(accept))
    best: tuple[tuple[float, bool, int], str] | None = None
    for offered in (JSON, GRAPHQL_RESPONSE):
        # RFC 9110, 12.5.1: the most specific range that matches decides.
        fitting = [(place, *each) for place, each in enumerate(ranges) if each[0] in (offered, "application/*", "*/*")]
        if not fitting:
            continue
        place, name, quality = min(fitting, key=lambda each: each[1].count("*"))
        rank = (quality, name == offered, -place)
        if quality > 0 and (best is None or rank > best[0]):
            best = (rank, offered)
    return None if best is None else best[1]


@lru_cache(maxsize=64)
def preferred_stream(accept: str | None) -> str | None:
    """The media type of a stream that the client takes: named in the header, the one that it likes best."""
    named = [
        (quality, name) for name, quality in _ranges(accept or "") if name in (EVENT_STREAM, MULTIPART) and quality > 0
    ]
    return max(named, key=lambda each: each[0])[1] if named else None


def incremental_spec(accept: str | None) -> str | None:
    """The text of incremental delivery that the client names, as Apollo Client does: a parameter of multipart/mixed."""
    parameters = {each.strip().lower() for each in (accept or "").replace(",", ";").split(";")}
    return next((known for known in (INCREMENTAL_SPEC, EARLIER_SPEC) if known.lower() in parameters), None)


def prefers_html(accept: str | None) -> bool:
    """Whether text/html is named and has at least the quality of our own types, as when a browser opens a page."""
    ranges = dict(_ranges(accept or ""))
    html = ranges.get("text/html", 0.0)
    return html > 0 and html >= max(ranges.get(JSON, 0.0), ranges.get(GRAPHQL_RESPONSE, 0.0))


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a request's body is JSON in UTF-8, by its Content-Type."""
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [each.partition("=")[2].strip(' "') for each in parameters if each.startswith("charset")]
    return name == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Media ranges with their quality. An invalid quality counts as 1; ranges with another charset are left out."""
    for each in accept.split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        quality, fits = 1.0, bool(name)
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q" and _QUALITY.fullmatch(value.strip()):
                quality = float(value)
            elif key.strip() == "charset":
                fits = fits and value.strip(' "') in ("utf-8", "utf8")
        if fits:
            yield name, quality

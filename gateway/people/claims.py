"""Values of the claims of a token."""

from collections.abc import Iterator, Mapping

# Characters of a value, and values of a list, that are taken at most; a longer one is no name of anything.
MOST_CHARACTERS = 256
MOST_VALUES = 1_000


def claim(claims: Mapping[str, object], path: str) -> object | None:
    """The claim with that name, else the member that the dots of `path` lead to; None if there is none."""
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def text_claim(claims: Mapping[str, object], path: str) -> str | None:
    """A text, or a whole number as a text; None for everything else."""
    return _text(claim(claims, path))


def text_claims(claims: Mapping[str, object], path: str) -> tuple[str, ...] | None:
    """The texts of a list, or one text; None without such a claim. Values of other kinds are left out."""
    found = claim(claims, path)
    if found is None:
        return None
    values = found if isinstance(found, list | tuple) else [found]
    return tuple(dict.fromkeys(_texts(values[:MOST_VALUES])))


def _texts(values: list[object] | tuple[object, ...]) -> Iterator[str]:
    for value in values:
        text = _text(value)
        if text is not None:
            yield text


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MOST_CHARACTERS else None
    if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS or not value.isprintable():
        return None
    return value

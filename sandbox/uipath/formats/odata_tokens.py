"""Tokens of OData expressions and the values of literals."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sandbox.uipath.errors import bad_query

TokenKind = Literal["string", "guid", "date", "number", "name", "open", "close", "comma", "end"]

LONGEST = 32_000
"""The most characters of an expression."""

_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![\w-])"
_DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d)"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<string>'(?:[^']|'')*')
    | (?P<guid>{_GUID})
    | (?P<date>{_DATE})
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.-]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<comma>,)
    )""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str
    at: int

    def literal(self) -> object:
        """Return the value of a literal: str, int, float or datetime. A GUID is lower-case text."""
        match self.kind:
            case "string":
                return self.text[1:-1].replace("''", "'")
            case "guid":
                return self.text.lower()
            case "number":
                return float(self.text) if "." in self.text else int(self.text)
            case "date":
                return _moment(self.text)
            case _:
                raise bad_query(f"No value at position {self.at}.")


def tokens(text: str) -> list[Token]:
    """Split an expression into tokens, the last of kind "end". Raises the vendor's 400 for a syntax error."""
    if len(text) > LONGEST:
        raise bad_query("The expression is too long.")
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise bad_query(f"Syntax error at position {at}.")
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        found.append(Token(kind, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token("end", "", end)]


def _moment(text: str) -> datetime:
    date, dot, rest = text.partition(".")
    if dot:
        # Digits beyond microseconds are cut off: fromisoformat refuses them.
        digits = re.match(r"\d+", rest)
        fraction = digits[0] if digits else ""
        text = f"{date}.{fraction[:6].ljust(6, '0')}{rest[len(fraction) :]}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_query("Not a date.") from None

"""Texts of dates in Java's patterns, as far as form data use them: dd, MM, yyyy, HH, mm and ss between other signs."""

import re
from datetime import datetime

DEFAULT_PATTERN = "dd/MM/yyyy"

_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_LETTERS = re.compile(r"[A-Za-z]+")


def has_time(pattern: str) -> bool:
    return "H" in pattern or "h" in pattern


def format_date(moment: datetime, pattern: str) -> str | None:
    """The text that the engine reads with this pattern; None for a pattern with other letters."""
    if any(part not in _PARTS for part in _LETTERS.findall(pattern)):
        return None
    return _LETTERS.sub(lambda found: f"{moment:{_PARTS[found[0]]}}".zfill(len(found[0])), pattern)

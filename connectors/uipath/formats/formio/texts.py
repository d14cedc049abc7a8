"""Texts that have to be a mail address, a web address or of a mask or pattern. Times grow with their length only."""

import re
from functools import lru_cache
from typing import Any

import re2

from connectors.sdk import matches

_MAIL = r"""^(([^<>()[\]\\.,;:\s@"]+(\.[^<>()[\]\\.,;:\s@"]+)*)|(".+"))@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}])|(([a-zA-Z\-0-9]+\.)+[a-zA-Z]{2,}))$"""
_LETTER = r"[a-z\x{00a1}-\x{ffff}0-9]"
_TLD = r"(?:\.(?:[a-z\x{00a1}-\x{ffff}]{2,}))"
_NAME = rf"(?:(?:{_LETTER}-*)*{_LETTER}+)(?:\.(?:{_LETTER}-*)*{_LETTER}+)*"
_AUTHORITY = r"(?:\S+(?::\S*)?@)?"
_TAIL = r"(?::\d{2,5})?(?:[/?#]\S*)?$"
_BYTE = r"(?:1?\d{1,2}|2[0-4]\d|25[0-5])"
_ADDRESS = (
    r"(?P<address>(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])"
    rf"(?:\.{_BYTE}){{2}}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])))"
)
_ANY_SCHEME, _SCHEME = r"^(?i)(?:(?:(?:https?|ftp):)?//)?", r"^(?i)(?:https?|ftp)://"
_NAMED = (_ANY_SCHEME + _AUTHORITY + _NAME + _TLD + _TAIL, _SCHEME + _AUTHORITY + _NAME + _TLD + "?" + _TAIL)
_NUMBERED = _ANY_SCHEME + _AUTHORITY + _ADDRESS + _TAIL
# Addresses that the library takes as a name only, which needs a scheme.
_PRIVATE = re.compile(r"(?:10|127)(?:\.\d{1,3}){3}|(?:169\.254|192\.168)(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])\.")

_MASK = {
    "9": "[0-9]",
    "a": r"[A-Za-z\u0410-\u044F\u0401\u0451\u00C0-\u00FF\u00B5]",
    "A": r"[A-Z\u0410-\u042F\u0401\u00C0-\u00DE]",
    "*": r"[0-9A-Za-z\u0410-\u044F\u0401\u0451\u00C0-\u00FF\u00B5]",
}
_PLAIN_MASK = {"9": "[0-9]", "A": "[a-zA-Z]", "a": "[a-z]", "*": "[a-zA-Z0-9]"}
# Optional and repeated parts of a mask, and classes of letters beyond the common ones.
_UNCOMMON = frozenset("[]{}|\\#&?")


def is_mail_address(value: str) -> bool:
    return matches(_MAIL, value) is True


def is_web_address(value: str) -> bool:
    if is_mail_address(value):
        return False
    if any(_compiled(pattern).search(value) for pattern in _NAMED):
        return True
    found = _compiled(_NUMBERED).search(value)
    return found is not None and _PRIVATE.match(found.group("address")) is None


@lru_cache(maxsize=3)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def anchored(pattern: str) -> str:
    """A pattern of the layout as the library uses it."""
    return f"^{pattern}$"


def has_form(pattern: str, value: str) -> bool | None:
    """Whether the text is of a pattern of the layout; None for one that cannot be matched here."""
    return matches(anchored(pattern), value)


def fits_mask(mask: str, value: str, *, is_plain: bool) -> bool | None:
    """Whether the text fills the mask; None for a mask with optional parts. Text fields know more letters (inputmask)."""
    if not is_plain and _UNCOMMON & set(mask):
        return None
    letters = _PLAIN_MASK if is_plain else _MASK
    return matches(
        "^" + "".join(letters.get(each) or (each if each.isalnum() else f"\\{each}") for each in mask) + "$", value
    )

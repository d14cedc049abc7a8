"""Documents by the SHA-256 of their text, as clients sent them."""

import hashlib

from cachetools import LRUCache

MOST_CHARACTERS = 4 * 1024 * 1024
LONGEST_CHARACTERS = 64 * 1024
"""A longer document is not kept: its client sends it each time."""
_OVERHEAD = 200
"""Of one entry, in characters: many short documents must not take much more memory than a few long ones."""


def sha256_of(text: str) -> str:
    """In hexadecimal digits, of the text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class AutomaticDocuments:
    """Forgets the document that was asked for longest ago, beyond `most_characters` in all."""

    def __init__(self, *, most_characters: int = MOST_CHARACTERS, longest: int = LONGEST_CHARACTERS) -> None:
        self._longest = longest
        self._kept: LRUCache[str, str] = LRUCache(most_characters, getsizeof=lambda text: len(text) + _OVERHEAD)

    def find(self, sha256: str) -> str | None:
        return self._kept.get(sha256)

    def keep(self, sha256: str, text: str) -> None:
        """`sha256` must be that of the text: a wrong one would give other clients another document."""
        if len(text) <= self._longest and len(text) + _OVERHEAD <= self._kept.maxsize:
            self._kept[sha256] = text

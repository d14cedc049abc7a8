"""Tokens that were checked a moment ago. A refused one is never among them."""

import time
from collections.abc import Callable

from cachetools import LRUCache
from msgspec import Struct

from gateway.people import SignedIn

MAX_KEPT_BYTES = 16 * 1024 * 1024


class _Kept(Struct, frozen=True):
    who: SignedIn
    until: float
    size: int


def _size(kept: _Kept) -> int:
    return kept.size


class KeptTokens:
    """By digest, until the token ends, for `seconds` at most. `most_bytes` bounds the tokens' own sizes together."""

    def __init__(
        self, seconds: float, *, most_bytes: int = MAX_KEPT_BYTES, now: Callable[[], float] = time.time
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._kept: LRUCache[bytes, _Kept] = LRUCache(maxsize=most_bytes, getsizeof=_size)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, digest: bytes) -> SignedIn | None:
        kept = self._kept.get(digest)
        if kept is None:
            return None
        if self._now() >= kept.until:
            del self._kept[digest]
            return None
        return kept.who

    def keep(self, digest: bytes, who: SignedIn, *, size: int) -> None:
        now = self._now()
        until = min(who.expires_at, now + self._seconds)
        if until > now:
            self._kept[digest] = _Kept(who, until, size)

"""The key of an answer: the source, the question and the credential scope."""

from collections.abc import Hashable

from msgspec import Struct


class Scope(Struct, frozen=True):
    """Credential scope: answers never leave it.

    `principal` is the key of the person whose credentials are used. None stands for the source's service account: its
    answers hold what all callers may see, and are narrowed to each caller afterwards. `number` tells apart the sources that
    had the key one after the other.
    """

    principal: str | None
    number: int = 0


SERVICE = Scope(principal=None)


class CacheKey(Struct, frozen=True, cache_hash=True):
    """`operation` and `arguments` say what is asked; `arguments` must be hashable and complete.

    TypeError if `scope` is no Scope.
    """

    source: str
    scope: Scope
    operation: str
    arguments: Hashable

    def __post_init__(self) -> None:
        # Not left to the type checker: a key without its scope shows one person's tasks to another.
        if not isinstance(self.scope, Scope):
            raise TypeError("a cache key needs the credential scope that its answer is valid in")

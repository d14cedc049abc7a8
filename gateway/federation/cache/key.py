"""The key of an answer: what was asked of which source, and in whose name."""

from collections.abc import Hashable

from msgspec import Struct


class Scope(Struct, frozen=True):
    """In whose name the vendor was asked: answers never cross it.

    `principal` is the key of a person who is asked for with their own credentials; None is the source's technical
    account, whose answers hold what everybody sees and are narrowed to each caller afterwards.
    """

    principal: str | None


SERVICE = Scope(principal=None)


class Question(Struct, frozen=True, cache_hash=True):
    """What is asked of one source. `arguments` must be hashable and complete. TypeError without a scope."""

    source: str
    scope: Scope
    operation: str
    arguments: Hashable

    def __post_init__(self) -> None:
        # Not left to the type checker: a key without its scope shows one person's tasks to another.
        if not isinstance(self.scope, Scope):
            raise TypeError("a question to a source needs the scope that it is asked in")

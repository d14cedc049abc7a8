"""What an answer is about. A write invalidates by tag."""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    TASK = "TASK"
    TASK_LIST = "TASK_LIST"
    FLOW = "FLOW"
    FLOW_LIST = "FLOW_LIST"
    DIRECTORY = "DIRECTORY"
    DEFINITION = "DEFINITION"


class Tag(Struct, frozen=True, cache_hash=True):
    """One thing of a source; without an id all things of that kind; without a kind everything of the source.

    An answer carries the narrowest tag that fits. Invalidating a wider tag reaches it, too.
    """

    source: str
    kind: Kind | None = None
    native_id: str | None = None

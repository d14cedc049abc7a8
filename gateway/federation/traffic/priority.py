"""Which upstream requests go first."""

from enum import IntEnum


class Priority(IntEnum):
    """The lower goes first. WRITE is for everything that a mutation needs, its reads too."""

    WRITE = 0
    INTERACTIVE = 1
    BACKGROUND = 2
